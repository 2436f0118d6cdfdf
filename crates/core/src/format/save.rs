//! Files on disk: whole and old, or whole and new, whatever happens in between.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Error, Result};

/// Reads a regular file whole.
///
/// # Errors
/// `Io`, with the path and the operating system's error.
pub fn load(path: &Path) -> Result<Vec<u8>> {
    // A device or a pipe may never end.
    let read = || check_regular(&fs::metadata(path)?).and_then(|()| fs::read(path));
    read().map_err(|error| failure("read", path, &error))
}

/// Replaces the file at `path` by `bytes`, or leaves it as it was: a temporary file in the same directory is
/// written, synced and renamed over it, and the directory is synced. Links are followed, and who may read and write
/// the file stays.
///
/// # Errors
/// `Io`, with the path and the operating system's error. The temporary file is then gone.
pub fn save_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    replace(path, bytes).map_err(|error| failure("write", path, &error))
}

fn failure(verb: &str, path: &Path, error: &io::Error) -> Error {
    Error::io(format!("cannot {verb} '{}': {error}", path.display()), error)
}

fn check_regular(metadata: &Metadata) -> io::Result<()> {
    let refused =
        |kind, received| Err(io::Error::new(kind, format!("expected a regular file, received a {received}")));
    match (metadata.is_file(), metadata.is_dir()) {
        (true, _) => Ok(()),
        (_, true) => refused(ErrorKind::IsADirectory, "directory"),
        _ => refused(ErrorKind::Other, "device or pipe"),
    }
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (path, permissions) = match fs::metadata(path) {
        Ok(old) => {
            check_regular(&old)?;
            (fs::canonicalize(path)?, Some(old.permissions()))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => (path.to_owned(), None),
        Err(error) => return Err(error),
    };
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let (temporary, mut file) = Temporary::create(directory)?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    temporary.rename(&path)?;
    sync_directory(directory)
}

/// A file that is removed when dropped, unless it was renamed.
struct Temporary {
    path: PathBuf,
    renamed: bool,
}

impl Temporary {
    fn create(directory: &Path) -> io::Result<(Self, File)> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = directory.join(format!(".unrolled-{}-{count}.tmp", std::process::id()));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok((Self { path, renamed: false }, file)),
                // Left by a killed process that had our id: take the next name.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn rename(mut self, to: &Path) -> io::Result<()> {
        fs::rename(&self.path, to)?;
        self.renamed = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.renamed {
            // Nothing more can be done about a failure here, and the first error is the one to report.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Makes the rename survive a power cut. Windows has no such call and does not need it.
fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    /// A fresh directory under the build's own, removed at the end.
    struct Directory(PathBuf);

    impl Directory {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("unrolled-test-{}-{name}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).unwrap();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn replaces_and_leaves_nothing_behind() {
        let directory = Directory::new("replace");
        let path = directory.0.join("modèle.safetensors");
        save_atomic(&path, b"old").unwrap();
        save_atomic(&path, b"new").unwrap();
        assert_eq!(load(&path).unwrap(), b"new");
        assert_eq!(directory.names(), ["modèle.safetensors"]);
    }

    #[test]
    fn what_is_no_file_stays_and_is_not_read() {
        let directory = Directory::new("failure");
        let path = directory.0.join("taken");
        fs::create_dir(&path).unwrap();
        for error in [save_atomic(&path, b"new").unwrap_err(), load(&path).unwrap_err()] {
            let kind = error.cause.as_ref().map(|cause| cause.kind);
            assert_eq!((error.code, kind), (Code::Io, Some(ErrorKind::IsADirectory)));
            assert!(
                error.message.contains("taken': expected a regular file, received a directory"),
                "{error}"
            );
        }
        assert_eq!(directory.names(), ["taken"]);
        #[cfg(unix)]
        assert!(load(Path::new("/dev/zero")).is_err());
    }

    #[test]
    fn what_fails_leaves_no_temporary() {
        let directory = Directory::new("temporary");
        let (temporary, _file) = Temporary::create(&directory.0).unwrap();
        assert_eq!(directory.names().len(), 1);
        assert!(temporary.rename(&directory.0.join("none").join("file")).is_err());
        assert!(directory.names().is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_permissions_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let directory = Directory::new("links");
        let (path, link) = (directory.0.join("file"), directory.0.join("link"));
        fs::write(&path, b"old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        symlink("file", &link).unwrap();
        save_atomic(&link, b"new").unwrap();
        assert_eq!(load(&path).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn missing_paths_are_errors() {
        let directory = Directory::new("missing");
        let path = directory.0.join("none").join("file");
        for error in [load(&path).unwrap_err(), save_atomic(&path, b"x").unwrap_err()] {
            assert!(error.code == Code::Io && error.message.contains("file': "), "{error}");
            assert_eq!(error.cause.and_then(|cause| cause.name()), Some("ENOENT"));
        }
        assert_eq!(save_atomic(Path::new(""), b"x").unwrap_err().code, Code::Io);
        assert!(save_atomic(&directory.0.join("x".repeat(4096)), b"x").is_err());
        assert!(directory.names().is_empty());
    }

    #[test]
    fn threads_do_not_meet() {
        let directory = Directory::new("threads");
        let path = directory.0.join("file");
        std::thread::scope(|scope| {
            for i in 0..8u8 {
                let path = &path;
                scope.spawn(move || save_atomic(path, &[i; 1000]).unwrap());
            }
        });
        let bytes = load(&path).unwrap();
        assert!(bytes.len() == 1000 && bytes.iter().all(|&b| b == bytes[0]));
        assert_eq!(directory.names(), ["file"]);
    }
}
