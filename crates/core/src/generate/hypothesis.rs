//! Sequences under way and at their end.

use unrolled_kernels::Element;

use crate::memory::{no_memory, reserve, zeros};
use crate::{Error, Result};

/// A sequence that a model made up.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypothesis<E> {
    /// The ids, the prompt left out and the end token included; empty for numbers.
    pub ids: Vec<i32>,
    /// The numbers, `[items, size]`; empty for ids.
    pub values: Vec<E>,
    /// The weights of an attention at each item, `[items, memory]`; empty without.
    pub alignments: Vec<E>,
    /// `ln P` of each item given those before; with an output that ends sequences, `ln P` of going on or ending there
    /// included.
    pub log_probabilities: Vec<f64>,
    /// `ln P` of the whole: their sum, and `ln P` of a predicted length.
    pub score: f64,
    /// The score over the penalty of its length, by which a beam compares.
    pub normalized_score: f64,
    /// True if the sequence ended by itself, false if the most steps cut it off.
    pub finished: bool,
}

/// A hypothesis as a path: the tip leads back to the first item.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Path {
    /// The last item; none yet before the first.
    pub(super) tip: Option<usize>,
    /// The number of items.
    pub(super) items: usize,
    /// `ln P` so far.
    pub(super) score: f64,
}

/// A path at its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ended {
    pub(super) path: Path,
    pub(super) normalized_score: f64,
    pub(super) finished: bool,
}

/// Every item of all paths, each with the item before.
#[derive(Clone, Debug, Default)]
pub(super) struct Trail<E> {
    before: Vec<Option<usize>>,
    logs: Vec<f64>,
    ids: Vec<i32>,
    /// `[items, size]`.
    values: Vec<E>,
    /// `[items, width]`.
    alignments: Vec<E>,
}

/// An item to extend a path by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item<'a, E> {
    /// `ln P`.
    pub(super) log: f64,
    /// The id; none of numbers.
    pub(super) id: Option<usize>,
    /// The numbers; none of an id.
    pub(super) values: &'a [E],
    /// The weights of an attention, if the model has them.
    pub(super) alignment: &'a [E],
}

impl<E: Element> Trail<E> {
    /// The number of items.
    pub(super) fn len(&self) -> usize {
        self.before.len()
    }

    /// The id of an item.
    pub(super) fn id(&self, item: usize) -> i32 {
        self.ids[item]
    }

    /// The numbers of an item.
    pub(super) fn values(&self, item: usize, size: usize) -> &[E] {
        &self.values[item * size..][..size]
    }

    /// The path one item further.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub(super) fn extend(&mut self, path: Path, item: Item<'_, E>) -> Result<Path> {
        let tip = Some(self.len());
        push(&mut self.before, path.tip)?;
        push(&mut self.logs, item.log)?;
        if let Some(id) = item.id {
            push(&mut self.ids, id as i32)?;
        }
        append(&mut self.values, item.values)?;
        append(&mut self.alignments, item.alignment)?;
        Ok(Path { tip, items: path.items + 1, score: path.score + item.log })
    }

    /// The sum of the weights of each of the first `memory` steps along a path.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub(super) fn covered(&self, path: Path, memory: usize) -> Result<Vec<f64>> {
        let mut sums = zeros(memory, "the coverage of a sequence")?;
        for item in self.backwards(path) {
            for (sum, weight) in sums.iter_mut().zip(self.alignment(item)) {
                *sum += weight.to_f64();
            }
        }
        Ok(sums)
    }

    /// The weights of an attention at an item.
    fn alignment(&self, item: usize) -> &[E] {
        let width = self.alignments.len() / self.len();
        &self.alignments[item * width..][..width]
    }

    /// The items along a path, from its end.
    fn backwards(&self, path: Path) -> impl Iterator<Item = usize> {
        std::iter::successors(path.tip, |&item| self.before[item])
    }

    /// The sequence of a path; items have so many numbers, and alignments so many steps.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub(super) fn hypothesis(&self, ended: &Ended, size: usize, memory: usize) -> Result<Hypothesis<E>> {
        let Ended { path, normalized_score, finished } = *ended;
        let mut places = Vec::new();
        reserve(&mut places, path.items, SEQUENCES)?;
        places.extend(self.backwards(path));
        places.reverse();
        let (mut ids, mut values, mut log_probabilities) = (Vec::new(), Vec::new(), Vec::new());
        reserve(&mut log_probabilities, path.items, SEQUENCES)?;
        log_probabilities.extend(places.iter().map(|&item| self.logs[item]));
        if self.values.is_empty() {
            reserve(&mut ids, path.items, SEQUENCES)?;
            ids.extend(places.iter().map(|&item| self.ids[item]));
        } else {
            reserve(&mut values, path.items * size, SEQUENCES)?;
            places.iter().for_each(|&item| values.extend_from_slice(self.values(item, size)));
        }
        let mut alignments = Vec::new();
        if !self.alignments.is_empty() {
            reserve(&mut alignments, path.items * memory, SEQUENCES)?;
            places.iter().for_each(|&item| alignments.extend_from_slice(&self.alignment(item)[..memory]));
        }
        Ok(Hypothesis {
            ids,
            values,
            alignments,
            log_probabilities,
            score: path.score,
            normalized_score,
            finished,
        })
    }
}

/// Numbers of sequences, in errors.
const SEQUENCES: &str = "the sequences of a generation";

/// Adds an entry to a list that doubles.
///
/// # Errors
/// [`crate::Code::Size`] when there is no memory.
pub(super) fn push<T>(list: &mut Vec<T>, item: T) -> Result<()> {
    list.try_reserve(1).map_err(|_| out_of_memory(list.len()))?;
    list.push(item);
    Ok(())
}

/// Adds numbers to a list that doubles.
fn append<E: Element>(list: &mut Vec<E>, more: &[E]) -> Result<()> {
    list.try_reserve(more.len()).map_err(|_| out_of_memory(list.len()))?;
    list.extend_from_slice(more);
    Ok(())
}

fn out_of_memory(count: usize) -> Error {
    no_memory(count, SEQUENCES)
}
