//! The rate of reading the same memory again and again, from the nearest cache that holds the memory.
//!
//! Every other round runs from the end to the start, as the steps of this library do: the last numbers read are met first.

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

/// Independent sums.
const STRIDE: usize = 128;
/// Numbers of a cache line; packed weights begin cache lines, too.
const LINE: usize = 16;
/// Bytes that a run reads at least.
const RUN: usize = 64 << 20;
const RUNS: usize = 20;

/// GB/s at which `threads` threads together read `bytes`, each an equal share.
pub(crate) fn rate(threads: usize, bytes: usize) -> f64 {
    let barrier = Barrier::new(threads);
    let share = (bytes / size_of::<f32>() / threads).max(1).next_multiple_of(STRIDE);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let numbers = vec![0.5_f32; share + LINE];
                    let start = numbers.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
                    barrier.wait();
                    (0..RUNS).map(|_| one_run(&numbers[start..start + share])).fold(0.0, f64::max)
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap_or(0.0)).sum()
    })
}

/// GB/s of some rounds to the end and back.
fn one_run(numbers: &[f32]) -> f64 {
    let bytes = size_of_val(numbers);
    let rounds = (RUN / bytes).max(2).next_multiple_of(2);
    let started = Instant::now();
    black_box(widest()(black_box(numbers), rounds));
    (rounds * bytes) as f64 / started.elapsed().as_secs_f64() / 1e9
}

/// Adds up all numbers in some rounds, every other round from the last number to the first.
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
        // SAFETY: the CPU has the features of the function.
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
    /// Numbers that a step reads for the same units.
    const CHUNK: usize = 32 * STRIDE;

    let mut sums = [0.0_f32; STRIDE];
    let mut add = |chunk: &[f32]| {
        for numbers in chunk.chunks_exact(STRIDE) {
            sums.iter_mut().zip(numbers).for_each(|(sum, x)| *sum += x);
        }
    };
    for _ in 0..rounds / 2 {
        numbers.chunks(CHUNK).for_each(&mut add);
        numbers.rchunks(CHUNK).for_each(&mut add);
    }
    sums.iter().sum()
}
