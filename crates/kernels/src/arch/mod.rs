//! One implementation of `Vector` per instruction set.

pub(crate) mod portable;

pub(crate) type Avx2F32 = portable::Portable<f32, 8>;
pub(crate) type Avx512F32 = portable::Portable<f32, 16>;
pub(crate) type NeonF32 = portable::Portable<f32, 4>;
