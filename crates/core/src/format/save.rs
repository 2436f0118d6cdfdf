//! Files on disk: whole and old, or whole and new, whatever happens in between.

use std::fs::{self, File, Metadata};
use std::io::{self, BufReader, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::temporary::Temporary;
use crate::{Error, Result};

/// Opens a regular file, and gives its length.
///
/// # Errors
/// `Io`, with the path and the operating system's error.
pub fn open(path: &Path) -> Result<(BufReader<File>, u64)> {
    let open = || {
        // A device or a pipe may never end, and opening a pipe waits for a writer.
        check_regular(&fs::metadata(path)?)?;
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok((BufReader::new(file), length))
    };
    open().map_err(|error| failure("read", path, &error))
}

/// Replaces the file at `path` by `bytes`, or leaves it as it was: a temporary file in the same directory is
/// written, synced and renamed over it, and the directory is synced. Links are followed, and who may read and write
/// the file stays.
///
/// # Errors
/// `Io`, with the path and the operating system's error. The temporary file is then gone.
pub fn save_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    save_by(path, |file| file.write_all(bytes))
}

/// Does the same with the bytes of an open file, from its beginning.
///
/// # Errors
/// `Io` for a file that cannot be read or written.
pub fn copy_atomic(mut from: impl Read + Seek, path: &Path) -> Result<()> {
    save_by(path, |file| {
        from.rewind()?;
        io::copy(&mut from, file).map(|_| ())
    })
}

/// The same for what `write` writes.
pub(super) fn save_by(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<()> {
    replace(path, write).map_err(|error| failure("write", path, &error))
}

pub(super) fn failure(verb: &str, path: &Path, error: &io::Error) -> Error {
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

fn replace(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let permissions = match fs::metadata(path) {
        Ok(old) => {
            check_regular(&old)?;
            // WASI has no permissions.
            (!cfg!(target_family = "wasm")).then(|| old.permissions())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let path = target_of(path)?;
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let (temporary, mut file) = Temporary::create(directory)?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    write(&mut file)?;
    file.sync_all()?;
    drop(file);
    temporary.rename(&path)?;
    sync_directory(directory)
}

/// The file that a chain of links leads to, which need not be there.
fn target_of(path: &Path) -> io::Result<PathBuf> {
    /// More than a chain of links may have anywhere.
    const LINKS: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("expected a file, received a circle of links"))
}

/// Makes the rename survive a power cut. Windows has no such call and does not need it.
pub(super) fn sync_directory(directory: &Path) -> io::Result<()> {
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
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(directory.names(), ["modèle.safetensors"]);
    }

    #[test]
    fn what_is_no_file_stays_and_is_not_read() {
        let directory = Directory::new("failure");
        let path = directory.0.join("taken");
        fs::create_dir(&path).unwrap();
        for error in [save_atomic(&path, b"new").unwrap_err(), open(&path).unwrap_err()] {
            let kind = error.cause.as_ref().map(|cause| cause.kind);
            assert_eq!((error.code, kind), (Code::Io, Some(ErrorKind::IsADirectory)));
            assert!(
                error.message.contains("taken': expected a regular file, received a directory"),
                "{error}"
            );
        }
        assert_eq!(directory.names(), ["taken"]);
        #[cfg(unix)]
        assert!(open(Path::new("/dev/zero")).is_err());
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
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_file_that_is_not_there_leads_to_the_new_one() {
        use std::os::unix::fs::symlink;
        let directory = Directory::new("dangling");
        fs::create_dir(directory.0.join("inside")).unwrap();
        let link = directory.0.join("link");
        symlink("other", &link).unwrap();
        symlink("inside/file", directory.0.join("other")).unwrap();
        save_atomic(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(directory.0.join("inside/file")).unwrap(), b"new");
        symlink("round", directory.0.join("round")).unwrap();
        assert_eq!(save_atomic(&directory.0.join("round"), b"x").unwrap_err().code, Code::Io);
    }

    #[test]
    fn missing_paths_are_errors() {
        let directory = Directory::new("missing");
        let path = directory.0.join("none").join("file");
        for error in [open(&path).unwrap_err(), save_atomic(&path, b"x").unwrap_err()] {
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
        let bytes = fs::read(&path).unwrap();
        assert!(bytes.len() == 1000 && bytes.iter().all(|&b| b == bytes[0]));
        assert_eq!(directory.names(), ["file"]);
    }
}
