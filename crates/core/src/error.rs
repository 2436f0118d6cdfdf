//! The one error type of the library: a stable code and a sentence.

use std::{fmt, io};

pub use system::SystemError;

mod system;

/// The kind of a mistake; [`Code::as_str`] is the `code` that JavaScript sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// A rank, size or number of rows does not fit.
    Shape,
    /// A value of the wrong kind, such as tokens for numbers, or another axis.
    Kind,
    /// Data out of their range, such as an id beyond the vocabulary.
    Value,
    /// A graph that is malformed or contradicts itself.
    Graph,
    /// A file that is truncated, corrupted or foreign.
    Format,
    /// A file that cannot be read or written.
    Io,
    /// An operation on something disposed, closed or not ready.
    State,
    /// An argument or option that is unknown, missing, out of its range or without sense.
    Argument,
    /// A NaN or infinity.
    NonFinite,
    /// More than this library, or this machine, can address.
    Size,
    /// Stopped on request.
    Cancelled,
    /// A fault of the library itself.
    Internal,
}

impl Code {
    /// The stable name of the code, `ERR_UNROLLED_...`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shape => "ERR_UNROLLED_SHAPE",
            Self::Kind => "ERR_UNROLLED_KIND",
            Self::Value => "ERR_UNROLLED_VALUE",
            Self::Graph => "ERR_UNROLLED_GRAPH",
            Self::Format => "ERR_UNROLLED_FORMAT",
            Self::Io => "ERR_UNROLLED_IO",
            Self::State => "ERR_UNROLLED_STATE",
            Self::Argument => "ERR_UNROLLED_ARGUMENT",
            Self::NonFinite => "ERR_UNROLLED_NON_FINITE",
            Self::Size => "ERR_UNROLLED_SIZE",
            Self::Cancelled => "ERR_UNROLLED_CANCELLED",
            Self::Internal => "ERR_UNROLLED_INTERNAL",
        }
    }
}

/// A code, and a sentence in the form of every message: `where: expected this, received that; advice`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The stable code.
    pub code: Code,
    /// One lower-case sentence.
    pub message: String,
    /// The operating system's error that led to this one.
    pub cause: Option<SystemError>,
}

impl Error {
    /// An error with [`Code::Io`] and the operating system's error as its cause.
    pub fn io(message: impl Into<String>, cause: &io::Error) -> Self {
        Self { code: Code::Io, message: message.into(), cause: Some(cause.into()) }
    }

    /// The same error with its place in front of the message.
    #[must_use]
    pub fn within(self, place: impl fmt::Display) -> Self {
        Self { message: format!("{place}: {}", self.message), ..self }
    }
}

/// A result with the library's error.
pub type Result<T> = std::result::Result<T, Error>;

macro_rules! constructors {
    ($($name:ident => $code:ident),* $(,)?) => {
        impl Error {
            $(#[doc = concat!("An error with [`Code::", stringify!($code), "`].")]
            pub fn $name(message: impl Into<String>) -> Self {
                Self { code: Code::$code, message: message.into(), cause: None }
            })*
        }
    };
}

constructors! {
    shape => Shape,
    kind => Kind,
    value => Value,
    graph => Graph,
    format => Format,
    state => State,
    argument => Argument,
    non_finite => NonFinite,
    size => Size,
    cancelled => Cancelled,
    internal => Internal,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(|cause| cause as _)
    }
}
