//! Prints the ceilings of a machine on some threads (the first argument, 1 by default) as JSON:
//! `{"f32": GFLOP/s, "bf16": GFLOP/s, "latency": ns, "reads": [GB/s, ...]}`. These are multiply-adds at most, of f32 and
//! of pairs of bf16 (AVX-512-BF16 alone; null without); how long one takes that waits for the one before; and how fast all
//! threads together read what the further arguments say, in bytes, again and again.
//!
//! Each is the best of many short runs, so that a neighbour on the machine is not taken for a limit of it.

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
