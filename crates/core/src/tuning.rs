//! Every tuned number of this crate: its unit, its reason, and the command that measures it.
//!
//! None of them changes a bit of a result. (Sums whose order is part of the results keep their sizes in their own
//! files: `ROW_GROUP` and `BLOCK_STEPS` of schedules, the parts of the gradient's norm, the panels of orthogonal matrices.) To try
//! another value, run its command before and after on one quiet machine; `compare` takes the row shapes with
//! `--shapes FILE`. An operation is a floating-point operation of one busy core with AVX-512: about 10 ps.

// The estimate of a run's time: compile/cost.rs. Too low, and a caller who must not wait does; too high, and small runs pay
// for a hand-over to other threads.

/// Operations for an element of anything but a product: each is read from and written to a cache. `npm run bench -- compare`, rows with `"task": "infer"`, `"batch": 1` and `"hidden"` from 64 to 1024.
pub(crate) const ELEMENTWISE: f64 = 8.0;

/// Operations for an element with an exponential in it. Measured as [`ELEMENTWISE`].
pub(crate) const EXPONENTIAL: f64 = 25.0;

/// Operations of a row before its elements, for operations that reduce over features (softmax, layer norm).
/// Measured as [`ELEMENTWISE`].
pub(crate) const REDUCTION: f64 = 4e3;

/// Operations of a row before its elements, for all others. Measured as [`ELEMENTWISE`].
pub(crate) const ROW_ALONE: f64 = 300.0;

/// Operations of an instruction inside a loop before its rows, for each step: the call and the views of its values.
/// `npm run bench -- compare`, rows with `"task": "infer"`, `"hidden": 64` and `"batch"` 1 and 16.
pub(crate) const LOOP_INSTRUCTION: f64 = 1e4;

/// Operations of a row of an instruction inside a loop before its elements. Measured as [`LOOP_INSTRUCTION`].
pub(crate) const LOOP_ROW: f64 = 2e3;

/// Operations for a number that goes in or out: a check and a copy each way. Measured as [`LOOP_INSTRUCTION`].
pub(crate) const NUMBER: f64 = 100.0;

/// Rows up to which a run takes the same time: all wait for the weights.
/// `npm run bench -- compare`, rows with `"task": "infer"`, `"hidden": 1024` and `"batch"` from 1 to 4.
pub(crate) const FEW_ROWS: f64 = 2.0;

/// Operations of a training step, over those of a forward run: backward is two products for each of forward's.
/// `npm run bench -- compare`, the same row with `"task": "infer"` and `"train"`.
pub(crate) const TRAINING: f64 = 3.0;

/// Operations of the update of a parameter, with its norm and its packed copies. Measured as [`TRAINING`], with
/// `"batch": 1`.
pub(crate) const UPDATE: f64 = 24.0;

// The choice of threads: parallel.rs, model/network.rs, run/engine.rs.

/// Operations from which on a run is worth sending to other threads: 10 µs at that pace, about 50 µs of small products.
/// `npm run bench -- compare --threads 2`, rows with `"over": "1 thread"`.
pub(crate) const HAND_OVER: f64 = 1e6;

/// The time of a product of all steps together that is worth a helper, in times of a step of a recurrence that is: a tenth of
/// a millisecond, as a helper wakes in half of that. `npm run bench -- forced --threads 2`.
pub(crate) const HELP: usize = 64;

/// Operations of a run that a caller who must not wait makes by itself: about half a millisecond, at most about twice
/// that, where the way to another thread and back takes 0.1 ms. `npm run bench -- event-loop`.
pub(crate) const AT_ONCE: f64 = 9e7;

/// Operations of drawing first parameters that a caller who must not wait does by itself: about 10 ms.
pub(crate) const DRAWN_AT_ONCE: f64 = 1e8;

/// The time of an operation with AVX2, over that with AVX-512. `UNROLLED_ISA=avx2 npm run bench -- compare`.
pub(crate) const AVX2_PACE: f64 = 2.0;

/// The time of an operation with NEON, over that with AVX-512. `npm run bench -- compare` on such a machine.
pub(crate) const NEON_PACE: f64 = 4.0;

/// The time of an operation without vectors, over that with AVX-512: a fused multiply-add without an instruction for it is
/// a call. `UNROLLED_ISA=scalar npm run bench -- compare`.
pub(crate) const SCALAR_PACE: f64 = 150.0;

/// The most threads that share one shard: with more, a hand-over takes longer than a thread's part of a step.
/// `npm run bench -- compare --threads 32`, rows with `"batch": 16`.
pub(crate) const MOST_MEMBERS: usize = 16;

// The sums of weight gradients: run/reduce. `npm run bench -- compare --threads 4`, rows with `"task": "train"`.

/// The fewest rows of a parameter that are worth a task of their own.
pub(crate) const LEAST_ROWS: usize = 16;

/// The fewest numbers of a vector in a task: its sums read the gradients along, a page of each row.
pub(crate) const LEAST_NUMBERS: usize = 1024;

/// The most rows of a task: each task gathers all columns of the inputs anew, and its part of the gradient stays in a
/// cache from one block of steps to the next.
pub(crate) const MOST_ROWS: usize = 512;

/// Tasks for each thread: an unlucky task costs a small share of a thread's time.
pub(crate) const TASKS_PER_THREAD: usize = 4;

/// Columns of a table that are summed together: 1 KiB of f32, so that the sums of several ids stay in the first-level
/// cache.
pub(crate) const TABLE_COLUMNS: usize = 256;

// The length of inference segments: run/checkpoint/budget.rs. `npm run bench -- compare`, rows with `"task": "infer"`.

/// Numbers of a value in a segment: half a megabyte of f32, which stays in the second-level cache until the loop reads
/// it.
pub(crate) const CACHED_NUMBERS: usize = 1 << 17;

/// The fewest rows times steps of a segment, however wide: fewer would read a layer's weights more often.
pub(crate) const FEWEST_STEPS: usize = 128;

// Folds: op/tree_lstm.rs. `npm run bench -- trees`.

/// Nodes of a level whose products are made before their gates: they stay in the second-level cache, and are as many rows as
/// a product takes at a time.
pub(crate) const TREE_ROWS: usize = 132;

// Updates: optimizer/rule.rs.

/// Elements that a thread updates at a time: 64 KiB of f32, long enough to be worth a task.
/// `npm run bench -- compare --threads 4`, rows with `"task": "train"` and `"batch": 1`.
pub(crate) const UPDATED_TOGETHER: usize = 1 << 14;
