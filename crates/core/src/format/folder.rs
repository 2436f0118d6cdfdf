//! The folder of a training run: a file for each of its last states, `checkpoint-STEP.safetensors`.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::save::{failure, sync_directory};
use super::temporary::Temporary;
use crate::Result;

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

/// Makes a folder, if it is not there, and tries to write a file in it.
///
/// # Errors
/// `Io` for a folder that cannot be made or written.
pub fn prepare(folder: &Path) -> Result<()> {
    let prepare = || {
        if !folder.is_dir() {
            fs::create_dir_all(folder)?;
            let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
            sync_directory(parent.unwrap_or(Path::new(".")))?;
        }
        Temporary::create(folder).map(|_| ())
    };
    prepare().map_err(|error| failure("write", folder, &error))
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
