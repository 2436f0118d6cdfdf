//! The algorithms, written once over `V: Vector`. All are `#[inline(always)]` into the entries that `dispatch.rs` declares.

/// Runs the body for every vector of `0..length`: whole ones with a constant `active`, then the tail.
macro_rules! for_each_vector {
    ($vector:ty, $length:expr, |$at:ident, $active:ident| $body:block) => {{
        let length: usize = $length;
        let mut $at = 0;
        while $at + <$vector>::LANES <= length {
            let $active = <$vector>::LANES;
            $body
            $at += <$vector>::LANES;
        }
        if $at < length {
            let $active = length - $at;
            $body
        }
    }};
}

pub(crate) mod access;
pub(crate) mod attention;
#[cfg_attr(
    not(any(test, target_arch = "x86_64")),
    expect(dead_code, reason = "only x86-64 has instructions for pairs of bf16")
)]
pub(crate) mod bf16;
pub(crate) mod dispatch;
pub(crate) mod elementwise;
pub(crate) mod exponential;
pub(crate) mod gru;
pub(crate) mod lstm;
pub(crate) mod normalize;
pub(crate) mod operand;
pub(crate) mod optimize;
pub(crate) mod outer;
pub(crate) mod pack;
pub(crate) mod product;
pub(crate) mod recurrent;
pub(crate) mod reduce;
pub(crate) mod row_sums;
pub(crate) mod softmax;
pub(crate) mod tile;
pub(crate) mod transpose;
pub(crate) mod tree;
