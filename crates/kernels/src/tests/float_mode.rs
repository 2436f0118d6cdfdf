//! Flushing of subnormals.

use std::hint::black_box;

use crate::flush_subnormals;

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
