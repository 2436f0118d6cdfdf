//! Numbers of attentions that no slot holds, since each row has as many as its memory is long.

use super::Schedule;
use crate::Result;
use crate::memory::grow;

/// Of each row of a shard, the weights of its items one after another: a weight for each step of the memory. Likewise sums of
/// weights, and their gradients.
#[derive(Clone, Debug, Default)]
pub struct Alignment<E> {
    /// By row: the place of its first weight, and the steps of its memory.
    rows: Vec<(usize, usize)>,
    weights: Vec<E>,
}

impl<E: unrolled_kernels::Element> Alignment<E> {
    /// Makes room for `rows` rows; without a schedule of queries each row has a single one.
    ///
    /// # Errors
    /// [`crate::Code::Size`] when there is no memory.
    pub fn begin(&mut self, rows: usize, query: Option<&Schedule>, memory: &Schedule) -> Result<()> {
        const WHAT: &str = "the weights of an attention";
        grow(&mut self.rows, rows, WHAT)?;
        let mut count: usize = 0;
        for (row, place) in self.rows.iter_mut().enumerate() {
            let steps = memory.items_in(row);
            *place = (count, steps);
            let items = query.map_or(1, |query| query.items_in(row));
            count = count.saturating_add(items.saturating_mul(steps));
        }
        grow(&mut self.weights, count, WHAT)
    }

    /// Keeps the weights of item `t` of a row, if the weights leave the program.
    pub fn keep(&mut self, row: usize, t: usize, weights: &[E]) {
        if let Some(&(start, steps)) = self.rows.get(row) {
            self.weights[start + t * steps..][..steps].copy_from_slice(weights);
        }
    }

    /// Zeroes all weights.
    pub fn clear(&mut self) {
        self.weights.fill(E::ZERO);
    }

    /// Makes the weights of item `to` of a row those of item `from` plus others.
    pub fn add(&mut self, row: usize, [from, to]: [usize; 2], others: &[E]) {
        let (start, steps) = self.rows[row];
        let at = |t: usize| start + t * steps;
        self.weights.copy_within(at(from)..at(from) + steps, at(to));
        for (sum, &other) in self.weights[at(to)..][..steps].iter_mut().zip(others) {
            *sum += other;
        }
    }

    /// The weights of the only item of a row, to write.
    pub fn of_mut(&mut self, row: usize) -> &mut [E] {
        let (start, steps) = self.rows[row];
        &mut self.weights[start..][..steps]
    }

    /// The weights of item `t` of a row.
    #[must_use]
    pub fn of(&self, row: usize, t: usize) -> &[E] {
        let (start, steps) = self.rows[row];
        &self.weights[start + t * steps..][..steps]
    }

    /// Bytes of so many weights of so many rows.
    #[must_use]
    pub fn size(rows: usize, weights: usize) -> usize {
        rows * size_of::<(usize, usize)>() + weights * size_of::<E>()
    }

    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&self.rows[..]) + size_of_val(&self.weights[..])
    }
}
