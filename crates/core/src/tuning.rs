//! The tuned numbers of this crate, each with its unit and the command that measures it.
//!
//! A floating-point operation here takes about 10 ps: one busy core with AVX-512.

/// Operations for an element of anything but a product. `npm run bench -- compare --task infer`
pub(crate) const ELEMENTWISE: f64 = 8.0;

/// Operations for an element with an exponential in it. `npm run bench -- compare --task infer`
pub(crate) const EXPONENTIAL: f64 = 25.0;

/// Fixed cost of a row, in operations, where all its elements are reduced first (softmax, layer norm).
pub(crate) const REDUCTION: f64 = 4e3;

/// Fixed cost of a row elsewhere, in operations.
pub(crate) const ROW_ALONE: f64 = 300.0;

/// Fixed cost of an instruction inside a loop, in operations for each step.
pub(crate) const LOOP_INSTRUCTION: f64 = 1e4;

/// Fixed cost of an instruction inside a loop, in operations for each step of each row.
pub(crate) const LOOP_ROW: f64 = 2e3;

/// Cost of a number that goes in or out, in operations.
pub(crate) const NUMBER: f64 = 100.0;

/// Fewer rows than these take as long, since all wait for the weights.
pub(crate) const FEW_ROWS: f64 = 2.0;

/// The fewest rows of a parameter that are worth a task of their own.
pub(crate) const LEAST_ROWS: usize = 16;

/// The fewest numbers of a vector: its sums read the gradients along, a page of each row.
pub(crate) const LEAST_NUMBERS: usize = 1024;

/// The most rows of a task: each gathers all columns of the inputs anew, and its part of the gradient is to stay in a
/// cache from block to block.
pub(crate) const MOST_ROWS: usize = 512;

/// Tasks for each thread, so that an unlucky one costs little.
pub(crate) const TASKS_PER_THREAD: usize = 4;

/// Numbers of a value in an inference segment: half a megabyte of f32, which stays in the second-level cache until the
/// loop reads it.
pub(crate) const CACHED_NUMBERS: usize = 1 << 17;

/// The fewest rows times steps of an inference segment, however wide: fewer would pass a layer's weights more often.
pub(crate) const FEWEST_STEPS: usize = 128;

/// The most threads that share one shard: with more, the parts of a step become small beside the hand-over.
pub(crate) const MOST_MEMBERS: usize = 16;

/// Floating-point operations of a run that a caller who must not wait makes itself, at the pace of AVX-512: about half a
/// millisecond of one core, at most about twice that, where the way to another thread and back takes 0.1 ms.
pub(crate) const AT_ONCE: f64 = 9e7;

/// Floating-point operations of a training step, over those of a forward run.
pub(crate) const TRAINING: f64 = 3.0;

/// Floating-point operations of the update of a parameter, with its norm and its packed copies.
pub(crate) const UPDATE: f64 = 24.0;
