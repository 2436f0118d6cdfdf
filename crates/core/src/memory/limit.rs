//! The memory that this process may take: what is larger is refused before it is allocated, since a system that
//! promises more than it has ends the process when the memory is used.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::settings::{self, Settings};
use crate::{Error, Result};

/// The environment variable that sets the bytes which models and runs may take.
const MEMORY: &str = "UNROLLED_MEMORY";

/// Part of the system's memory that models and runs may take: the process itself and the caller's arrays need some.
const SHARE: f64 = 0.875;

/// Refuses bytes beyond the limit; `what` names what needs them, and its largest part.
///
/// # Errors
/// [`crate::Code::Size`]; [`crate::Code::Argument`] for an environment variable that is no number of bytes.
pub(crate) fn check_fits(bytes: f64, what: impl FnOnce() -> String) -> Result<()> {
    let limit = limit()?.usable();
    if bytes <= limit {
        return Ok(());
    }
    Err(Error::size(format!(
        "{}: expected at most {limit:.0} bytes, the memory of this machine or container, received {bytes:.0}",
        what()
    )))
}

/// The bytes that this process may take, and who says so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MemoryLimit {
    /// The bytes; infinity where nothing is known.
    pub bytes: f64,
    /// The origin of the number.
    pub source: Source,
}

impl MemoryLimit {
    /// The bytes for models and runs: all that a setting gives, and a part of the memory that the system has.
    fn usable(self) -> f64 {
        match self.source {
            Source::Machine | Source::Container => SHARE * self.bytes,
            Source::Code | Source::Environment | Source::Unknown => self.bytes,
        }
    }
}

/// The origin of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// [`crate::settings::configure`].
    Code,
    /// `UNROLLED_MEMORY`.
    Environment,
    /// The memory of the machine, as far as a process can address it.
    Machine,
    /// A control group around the process.
    Container,
    /// Nothing: this system does not tell.
    Unknown,
}

static LIMIT: OnceLock<Result<MemoryLimit>> = OnceLock::new();

fn limit() -> Result<MemoryLimit> {
    LIMIT.get_or_init(|| least(settings::in_use())).clone()
}

/// The limit of the process, or the one that would hold if the process used it now.
///
/// # Errors
/// `Argument` for an environment variable that is no number of bytes.
pub(crate) fn memory_limit() -> Result<MemoryLimit> {
    LIMIT.get().map_or_else(|| least(settings::so_far()), Clone::clone)
}

/// The least of all limits; of equal ones, the first.
fn least(settings: Settings) -> Result<MemoryLimit> {
    let machine = machine().map(|bytes| MemoryLimit { bytes, source: Source::Machine });
    let groups = groups().into_iter().map(|bytes| MemoryLimit { bytes, source: Source::Container });
    let none = MemoryLimit { bytes: f64::INFINITY, source: Source::Unknown };
    let all = set(settings)?.into_iter().chain(machine).chain(groups);
    Ok(all.fold(none, |least, next| if next.bytes < least.bytes { next } else { least }))
}

fn set(settings: Settings) -> Result<Option<MemoryLimit>> {
    if let Some(bytes) = settings.memory {
        return Ok(Some(MemoryLimit { bytes: bytes as f64, source: Source::Code }));
    }
    let Ok(text) = std::env::var(MEMORY) else { return Ok(None) };
    match text.parse::<u64>() {
        Ok(bytes) if bytes > 0 => Ok(Some(MemoryLimit { bytes: bytes as f64, source: Source::Environment })),
        _ => Err(Error::argument(format!("{MEMORY}: expected a number of bytes above 0, received {text:?}"))),
    }
}

/// The memory of the machine, as far as a process can address it.
fn machine() -> Option<f64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some((kibibytes * 1024.0).min(usize::MAX as f64))
}

/// The limits of the control groups that the process is in, those around them included.
fn groups() -> Vec<f64> {
    let list = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    list.lines().filter_map(folder_and_file).flat_map(|(folder, file)| limits_up(&folder, file)).collect()
}

/// The folder of a line of `/proc/self/cgroup`, and its file with the limit: of version 2, or of memory in version 1.
fn folder_and_file(line: &str) -> Option<(PathBuf, &'static str)> {
    let mut parts = line.splitn(3, ':').skip(1);
    let (controllers, group) = (parts.next()?, parts.next()?.trim_start_matches('/'));
    if controllers.is_empty() {
        Some((Path::new("/sys/fs/cgroup").join(group), "memory.max"))
    } else if controllers.split(',').any(|name| name == "memory") {
        Some((Path::new("/sys/fs/cgroup/memory").join(group), "memory.limit_in_bytes"))
    } else {
        None
    }
}

fn limits_up(folder: &Path, file: &str) -> Vec<f64> {
    let read = |folder: &Path| fs::read_to_string(folder.join(file)).ok()?.trim().parse().ok();
    folder.ancestors().take_while(|folder| folder.starts_with("/sys/fs/cgroup")).filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_both_versions_are_found() {
        let found = |line| folder_and_file(line).map(|(folder, file)| folder.join(file));
        assert_eq!(found("0::/a/b"), Some(PathBuf::from("/sys/fs/cgroup/a/b/memory.max")));
        assert_eq!(found("0::/"), Some(PathBuf::from("/sys/fs/cgroup/memory.max")));
        let old = PathBuf::from("/sys/fs/cgroup/memory/a/memory.limit_in_bytes");
        assert_eq!(found("9:cpu,memory:/a"), Some(old));
        assert_eq!(found("9:cpu:/a"), None);
        assert_eq!(found("nonsense"), None);
    }

    #[test]
    fn the_machine_has_some_memory() {
        let MemoryLimit { bytes, source } = limit().unwrap();
        assert!(bytes > 1e8, "{bytes}");
        if cfg!(target_os = "linux") {
            assert!(bytes < 1e15 && source != Source::Unknown, "{bytes}");
        }
    }

    #[test]
    fn the_least_limit_holds() {
        let with = |memory| least(Settings { memory: Some(memory), ..Settings::default() }).unwrap();
        assert_eq!(with(4096), MemoryLimit { bytes: 4096.0, source: Source::Code });
        if machine().is_some() {
            let most = with(u64::MAX);
            assert!(matches!(most.source, Source::Machine | Source::Container), "{most:?}");
        }
    }

    #[test]
    fn the_process_has_a_share_of_what_the_system_has() {
        let usable = |source| MemoryLimit { bytes: 4096.0, source }.usable();
        assert_eq!([Source::Machine, Source::Container].map(usable), [3584.0; 2]);
        assert_eq!([Source::Code, Source::Environment, Source::Unknown].map(usable), [4096.0; 3]);
    }

    #[test]
    fn what_is_beyond_is_refused_by_name() {
        assert!(check_fits(1.0, || unreachable!("it fits")).is_ok());
        if limit().unwrap().bytes.is_finite() {
            let error = check_fits(1e18, || "a value".to_owned()).unwrap_err();
            assert_eq!(error.code, crate::Code::Size);
            assert!(error.message.starts_with("a value: expected at most "), "{error}");
            assert!(error.message.ends_with("received 1000000000000000000"), "{error}");
        }
    }
}
