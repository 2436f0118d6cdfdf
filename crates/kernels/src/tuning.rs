//! Every tuned number of the kernels: its unit, its reason, and the command that measures it.
//!
//! None of them changes a bit of a result. The values are for x86-64 servers with 32 to 48 KiB of first-level and 1 to 2 MiB
//! of second-level cache a core. To try another value, run its command before and after on one quiet machine. `compare` takes
//! the row shapes with `--shapes FILE`; a row needs no other library with `"over": "1 thread"` or `"over": "f32"`.
//! `node scripts/instructions.mjs` counts the instructions of a kernel, on busy machines too.

use std::time::Duration;

use crate::panel::PANEL;

// Register tiles: generic/tile.rs.

/// Rows of the tallest register tile. On 32 registers, 6 rows by 4 vectors are 24 sums, enough to hide the latency of
/// their multiply-adds; taller tiles leave no registers for the operands.
/// `node scripts/instructions.mjs`, then `npm run bench -- compare`.
pub(crate) const TALLEST: usize = 6;

/// Bytes of weights that are near: one row reads them in several streams at once, and weights from further away in one
/// stream. Larger than a first-level cache, because the rest of so few weights comes from the second fast enough.
/// `npm run bench -- compare`, rows with `"batch": 1`.
pub(crate) const NEAR: usize = 64 << 10;

// Cache blocks of C = start + A·B: generic/product.rs.

/// Rows of A in a cache block: while all of B passes, they stay in the second-level cache. Whole tiles.
/// `npm run bench -- compare`, rows with `"task": "train"` and `"hidden"` from 64 to 4096.
pub(crate) const BLOCK_ROWS: usize = 22 * TALLEST;

/// Columns of B in a cache block. Measured as [`BLOCK_ROWS`].
pub(crate) const BLOCK_COLUMNS: usize = 8 * PANEL;

/// Steps of k in a cache block: the panels of a tile stay in the first-level cache. Measured as [`BLOCK_ROWS`].
pub(crate) const BLOCK_DEPTH: usize = 128;

/// Rows of A up to which a block takes all of k: so few rows use a panel too rarely to keep it. Measured as [`BLOCK_ROWS`],
/// rows with `"batch"` from 4 to 16.
pub(crate) const FEW_ROWS: usize = 8;

// Sums over rows: generic/outer.rs.

/// Columns of B that are gathered at a time: rows are read along, and the panels stay in the second-level cache.
/// `npm run bench -- compare`, rows with `"task": "train"`.
pub(crate) const STRIP: usize = 16 * PANEL;

/// Rows that are gathered together: each is read along, and each panel is written along. Measured as [`STRIP`].
pub(crate) const GATHERED_ROWS: usize = 8;

/// Rows between the prefetch of a row and its gathering. Measured as [`STRIP`].
pub(crate) const ROWS_AHEAD: usize = 4 * GATHERED_ROWS;

/// Columns of B from which on A is gathered as well: enough strips read it then. Measured as [`STRIP`].
pub(crate) const WORTH_GATHERING: usize = 256;

/// Columns that are summed together: rows are read along, and the sums stay in the first-level cache. Measured as
/// [`STRIP`], rows with `"hidden": 1024` and more.
pub(crate) const SUMMED_COLUMNS: usize = 4096;

/// Rows that are added to the sums together: one load and one store of a sum for all of them. Measured as [`STRIP`].
pub(crate) const SUMMED_ROWS: usize = 4;

// The same in pairs of bf16: generic/bf16/gather.rs.

/// Panels that are gathered together, so that rows are read along.
/// `npm run bench -- compare --precision bf16`, rows with `"task": "train"`.
pub(crate) const GATHERED_PANELS: usize = 32;

/// Pairs of rows between the prefetch of a pair and its gathering. Measured as [`GATHERED_PANELS`].
pub(crate) const PAIRS_AHEAD: usize = 8;

// Packs of weights: generic/pack.rs.

/// Squares of 16 x 16 between the prefetch of a square and its packing, for A·Wᵀ.
/// `npm run bench -- compare`, rows with `"task": "train"`, `"time": 1` and large `"hidden"`.
pub(crate) const SQUARES_AHEAD: usize = 4;

/// Rows between the prefetch of a row and its packing, for A·W. Measured as [`SQUARES_AHEAD`].
pub(crate) const SOURCE_ROWS_AHEAD: usize = 16;

/// Panels that are packed together, for A·W: reads and writes go along several cache lines. Measured as
/// [`SQUARES_AHEAD`].
pub(crate) const PACKED_PANELS: usize = 4;

// Teams of threads: team.rs.

/// Nanoseconds of work below which handing over is not worth it: the job and its end move between the caches of cores.
/// `npm run bench -- compare --threads 2`, rows with `"over": "1 thread"` and `"batch": 1`.
pub(crate) const WORTHWHILE_NS: usize = 1500;

/// Multiply-adds of one core in a nanosecond, about, for [`WORTHWHILE_NS`].
/// `cargo run --release -p unrolled-kernels --example peak`.
pub(crate) const MACS_PER_NS: usize = 100;

/// Weights that one core reads in a nanosecond from a cache that holds them all, about, for [`WORTHWHILE_NS`].
/// `cargo run --release -p unrolled-kernels --example peak 1 1000000`.
pub(crate) const WEIGHTS_PER_NS: usize = 25;

/// Time that a member spins for the next job or the last share, before it lets other threads run: a few steps of a large
/// layer. Measured as [`WORTHWHILE_NS`], on a machine with as many busy threads as cores.
pub(crate) const SPIN: Duration = Duration::from_micros(50);

/// Spins between two looks at the clock: a look takes longer than a spin. Measured as [`SPIN`].
pub(crate) const SPINS_PER_LOOK: u32 = 64;

/// Jobs after which a helper lets other threads run, however busy it is. Measured as [`SPIN`].
pub(crate) const JOBS_PER_YIELD: u64 = 256;
