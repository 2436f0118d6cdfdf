//! Errors of the operating system, in the words that Node.js has for them.

use std::fmt;
use std::io::{self, ErrorKind};

/// An error of the operating system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemError {
    /// The kind.
    pub kind: ErrorKind,
    /// The system's own number, if the system raised the error.
    pub number: Option<i32>,
    message: String,
}

impl SystemError {
    /// The name that Node.js gives errors of this kind, such as `ENOENT`, on every platform.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        Some(match self.kind {
            ErrorKind::NotFound => "ENOENT",
            ErrorKind::PermissionDenied if self.number == Some(1) => "EPERM",
            ErrorKind::PermissionDenied => "EACCES",
            ErrorKind::AlreadyExists => "EEXIST",
            ErrorKind::NotADirectory => "ENOTDIR",
            ErrorKind::IsADirectory => "EISDIR",
            ErrorKind::ReadOnlyFilesystem => "EROFS",
            ErrorKind::StorageFull => "ENOSPC",
            ErrorKind::QuotaExceeded => "EDQUOT",
            ErrorKind::FileTooLarge => "EFBIG",
            ErrorKind::ResourceBusy => "EBUSY",
            ErrorKind::ExecutableFileBusy => "ETXTBSY",
            ErrorKind::CrossesDevices => "EXDEV",
            ErrorKind::TooManyLinks => "EMLINK",
            ErrorKind::InvalidFilename => "ENAMETOOLONG",
            ErrorKind::InvalidInput => "EINVAL",
            ErrorKind::OutOfMemory => "ENOMEM",
            ErrorKind::StaleNetworkFileHandle => "ESTALE",
            ErrorKind::TimedOut => "ETIMEDOUT",
            _ => return None,
        })
    }
}

impl From<&io::Error> for SystemError {
    fn from(error: &io::Error) -> Self {
        Self { kind: error.kind(), number: error.raw_os_error(), message: error.to_string() }
    }
}

impl fmt::Display for SystemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SystemError {}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;
    use crate::Error;

    #[cfg(unix)]
    #[test]
    fn a_number_of_the_system_has_the_name_of_its_header() {
        // From errno.h of Linux; 0 is no error.
        let names = [
            (1, Some("EPERM")),
            (2, Some("ENOENT")),
            (13, Some("EACCES")),
            (17, Some("EEXIST")),
            (20, Some("ENOTDIR")),
            (21, Some("EISDIR")),
            (22, Some("EINVAL")),
            (28, Some("ENOSPC")),
            (30, Some("EROFS")),
            (0, None),
        ];
        for (number, name) in names {
            let error = SystemError::from(&io::Error::from_raw_os_error(number));
            assert_eq!((error.name(), error.number), (name, Some(number)));
        }
    }

    #[test]
    fn an_error_has_the_systems_as_its_source() {
        let error = Error::io("cannot read 'x'", &io::Error::new(ErrorKind::NotFound, "nothing there"));
        assert_eq!(error.source().map(ToString::to_string), Some("nothing there".to_owned()));
        assert!(Error::shape("x").source().is_none());
    }
}
