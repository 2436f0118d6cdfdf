//! The version, the facts of the process, and settings from code.

use napi_derive::napi;
use unrolled_core::memory;
use unrolled_core::settings::{self, Settings};
use unrolled_core::system::{self, Source};

use crate::error::{Thrown, throwing};

/// The version of the native library.
#[napi]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// Facts of the process.
#[napi(object, object_from_js = false)]
#[expect(missing_docs, reason = "the core documents each field of the same name")]
pub struct SystemFacts {
    #[napi(ts_type = "'scalar' | 'neon' | 'avx2' | 'avx512' | 'amx'")]
    pub isa: String,
    #[napi(ts_type = "'amx' | 'avx512_bf16'")]
    pub bf16: Option<&'static str>,
    pub threads: u32,
    pub memory_limit: f64,
    #[napi(ts_type = "'code' | 'environment' | 'machine' | 'container' | 'unknown'")]
    pub memory_source: &'static str,
}

/// Facts of the process, as in use or as they would be chosen now.
#[napi]
pub fn system() -> Result<SystemFacts, Thrown> {
    throwing(|| {
        let system::System { isa, bf16, threads, memory } = system::System::now()?;
        let memory_source = match memory.source {
            Source::Code => "code",
            Source::Environment => "environment",
            Source::Machine => "machine",
            Source::Container => "container",
            Source::Unknown => "unknown",
        };
        let threads = threads as u32;
        Ok(SystemFacts { isa, bf16, threads, memory_limit: memory.bytes, memory_source })
    })
}

/// True if so many bytes can be had now.
#[napi]
pub fn has_room(bytes: f64) -> bool {
    memory::has_room(bytes as usize)
}

/// The instruction sets of this CPU, the widest last.
#[napi(ts_return_type = "SystemFacts['isa'][]")]
pub fn available() -> Vec<String> {
    system::available()
}

/// Gives settings to the process, before the first use; the numbers are whole.
#[napi]
pub fn configure(threads: Option<f64>, isa: Option<String>, memory: Option<f64>) -> Result<(), Thrown> {
    throwing(|| {
        settings::configure(Settings {
            threads: threads.map(|count| count as usize),
            isa: isa.as_deref().map(settings::isa).transpose()?,
            memory: memory.map(|bytes| bytes as u64),
        })
    })
}
