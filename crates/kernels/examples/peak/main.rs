//! Prints the ceilings of a machine as JSON: `peak THREADS BYTES ...` (1 thread by default) prints
//! `{"f32": GFLOP/s, "bf16": GFLOP/s, "latency": ns, "reads": [GB/s, ...]}`.
//!
//! - `f32`, `bf16`: the peak of multiply-adds of f32, and of pairs of bf16 (by AVX-512-BF16; null without it).
//! - `latency`: the time of one multiply-add that waits for the previous one.
//! - `reads`: for each `BYTES`, the rate at which all threads together read as many bytes again and again.
//!
//! Each number is the best of many short runs, so that other work on the machine does not count as a limit of the machine.

mod arithmetic;
mod reading;

use std::io::{self, Write};

fn main() -> io::Result<()> {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let threads = numbers.first().copied().unwrap_or(1).max(1);
    let sizes = numbers.get(1..).unwrap_or_default();
    let pairs = arithmetic::paired(threads).map_or("null".to_owned(), |rate| format!("{rate:.1}"));
    let reads: Vec<_> = sizes.iter().map(|&bytes| format!("{:.1}", reading::rate(threads, bytes))).collect();
    writeln!(
        io::stdout(),
        "{{\"f32\": {:.1}, \"bf16\": {pairs}, \"latency\": {:.3}, \"reads\": [{}]}}",
        arithmetic::full(threads),
        arithmetic::latency(),
        reads.join(", ")
    )
}
