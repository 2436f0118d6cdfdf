//! Settings of the process from code: given before the first use, and stronger than environment variables.

use std::sync::{Mutex, MutexGuard, PoisonError};

use unrolled_kernels::{Element, Isa, Kernels};

use crate::{Error, Result};

/// The most threads: each takes memory and a place in every cut of the work.
pub(crate) const MOST_THREADS: usize = 1024;

/// Settings that code gives; what is absent is left to the environment, or to the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Threads that compute, from 1 to 1024.
    pub threads: Option<usize>,
    /// The instruction set of the kernels; [`isa`] reads a name.
    pub isa: Option<Isa>,
    /// Bytes that a model or run may take, at least 1.
    pub memory: Option<u64>,
}

/// Gives settings to the process. Of two calls, the later one wins where both say something.
///
/// # Errors
/// `Argument` for a number out of its range, `State` after the first use: a model's threads and kernels are chosen with the
/// first model, and hold for the process.
pub fn configure(settings: Settings) -> Result<()> {
    state().configure(settings)
}

/// The instruction set of a name.
///
/// # Errors
/// `Argument` for an unknown name, or a set that the CPU lacks.
pub fn isa(word: &str) -> Result<Isa> {
    Isa::named(word).map_err(|error| Error::argument(error.to_string()))
}

/// The kernels of the process.
///
/// # Errors
/// `Argument` for an environment variable that names no instruction set of this CPU.
pub(crate) fn kernels<E: Element>() -> Result<Kernels<E>> {
    kernels_of(in_use())
}

/// The kernels that these settings choose.
pub(crate) fn kernels_of<E: Element>(settings: Settings) -> Result<Kernels<E>> {
    match settings.isa {
        Some(isa) => Kernels::with(isa).ok_or_else(|| Error::internal(format!("this CPU has no {isa}"))),
        None => Kernels::detect().map_err(|error| Error::argument(error.to_string())),
    }
}

/// The settings, from now on unchanged.
pub(crate) fn in_use() -> Settings {
    let mut state = state();
    state.in_use = true;
    state.settings
}

/// The settings so far.
pub(crate) fn so_far() -> Settings {
    state().settings
}

fn state() -> MutexGuard<'static, State> {
    static STATE: Mutex<State> = Mutex::new(State::NEW);
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

struct State {
    settings: Settings,
    in_use: bool,
}

impl State {
    const NEW: Self = Self { settings: Settings { threads: None, isa: None, memory: None }, in_use: false };

    fn configure(&mut self, settings: Settings) -> Result<()> {
        settings.check()?;
        if self.in_use {
            return Err(Error::state(
                "configure: expected a call before the first model of the process, received one after it; \
                 call it first, on the main thread",
            ));
        }
        let Settings { threads, isa, memory } = self.settings;
        self.settings = Settings {
            threads: settings.threads.or(threads),
            isa: settings.isa.or(isa),
            memory: settings.memory.or(memory),
        };
        Ok(())
    }
}

impl Settings {
    fn check(&self) -> Result<()> {
        if let Some(count) = self.threads.filter(|count| !(1..=MOST_THREADS).contains(count)) {
            return Err(Error::argument(format!(
                "configure threads: expected a whole number from 1 to {MOST_THREADS}, received {count}"
            )));
        }
        if self.memory == Some(0) {
            return Err(Error::argument("configure memory: expected a number of bytes above 0, received 0"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    fn with_threads(count: usize) -> Settings {
        Settings { threads: Some(count), ..Settings::default() }
    }

    #[test]
    fn later_settings_win_where_they_say_something() {
        let mut state = State::NEW;
        state.configure(with_threads(3)).unwrap();
        state.configure(Settings { isa: Some(Isa::Scalar), memory: Some(5), ..Settings::default() }).unwrap();
        state.configure(Settings { memory: Some(7), ..Settings::default() }).unwrap();
        assert_eq!(state.settings, Settings { threads: Some(3), isa: Some(Isa::Scalar), memory: Some(7) });
    }

    #[test]
    fn numbers_out_of_their_range_change_nothing() {
        let mut state = State::NEW;
        for settings in [with_threads(0), with_threads(1025), Settings { memory: Some(0), ..with_threads(2) }]
        {
            assert_eq!(state.configure(settings).unwrap_err().code, Code::Argument);
            assert_eq!(state.settings, Settings::default());
        }
        assert_eq!(state.configure(with_threads(1024)), Ok(()));
    }

    #[test]
    fn the_first_use_ends_it() {
        let mut state = State { in_use: true, ..State::NEW };
        let error = state.configure(with_threads(2)).unwrap_err();
        assert_eq!((error.code, state.settings), (Code::State, Settings::default()));
    }

    #[test]
    fn a_name_of_no_set_is_refused() {
        assert_eq!(isa("scalar"), Ok(Isa::Scalar));
        let error = isa("avx9").unwrap_err();
        assert!(error.code == Code::Argument && error.message.contains("\"avx9\""), "{error}");
    }

    #[test]
    fn kernels_follow_the_settings() {
        let settings = Settings { isa: Some(Isa::Scalar), ..Settings::default() };
        assert_eq!(kernels_of::<f32>(settings).unwrap().isa(), Isa::Scalar);
    }
}
