//! SIMD kernels for recurrent networks: the same bits on every instruction set.
