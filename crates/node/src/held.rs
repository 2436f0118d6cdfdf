//! Something that JavaScript may give back before the garbage collector does.

use std::cell::RefCell;

use unrolled_core::Result;

use crate::error::disposed;

/// A value until it is given back; errors call it by its noun.
pub(crate) struct Held<T> {
    noun: &'static str,
    value: RefCell<Option<T>>,
}

impl<T> Held<T> {
    pub(crate) fn new(noun: &'static str, value: T) -> Self {
        Self { noun, value: RefCell::new(Some(value)) }
    }

    /// Uses the value.
    ///
    /// # Errors
    /// [`unrolled_core::Code::State`] once it has been given back.
    pub(crate) fn with<R>(&self, body: impl FnOnce(&T) -> Result<R>) -> Result<R> {
        body(self.value.borrow().as_ref().ok_or_else(|| disposed(self.noun))?)
    }

    /// Gives the value back, the first time.
    pub(crate) fn take(&self) -> Option<T> {
        self.value.take()
    }
}

#[cfg(test)]
mod tests {
    use unrolled_core::Code;

    use super::*;

    #[test]
    fn a_value_is_there_until_it_is_given_back() {
        let held = Held::new("model", 3);
        assert_eq!(held.with(|&value| Ok(value)), Ok(3));
        assert_eq!(held.take(), Some(3));
        assert_eq!(held.take(), None);
        let error = held.with(|&value| Ok(value)).expect_err("nothing is there");
        assert_eq!(error.code, Code::State);
        assert!(error.message.contains("model"), "{error}");
    }
}
