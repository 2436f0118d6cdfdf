//! The folder of a training run: a file for each of its last states, `checkpoint-STEP.safetensors`, and a lock.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::save::{failure, sync_directory};
use super::temporary::Temporary;
use crate::{Error, Result};

/// The file that a run locks. It stays, empty: a run that removed it would take it from one that has opened it since. The dot
/// keeps it out of sight, beside the checkpoints that people list.
const LOCK: &str = ".unrolled.lock";

/// A folder that a run holds until it is dropped, or until its process is gone.
pub struct Held {
    folder: PathBuf,
    lock: File,
}

impl Held {
    /// The folder's path.
    ///
    /// # Errors
    /// `State` once another folder lies there: the run's own was removed or moved, and another run may be in this one.
    pub fn path(&self) -> Result<&Path> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let id = |file: fs::Metadata| (file.dev(), file.ino());
            let (own, there) = (self.lock.metadata(), fs::metadata(self.folder.join(LOCK)));
            if let (Ok(own), Ok(there)) = (own, there)
                && id(own) != id(there)
            {
                return Err(Error::state(format!(
                    "checkpoint path '{}': expected the folder that the run began in, received one that was made since; give \
                     each run a folder of its own",
                    self.folder.display()
                )));
            }
        }
        Ok(&self.folder)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Closing the file is not enough: a process that is just being started has it open as well, for a moment.
        let _ = self.lock.unlock();
    }
}

/// The path of the file of a step.
#[must_use]
pub fn file_of(folder: &Path, step: u64) -> PathBuf {
    folder.join(format!("checkpoint-{step}.safetensors"))
}

/// The step of a file, by its name.
fn step_of(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("checkpoint-")?.strip_suffix(".safetensors")?;
    let step = digits.parse().ok()?;
    // A name with a sign or with zeros in front is not one of ours.
    (u64::to_string(&step) == digits).then_some(step)
}

/// The steps that have a file in a folder, in their order; none without the folder.
///
/// # Errors
/// `Io` for a folder that cannot be read.
pub fn steps(folder: &Path) -> Result<Vec<u64>> {
    let read = || -> io::Result<Vec<u64>> {
        let mut steps = Vec::new();
        for entry in fs::read_dir(folder)? {
            steps.extend(entry?.file_name().to_str().and_then(step_of));
        }
        steps.sort_unstable();
        Ok(steps)
    };
    match read() {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        steps => steps.map_err(|error| failure("read", folder, &error)),
    }
}

/// Makes a folder, if it is not there, tries to write a file in it, and holds it for one run.
///
/// # Errors
/// `Io` for a folder that cannot be made or written, `State` for one that another run holds, in whichever process.
pub fn hold(folder: &Path) -> Result<Held> {
    let open = || {
        if !folder.is_dir() {
            fs::create_dir_all(folder).map_err(no_folder)?;
            let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
            sync_directory(parent.unwrap_or(Path::new(".")))?;
        }
        drop(Temporary::create(folder)?);
        let path = folder.join(LOCK);
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        // One that another user made can be read, which is enough to lock it.
        file.or_else(|error| File::open(&path).map_err(|_| error))
    };
    let lock = open().map_err(|error| failure("write", folder, &error))?;
    match lock.try_lock() {
        Err(TryLockError::WouldBlock) => Err(Error::state(format!(
            "checkpoint path '{}': expected a folder that no run writes to, received that of a run under way; wait for that \
             run, or stop it, or give each run a folder of its own",
            folder.display()
        ))),
        // A file system without locks is no reason not to train.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(Held { folder: folder.to_owned(), lock }),
    }
}

/// The error of a folder that cannot be made, in words.
fn no_folder(error: io::Error) -> io::Error {
    match error.kind() {
        // The system says no more than that the file exists.
        ErrorKind::AlreadyExists => {
            io::Error::new(ErrorKind::NotADirectory, "expected a folder, received a file")
        }
        _ => error,
    }
}

/// True if a file is one of a folder, by whichever path.
#[must_use]
pub fn has(folder: &Path, file: &Path) -> bool {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    // WASI follows no links.
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    real(parent.unwrap_or(Path::new("."))) == real(folder)
}

/// Removes the files of all steps but the `count` last ones up to `step`. Later ones are of a run that went on from an
/// earlier step than theirs: `step` comes after them.
///
/// # Errors
/// `Io` for a file that cannot be removed.
pub fn keep(folder: &Path, step: u64, count: usize) -> Result<()> {
    let steps = steps(folder)?;
    let (past, later): (Vec<u64>, Vec<u64>) = steps.into_iter().partition(|&it| it <= step);
    let old = past.len().saturating_sub(count);
    for path in past[..old].iter().chain(&later).map(|&step| file_of(folder, step)) {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(failure("remove", &path, &error));
            }
            _ => {}
        }
    }
    Ok(())
}
