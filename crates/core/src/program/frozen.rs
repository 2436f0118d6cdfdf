//! The parameters that training leaves as they are.

use std::collections::HashSet;
use std::ops::Range;

use super::TensorRef;
use crate::params::Layout;
use crate::{Error, Result};

/// Parameters without a gradient (`requires_grad = False` of PyTorch's). None by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frozen {
    /// Their elements, from the first to the last, neighbors joined.
    ranges: Vec<Range<usize>>,
}

impl Frozen {
    /// The parameters of those names.
    ///
    /// # Errors
    /// [`crate::Code::Argument`] for a name that no parameter has, and if no parameter is left to train.
    pub fn new(layout: &Layout, names: &[String]) -> Result<Self> {
        if let Some(name) = names.iter().find(|name| layout.find(name).is_none()) {
            return Err(Error::argument(format!(
                "frozen: expected names of parameters, received {name:?}; the model's parameters are {:?}",
                layout.entries().iter().map(|entry| &entry.name).collect::<Vec<_>>()
            )));
        }
        let mut ranges: Vec<Range<usize>> = Vec::new();
        let named: HashSet<&String> = names.iter().collect();
        for entry in layout.entries().iter().filter(|entry| named.contains(&entry.name)) {
            let own = entry.range();
            match ranges.last_mut().filter(|last| last.end == own.start) {
                Some(last) => last.end = own.end,
                None => ranges.push(own),
            }
        }
        let frozen = Self { ranges };
        if !names.is_empty() && frozen.rest(layout.total()).is_empty() {
            return Err(Error::argument(
                "frozen: expected a parameter that is left to train, received the names of all parameters",
            ));
        }
        Ok(frozen)
    }

    /// The frozen elements, from the first to the last.
    #[must_use]
    pub fn ranges(&self) -> &[Range<usize>] {
        &self.ranges
    }

    /// The other elements of `total`, from the first to the last.
    #[must_use]
    pub fn rest(&self, total: usize) -> Vec<Range<usize>> {
        let starts = [0].into_iter().chain(self.ranges.iter().map(|range| range.end));
        let ends = self.ranges.iter().map(|range| range.start).chain([total]);
        starts.zip(ends).map(|(start, end)| start..end).filter(|range| !range.is_empty()).collect()
    }

    /// True for a tensor of a frozen parameter.
    #[must_use]
    pub fn holds(&self, tensor: TensorRef) -> bool {
        let after = self.ranges.partition_point(|range| range.start <= tensor.offset);
        after.checked_sub(1).is_some_and(|at| self.ranges[at].contains(&tensor.offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;
    use crate::params::{Init, Parameter};

    fn layout() -> Layout {
        let parameter = |(name, rows): (&str, usize)| Parameter {
            name: name.into(),
            shape: vec![rows, 2],
            init: Init::Zeros,
        };
        Layout::new([("a", 3), ("b", 1), ("c", 4), ("d", 2)].map(parameter).into()).unwrap()
    }

    fn frozen(names: &[&str]) -> Result<Frozen> {
        Frozen::new(&layout(), &names.iter().map(|&name| name.into()).collect::<Vec<_>>())
    }

    #[test]
    fn neighbors_are_joined_and_the_rest_is_the_rest() {
        for (names, own, rest) in [
            (&[][..], "[]", "[0..20]"),
            (&["b", "a"], "[0..8]", "[8..20]"),
            (&["d", "b", "d"], "[6..8, 16..20]", "[0..6, 8..16]"),
            (&["a", "b", "d"], "[0..8, 16..20]", "[8..16]"),
        ] {
            let frozen = frozen(names).unwrap();
            assert_eq!(format!("{:?} {:?}", frozen.ranges(), frozen.rest(20)), format!("{own} {rest}"));
        }
    }

    #[test]
    fn a_part_of_a_parameter_is_frozen_with_it() {
        let frozen = frozen(&["b", "d"]).unwrap();
        let layout = layout();
        let found = layout.entries().iter().map(|entry| {
            let whole = TensorRef { offset: entry.offset, rows: entry.shape[0], columns: 2 };
            let last = whole.part(whole.rows - 1, 1);
            assert_eq!(frozen.holds(whole), frozen.holds(last), "{}", entry.name);
            frozen.holds(whole)
        });
        assert_eq!(found.collect::<Vec<_>>(), [false, true, false, true]);
    }

    #[test]
    fn a_name_that_no_parameter_has_and_nothing_left_are_refused() {
        for (names, part) in
            [(&["a", "e"][..], "\"e\""), (&[""], "\"\""), (&["a", "b", "c", "d"], "all parameters")]
        {
            let error = frozen(names).unwrap_err();
            assert!(error.code == Code::Argument && error.message.contains(part), "{error}");
        }
    }
}
