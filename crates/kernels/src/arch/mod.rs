//! One implementation of `Vector` per instruction set.

pub(crate) mod portable;

#[cfg(target_arch = "x86_64")]
mod amx;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod avx512bf16;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(target_arch = "x86_64")]
pub(crate) use amx::{Amx, is_granted as amx_is_granted};
#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::{F32x8 as Avx2F32, F64x4 as Avx2F64};
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::{F32x16 as Avx512F32, F64x8 as Avx512F64};
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512bf16::{Avx512Bf16, round_pairs};
#[cfg(target_arch = "aarch64")]
pub(crate) use neon::F32x4 as NeonF32;
