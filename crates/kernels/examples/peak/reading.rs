//! How fast memory that is read again and again comes, from whatever cache holds it.
//!
//! Every other round goes from the end to the start, as the steps of this library do: what was read last is met first.

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

/// Numbers that are added at once, each to a sum of its own.
const STRIDE: usize = 128;
/// Numbers of a cache line, on which packed weights lie as well.
const LINE: usize = 16;
/// Bytes that a run reads at least, and how many runs there are.
const RUN: usize = 64 << 20;
const RUNS: usize = 20;

/// GB/s at which `threads` threads together read `bytes`, each its part.
pub(crate) fn rate(threads: usize, bytes: usize) -> f64 {
    let barrier = Barrier::new(threads);
    let part = (bytes / size_of::<f32>() / threads).max(1).next_multiple_of(STRIDE);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let numbers = vec![0.5_f32; part + LINE];
                    let start = numbers.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
                    barrier.wait();
                    (0..RUNS).map(|_| one_run(&numbers[start..start + part])).fold(0.0, f64::max)
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap_or(0.0)).sum()
    })
}

/// GB/s of some rounds there and back.
fn one_run(numbers: &[f32]) -> f64 {
    let bytes = size_of_val(numbers);
    let rounds = (RUN / bytes).max(2).next_multiple_of(2);
    let started = Instant::now();
    black_box(widest()(black_box(numbers), rounds));
    (rounds * bytes) as f64 / started.elapsed().as_secs_f64() / 1e9
}

/// Adds all numbers up in so many rounds, every other from the last to the first.
type Read = fn(&[f32], usize) -> f32;

#[cfg(target_arch = "x86_64")]
fn widest() -> Read {
    #[target_feature(enable = "avx512f")]
    fn avx512(numbers: &[f32], rounds: usize) -> f32 {
        sum(numbers, rounds)
    }

    #[target_feature(enable = "avx2")]
    fn avx2(numbers: &[f32], rounds: usize) -> f32 {
        sum(numbers, rounds)
    }

    if is_x86_feature_detected!("avx512f") {
        // SAFETY: the CPU has what the function is compiled for.
        |numbers, rounds| unsafe { avx512(numbers, rounds) }
    } else if is_x86_feature_detected!("avx2") {
        // SAFETY: as above.
        |numbers, rounds| unsafe { avx2(numbers, rounds) }
    } else {
        sum
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn widest() -> Read {
    sum
}

#[inline(always)]
fn sum(numbers: &[f32], rounds: usize) -> f32 {
    /// As much as a step reads before it turns to the next units.
    const BLOCK: usize = 32 * STRIDE;

    let mut sums = [0.0_f32; STRIDE];
    let mut add = |block: &[f32]| {
        for part in block.chunks_exact(STRIDE) {
            sums.iter_mut().zip(part).for_each(|(sum, x)| *sum += x);
        }
    };
    for _ in 0..rounds / 2 {
        numbers.chunks(BLOCK).for_each(&mut add);
        numbers.rchunks(BLOCK).for_each(&mut add);
    }
    sums.iter().sum()
}
