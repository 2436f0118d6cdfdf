//! The one error type of the library: a stable code and a sentence.

use std::fmt;

/// What kind of thing was wrong; [`Code::as_str`] is the `code` that JavaScript sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// A rank, size or length does not fit.
    Shape,
    /// A value of the wrong kind, such as tokens where numbers were expected.
    Kind,
    /// A value out of its range, such as a token id beyond the vocabulary.
    Value,
    /// A graph that is malformed or contradicts itself.
    Graph,
    /// A file that is truncated, corrupted or foreign.
    Format,
    /// An operation on something disposed, closed or not ready.
    State,
    /// An argument or option that is unknown or makes no sense.
    Argument,
    /// A NaN or an infinity where a finite number is needed.
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
            Self::State => "ERR_UNROLLED_STATE",
            Self::Argument => "ERR_UNROLLED_ARGUMENT",
            Self::NonFinite => "ERR_UNROLLED_NON_FINITE",
            Self::Size => "ERR_UNROLLED_SIZE",
            Self::Cancelled => "ERR_UNROLLED_CANCELLED",
            Self::Internal => "ERR_UNROLLED_INTERNAL",
        }
    }
}

/// What went wrong, in words that name the argument or node, what was expected and what came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The stable code.
    pub code: Code,
    /// One lower-case sentence.
    pub message: String,
}

impl Error {
    /// The same error, with what it is about in front.
    #[must_use]
    pub fn within(self, what: impl fmt::Display) -> Self {
        Self { message: format!("{what}: {}", self.message), ..self }
    }
}

/// A result with the library's error.
pub type Result<T> = std::result::Result<T, Error>;

macro_rules! constructors {
    ($($name:ident => $code:ident),* $(,)?) => {
        impl Error {
            $(#[doc = concat!("An error with [`Code::", stringify!($code), "`].")]
            pub fn $name(message: impl Into<String>) -> Self {
                Self { code: Code::$code, message: message.into() }
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

impl std::error::Error for Error {}
