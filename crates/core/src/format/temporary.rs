//! Temporary files beside the file that they become.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The age from which on a temporary file belongs to nobody, where processes cannot be looked up.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// A file that is removed when dropped, unless it was renamed.
pub(super) struct Temporary {
    path: PathBuf,
    renamed: bool,
}

impl Temporary {
    /// Makes a file in a directory, and removes those that killed processes left there.
    pub(super) fn create(directory: &Path) -> io::Result<(Self, File)> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        sweep(directory);
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = directory.join(format!(".unrolled-{}-{count}.tmp", own_id()));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok((Self { path, renamed: false }, file)),
                // Left by a killed process that had our id: take the next name.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) fn rename(mut self, to: &Path) -> io::Result<()> {
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

/// Removes the temporary files of processes that have ended. A failure is no reason not to save.
fn sweep(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let owner = entry.file_name().to_str().and_then(owner_of);
        if owner.is_some_and(|id| is_left(id, &entry.path())) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The number of this process; WASI gives none, and asking for it would panic.
fn own_id() -> u32 {
    if cfg!(target_family = "wasm") { 0 } else { std::process::id() }
}

/// The process that a temporary file is of, by its name.
fn owner_of(name: &str) -> Option<u32> {
    let (id, count) = name.strip_prefix(".unrolled-")?.strip_suffix(".tmp")?.split_once('-')?;
    count.parse::<u64>().ok()?;
    id.parse().ok()
}

/// True if the process has ended, as far as can be told: in another container it may be alive and not be seen, so a file
/// must also be older than a save takes.
fn is_left(id: u32, path: &Path) -> bool {
    let age = fs::metadata(path).and_then(|file| file.modified()).ok().and_then(|time| time.elapsed().ok());
    let alive = id == own_id() || Path::new("/proc").join(id.to_string()).exists();
    match age {
        Some(age) if Path::new("/proc/self").exists() => !alive && age > Duration::from_secs(60),
        Some(age) => age > STALE,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    #[test]
    fn what_fails_leaves_no_temporary_and_what_was_left_is_swept() {
        let directory = std::env::temp_dir().join(format!("unrolled-temporary-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let names = || {
            let entries = fs::read_dir(&directory).unwrap();
            let mut names: Vec<_> =
                entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        };
        let (temporary, _file) = Temporary::create(&directory).unwrap();
        assert_eq!(names().len(), 1);
        assert!(temporary.rename(&directory.join("none").join("file")).is_err());
        assert!(names().is_empty());

        let old = SystemTime::now() - Duration::from_secs(2 * 24 * 60 * 60);
        let left = |name: &str, time: Option<SystemTime>| {
            let file = File::create(directory.join(name)).unwrap();
            time.into_iter().for_each(|time| file.set_modified(time).unwrap());
        };
        // No process has the largest id.
        left(".unrolled-4294967295-7.tmp", Some(old));
        left(".unrolled-4294967295-8.tmp", None);
        left(".unrolled-4294967295-x.tmp", Some(old));
        left("mine.tmp", Some(old));
        drop(Temporary::create(&directory).unwrap());
        assert_eq!(names(), [".unrolled-4294967295-8.tmp", ".unrolled-4294967295-x.tmp", "mine.tmp"]);
        fs::remove_dir_all(&directory).unwrap();
    }
}
