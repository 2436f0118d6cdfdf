//! Flushing of subnormals.

use std::hint::black_box;

use super::support::on_every_isa;
use crate::{Activation, Kernels, flush_subnormals};

/// Half the smallest normal number, by a product that underflows.
fn subnormal() -> f32 {
    black_box(f32::MIN_POSITIVE) * black_box(0.5)
}

fn is_flushing() -> bool {
    // A subnormal result, and a subnormal operand whose result would be normal.
    let result = subnormal() == 0.0;
    let operand = black_box(f32::from_bits(1 << 22)) * black_box(1e20) == 0.0;
    assert_eq!(result, operand);
    result
}

#[test]
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn sets_and_restores() {
    assert!(!is_flushing());
    {
        let _outer = flush_subnormals();
        assert!(is_flushing());
        {
            let _inner = flush_subnormals();
            assert!(is_flushing());
        }
        assert!(is_flushing(), "the inner guard restores what it found");
    }
    assert!(!is_flushing());
}

#[test]
fn restores_when_unwinding() {
    let result = std::panic::catch_unwind(|| {
        let _mode = flush_subnormals();
        std::panic::resume_unwind(Box::new(()));
    });
    assert!(result.is_err());
    assert!(!is_flushing());
}

/// Subnormal numbers are zeros on every instruction set: as operands, and as results.
#[test]
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn subnormal_numbers_are_zeros_in_arithmetic() {
    let _mode = flush_subnormals();
    let tiny = [1e-39_f32, -1e-39, 2e-38, 5.0];
    let relu = on_every_isa(|kernels| {
        let mut y = vec![1.0; 4];
        kernels.activate(Activation::Relu, &mut y, &tiny);
        y
    });
    assert_eq!(relu, [0.0, 0.0, 2e-38, 5.0]);
    let sum = on_every_isa(|kernels: Kernels<f32>| {
        let mut y = vec![0.0, 1e-39, -1.5e-38, 1.0];
        kernels.add_assign(&mut y, &tiny);
        y
    });
    assert_eq!(sum, [0.0, 0.0, 0.0, 6.0]);
    let product = on_every_isa(|kernels: Kernels<f32>| {
        let mut y = vec![0.0; 4];
        kernels.add_product(&mut y, &tiny, &[1e30, 1e30, 1e-10, 2.0]);
        y
    });
    assert_eq!(product, [0.0, 0.0, 0.0, 10.0]);
}
