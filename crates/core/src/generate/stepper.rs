//! The model as generation sees it: items in, scores of the next items out.

use unrolled_kernels::Element;

use crate::Result;
use crate::memory::reserve;

/// The form of scores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Logits.
    #[default]
    Logits,
    /// Probabilities, of an output that ends in softmax or sigmoid.
    Probabilities,
}

/// The outputs of a [`Stepper`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Ids that are scored; of items that are numbers, the numbers of an item.
    pub items: usize,
    /// True if items are ids.
    pub tokens: bool,
    /// The form of the scores of ids.
    pub form: Form,
    /// The form of the output that ends sequences.
    pub stop: Form,
    /// Lengths that are scored; 0 without.
    pub lengths: usize,
    /// The form of the scores of lengths.
    pub length: Form,
    /// Numbers of an alignment of a row; 0 without.
    pub alignment: usize,
}

impl Sizes {
    /// Logits of so many ids.
    #[must_use]
    pub fn tokens(vocabulary: usize) -> Self {
        let (form, stop, length) = (Form::Logits, Form::Logits, Form::Logits);
        Self { items: vocabulary, tokens: true, form, stop, lengths: 0, length, alignment: 0 }
    }
}

/// The next item of every row.
#[derive(Clone, Debug, Default)]
pub struct Items<E> {
    /// Ids, one a row.
    pub ids: Vec<i32>,
    /// Numbers in their place, `[rows, size]`.
    pub values: Vec<E>,
    /// Items that are still to come, one number a row; of a predicted length.
    pub remaining: Vec<E>,
}

/// The outputs at a step.
#[derive(Clone, Copy, Debug)]
pub struct Outlook<'a, E> {
    /// Scores of the next id, or the next item, `[rows, size]`.
    pub scores: &'a [E],
    /// Scores of the end at this step, `[rows]`; empty without such an output.
    pub stop: &'a [E],
    /// The weights of an attention, `[rows, steps of the longest memory]`; empty without such an output.
    pub alignment: &'a [E],
}

/// Many rows step by step.
pub trait Stepper<E> {
    /// The scores of the lengths, `[rows, lengths]`, before the first step.
    ///
    /// # Errors
    /// Those of the model.
    fn lengths(&mut self) -> Result<Vec<E>>;

    /// The steps of the memory that the alignments of a prompt's row spread over.
    fn memory(&self, row: usize) -> usize;

    /// Takes an item of every row.
    ///
    /// # Errors
    /// Those of the model.
    fn step(&mut self, items: &Items<E>) -> Result<Outlook<'_, E>>;

    /// Goes on with these rows: row `i` from row `rows[i]`.
    ///
    /// # Errors
    /// Those of the model.
    fn reorder(&mut self, rows: &[usize]) -> Result<()>;
}

/// The items that each row is fed before its own: the prompts, with the start in front.
#[derive(Clone, Debug, PartialEq)]
pub struct Prompts<E> {
    /// Ids of all rows, one row after the other; empty for numbers.
    ids: Vec<i32>,
    /// Numbers of all rows.
    values: Vec<E>,
    /// Items before each row, and of all.
    starts: Vec<usize>,
}

/// Numbers of prompts, in errors.
const PROMPTS: &str = "the prompts";

impl<E: Element> Prompts<E> {
    /// Prompts of ids with these lengths, one row after the other, each after `start`.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub fn tokens(start: Option<u32>, ids: &[i32], lengths: &[u32]) -> Result<Self> {
        let more = usize::from(start.is_some());
        let mut prompts = Self::of(lengths.iter().map(|&length| length as usize + more))?;
        reserve(&mut prompts.ids, ids.len() + more * lengths.len(), PROMPTS)?;
        let mut rest = ids;
        for &length in lengths {
            let (own, others) = rest.split_at((length as usize).min(rest.len()));
            prompts.ids.extend(start.map(u32::cast_signed));
            prompts.ids.extend_from_slice(own);
            rest = others;
        }
        Ok(prompts)
    }

    /// Prompts of items of `size` numbers with these lengths, one row after the other, each after an item of zeros if
    /// `begun`.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub fn numbers(begun: bool, values: &[E], size: usize, lengths: &[u32]) -> Result<Self> {
        let more = usize::from(begun);
        let mut prompts = Self::of(lengths.iter().map(|&length| length as usize + more))?;
        reserve(&mut prompts.values, values.len() + more * size * lengths.len(), PROMPTS)?;
        let mut rest = values;
        for &length in lengths {
            let (own, others) = rest.split_at((length as usize * size).min(rest.len()));
            prompts.values.extend(std::iter::repeat_n(E::ZERO, more * size));
            prompts.values.extend_from_slice(own);
            rest = others;
        }
        Ok(prompts)
    }

    fn of(lengths: impl ExactSizeIterator<Item = usize>) -> Result<Self> {
        let (mut starts, mut all) = (Vec::new(), 0);
        reserve(&mut starts, lengths.len() + 1, PROMPTS)?;
        starts.push(0);
        for length in lengths {
            all += length;
            starts.push(all);
        }
        Ok(Self { ids: Vec::new(), values: Vec::new(), starts })
    }

    /// The number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// Items of a row.
    pub(super) fn length(&self, row: usize) -> usize {
        self.starts[row + 1] - self.starts[row]
    }

    /// An id of a row.
    pub(super) fn id(&self, row: usize, item: usize) -> i32 {
        self.ids[self.starts[row] + item]
    }

    /// The numbers of an item of a row.
    pub(super) fn values(&self, row: usize, item: usize, size: usize) -> &[E] {
        &self.values[(self.starts[row] + item) * size..][..size]
    }
}
