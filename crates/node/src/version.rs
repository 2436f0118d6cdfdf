//! The version of the native library.

use napi_derive::napi;

/// The version of the native library.
#[napi]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
