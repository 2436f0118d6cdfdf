//! Errors on their way to JavaScript: the core's codes, the system's errors as causes, and panics as faults of the library.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use napi::bindgen_prelude::{JsObjectValue, JsValue, Unknown};
use napi::{Env, JsError};
use unrolled_core::{Error, Result, SystemError};

/// An error that JavaScript sees as an `Error` with a `code`.
pub(crate) type Thrown = napi::Error<&'static str>;

/// Runs `body`; a panic in it becomes [`unrolled_core::Code::Internal`].
pub(crate) fn caught<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| Err(Error::internal(said(&*panic))))
}

/// Runs the body of a synchronous method and throws its error with the code.
pub(crate) fn throwing<T>(body: impl FnOnce() -> Result<T>) -> std::result::Result<T, Thrown> {
    caught(body).map_err(|error| Thrown::new(error.code.as_str(), error.message))
}

/// The reason of a promise's rejection: an `Error` with its code and its cause.
pub(crate) fn reason<'env>(env: Env, error: Error) -> Unknown<'env> {
    let reason = JsError::from(Thrown::new(error.code.as_str(), error.message)).into_unknown(env);
    if let Some(cause) = &error.cause {
        // Node-API refuses a property of an object just made only while the environment ends, when nobody listens.
        let _ = set_cause(env, reason, cause);
    }
    reason
}

/// Sets `cause`: an `Error` with the system's `code` and, where libuv has the same number, its `errno`.
fn set_cause(env: Env, reason: Unknown<'_>, system: &SystemError) -> napi::Result<()> {
    let code = system.name().unwrap_or("UNKNOWN");
    let cause = JsError::from(Thrown::new(code, system.to_string())).into_unknown(env);
    if let (true, Some(number)) = (cfg!(unix), system.number) {
        cause.coerce_to_object()?.set_named_property("errno", -number)?;
    }
    reason.coerce_to_object()?.set_named_property("cause", cause)
}

/// The same, to reject a promise later.
pub(crate) fn rejection(env: Env, error: Error) -> napi::Error {
    reason(env, error).into()
}

/// The use of something that was given back.
pub(crate) fn disposed(what: &str) -> Error {
    Error::state(format!("the {what} has been disposed"))
}

/// A failure of Node-API itself.
pub(crate) fn refused(error: napi::Error) -> Error {
    Error::internal(format!("Node-API refused a call: {}", error.reason))
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().map(str::to_owned);
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("the library panicked: {}", text.as_deref().unwrap_or("no message"))
}

#[cfg(test)]
mod tests {
    use unrolled_core::Code;

    use super::*;

    #[test]
    fn a_panic_is_an_internal_error_with_its_message() {
        for panicking in [|| panic!("plain"), || panic!("{}", "formatted")] as [fn() -> Result<()>; 2] {
            let error = caught(panicking).expect_err("a panic is an error");
            assert_eq!(error.code, Code::Internal);
            assert!(error.message.contains("plain") || error.message.contains("formatted"), "{error}");
        }
    }

    #[test]
    fn a_result_passes_through() {
        assert_eq!(caught(|| Ok(3)), Ok(3));
        assert_eq!(caught(|| Err::<(), _>(Error::shape("wrong"))), Err(Error::shape("wrong")));
    }
}
