//! The Node.js binding: converts, schedules, reports.
// `#[napi]` expands to `#[allow(unsafe_code)]` registrations, which `forbid` would reject.
#![deny(unsafe_code)]

use napi_derive::napi;

/// The version of the native library.
#[napi]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
