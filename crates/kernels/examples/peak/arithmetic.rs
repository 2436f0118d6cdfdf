//! Chains of fused multiply-adds in registers on the widest instruction set: many independent chains for the peak, one chain
//! for the latency.

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

/// Independent chains: more than the multiply-adds that a core has in flight.
const CHAINS: usize = 16;
/// Multiply-adds of each chain in a run.
const LENGTH: usize = 20_000;
const RUNS: usize = 500;

/// The peak of f32, in GFLOP/s.
pub(crate) fn full(threads: usize) -> f64 {
    peak(threads, widest())
}

/// The peak of pairs of bf16, or `None` if the CPU does not multiply pairs.
pub(crate) fn paired(threads: usize) -> Option<f64> {
    pairs().map(|chains| peak(threads, chains))
}

/// Nanoseconds of a multiply-add that waits for the previous one.
pub(crate) fn latency() -> f64 {
    let run = waiting();
    let least = (0..RUNS).map(|_| {
        let started = Instant::now();
        black_box(run(black_box(0.999)));
        started.elapsed().as_secs_f64() * 1e9 / LENGTH as f64
    });
    least.fold(f64::INFINITY, f64::min)
}

#[cfg(target_arch = "x86_64")]
fn waiting() -> fn(f32) -> f32 {
    #[target_feature(enable = "fma")]
    fn fused(factor: f32) -> f32 {
        (0..LENGTH).fold(factor, |sum, _| sum.mul_add(factor, factor))
    }

    if is_x86_feature_detected!("fma") {
        // SAFETY: the CPU has the features of the function.
        |factor| unsafe { fused(factor) }
    } else {
        |factor| (0..LENGTH).fold(factor, |sum, _| sum * factor + factor)
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn waiting() -> fn(f32) -> f32 {
    |factor| (0..LENGTH).fold(factor, |sum, _| sum.mul_add(factor, factor))
}

/// GFLOP/s of all threads together.
fn peak(threads: usize, chains: Chains) -> f64 {
    let barrier = Barrier::new(threads);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| best_of_runs(&barrier, chains))).collect();
        workers.into_iter().map(|worker| worker.join().unwrap_or(0.0)).sum()
    })
}

/// GFLOP/s of the best run of this thread, while all threads run.
fn best_of_runs(barrier: &Barrier, chains: Chains) -> f64 {
    (0..RUNS)
        .map(|_| {
            barrier.wait();
            let started = Instant::now();
            let lanes = chains(black_box(0.999));
            let flops = 2 * CHAINS * LENGTH * lanes;
            flops as f64 / started.elapsed().as_secs_f64() / 1e9
        })
        .fold(0.0, f64::max)
}

/// Runs the chains and returns the multiply-adds of one instruction.
type Chains = fn(f32) -> usize;

#[cfg(target_arch = "x86_64")]
fn widest() -> Chains {
    use std::arch::x86_64::{_mm256_fmadd_ps, _mm256_set1_ps, _mm512_fmadd_ps, _mm512_set1_ps};

    #[target_feature(enable = "avx512f")]
    fn avx512(factor: f32) -> usize {
        let factor = _mm512_set1_ps(factor);
        let mut sums = [factor; CHAINS];
        for _ in 0..LENGTH {
            for sum in &mut sums {
                *sum = _mm512_fmadd_ps(*sum, factor, factor);
            }
        }
        black_box(sums);
        16
    }

    #[target_feature(enable = "avx2,fma")]
    fn avx2(factor: f32) -> usize {
        let factor = _mm256_set1_ps(factor);
        let mut sums = [factor; CHAINS];
        for _ in 0..LENGTH {
            for sum in &mut sums {
                *sum = _mm256_fmadd_ps(*sum, factor, factor);
            }
        }
        black_box(sums);
        8
    }

    if is_x86_feature_detected!("avx512f") {
        // SAFETY: the CPU has the features of the function.
        |factor| unsafe { avx512(factor) }
    } else if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        // SAFETY: as above.
        |factor| unsafe { avx2(factor) }
    } else {
        plain
    }
}

/// Dot products of pairs of bf16.
#[cfg(target_arch = "x86_64")]
fn pairs() -> Option<Chains> {
    use std::arch::x86_64::{_mm512_cvtne2ps_pbh, _mm512_dpbf16_ps, _mm512_set1_ps};

    #[target_feature(enable = "avx512f,avx512bf16")]
    fn avx512(factor: f32) -> usize {
        let single = _mm512_set1_ps(factor);
        let factor = _mm512_cvtne2ps_pbh(single, single);
        let mut sums = [single; CHAINS];
        for _ in 0..LENGTH {
            for sum in &mut sums {
                *sum = _mm512_dpbf16_ps(*sum, factor, factor);
            }
        }
        black_box(sums);
        32
    }

    // SAFETY: the CPU has the features of the function.
    is_x86_feature_detected!("avx512bf16").then_some(|factor| unsafe { avx512(factor) })
}

#[cfg(not(target_arch = "x86_64"))]
fn pairs() -> Option<Chains> {
    None
}

#[cfg(target_arch = "aarch64")]
fn widest() -> Chains {
    use std::arch::aarch64::{vdupq_n_f32, vfmaq_f32};

    #[target_feature(enable = "neon")]
    fn neon(factor: f32) -> usize {
        let factor = vdupq_n_f32(factor);
        let mut sums = [factor; CHAINS];
        for _ in 0..LENGTH {
            for sum in &mut sums {
                *sum = vfmaq_f32(factor, *sum, factor);
            }
        }
        black_box(sums);
        4
    }

    if std::arch::is_aarch64_feature_detected!("neon") {
        // SAFETY: the CPU has the features of the function.
        |factor| unsafe { neon(factor) }
    } else {
        plain
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn widest() -> Chains {
    plain
}

/// Chains of one number each, compiled for the baseline of the target.
fn plain(factor: f32) -> usize {
    let mut sums = [factor; CHAINS];
    for _ in 0..LENGTH {
        for sum in &mut sums {
            *sum = *sum * factor + factor;
        }
    }
    black_box(sums);
    1
}
