//! Facts of the process: its instruction sets, threads and memory.

use unrolled_kernels::{Kernels, Precision};

pub use crate::memory::{MemoryLimit, Source};
use crate::settings::{kernels_of, so_far};
use crate::{Result, memory, parallel};

/// Facts of the process, as in use; before the first use, those that would be chosen now.
#[derive(Clone, Debug)]
pub struct System {
    /// The instruction set of the kernels.
    pub isa: String,
    /// The instructions that multiply numbers of bf16: "amx", "avx512_bf16"; none where they are multiplied as any others.
    pub bf16: Option<&'static str>,
    /// The threads that compute.
    pub threads: usize,
    /// The bytes that a model or run may take.
    pub memory: MemoryLimit,
}

impl System {
    /// The facts. Asking for them is no use: settings may still follow.
    ///
    /// # Errors
    /// `Argument` for an environment variable of this library that is wrong.
    pub fn now() -> Result<Self> {
        let kernels = kernels_of::<f32>(so_far())?;
        Ok(Self {
            isa: kernels.isa().to_string(),
            bf16: kernels.operands(Precision::Bf16).pairing(),
            threads: parallel::threads()?,
            memory: memory::memory_limit()?,
        })
    }
}

/// The instruction sets of this CPU, the widest last.
#[must_use]
pub fn available() -> Vec<String> {
    Kernels::<f32>::available().iter().map(ToString::to_string).collect()
}
