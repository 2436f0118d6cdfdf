//! Weighted sums of rows: contexts of an attention, and the gradients of its memory and queries.

use super::access::{read, write};
use super::attention::{ABREAST, FEW};
use crate::number::Number;
use crate::vector::Vector;
use crate::view::{Matrix, MatrixMut, Rows};

#[inline(always)]
pub(crate) fn add_weighted_rows<V: Vector>(
    y: MatrixMut<'_, V::Element>,
    places: &[u32],
    weights: Matrix<'_, V::Element>,
    rows: Matrix<'_, V::Element>,
) {
    assert_eq!((weights.rows(), weights.columns()), (places.len(), rows.rows()), "weights are q x m");
    assert_eq!(rows.columns(), y.columns(), "rows are m x n");
    Sums { y, terms: OfRows { places, weights, rows } }.add::<V>();
}

#[inline(always)]
pub(crate) fn add_to_rows<V: Vector>(
    rows: MatrixMut<'_, V::Element>,
    weights: Matrix<'_, V::Element>,
    x: Rows<'_, V::Element>,
) {
    assert_eq!((weights.rows(), weights.columns()), (x.count(), rows.rows()), "weights are q x m");
    assert_eq!(rows.columns(), x.columns(), "rows are m x n");
    Sums { y: rows, terms: OfQueries { weights, x } }.add::<V>();
}

/// The terms of sums: y at the place of i += Σₖ weight(i, k)·x(k), for each i below `count` and k below `depth`. Methods of
/// a trait, as a closure is not sure to be inlined.
trait Terms<E> {
    fn count(&self) -> usize;
    fn depth(&self) -> usize;
    fn place(&self, i: usize) -> usize;
    fn weight(&self, i: usize, k: usize) -> E;
    fn x(&self, k: usize) -> &[E];
}

struct OfRows<'a, E> {
    places: &'a [u32],
    weights: Matrix<'a, E>,
    rows: Matrix<'a, E>,
}

impl<E: Copy> Terms<E> for OfRows<'_, E> {
    #[inline(always)]
    fn count(&self) -> usize {
        self.places.len()
    }

    #[inline(always)]
    fn depth(&self) -> usize {
        self.rows.rows()
    }

    #[inline(always)]
    fn place(&self, i: usize) -> usize {
        self.places[i] as usize
    }

    #[inline(always)]
    fn weight(&self, i: usize, k: usize) -> E {
        self.weights.stretch(i, k, 1)[0]
    }

    #[inline(always)]
    fn x(&self, k: usize) -> &[E] {
        self.rows.row(k)
    }
}

struct OfQueries<'a, E> {
    weights: Matrix<'a, E>,
    x: Rows<'a, E>,
}

impl<E: Copy> Terms<E> for OfQueries<'_, E> {
    #[inline(always)]
    fn count(&self) -> usize {
        self.weights.columns()
    }

    #[inline(always)]
    fn depth(&self) -> usize {
        self.x.count()
    }

    #[inline(always)]
    fn place(&self, i: usize) -> usize {
        i
    }

    #[inline(always)]
    fn weight(&self, i: usize, k: usize) -> E {
        self.weights.stretch(k, i, 1)[0]
    }

    #[inline(always)]
    fn x(&self, k: usize) -> &[E] {
        self.x.row(k)
    }
}

/// Sums that are added to rows of y, each a chain from y along k.
struct Sums<'y, E, T> {
    y: MatrixMut<'y, E>,
    terms: T,
}

impl<E: Number, T: Terms<E>> Sums<'_, E, T> {
    #[inline(always)]
    fn add<V: Vector<Element = E>>(&mut self) {
        if V::REGISTERS >= 32 {
            self.rows::<V, ABREAST, ABREAST>();
        } else {
            self.rows::<V, FEW, ABREAST>();
        }
    }

    /// All sums, `R` rows of y by `U` vectors at a time.
    #[inline(always)]
    fn rows<V: Vector<Element = E>, const R: usize, const U: usize>(&mut self) {
        let mut row = 0;
        while row + R <= self.terms.count() {
            self.columns::<V, R, U>(row);
            row += R;
        }
        while row < self.terms.count() {
            self.columns::<V, 1, U>(row);
            row += 1;
        }
    }

    /// The sums of `R` rows of y.
    #[inline(always)]
    fn columns<V: Vector<Element = E>, const R: usize, const U: usize>(&mut self, row: usize) {
        let columns = self.y.columns();
        let mut first = 0;
        while first + U * V::LANES <= columns {
            self.tile::<V, R, U>(row, first, V::LANES);
            first += U * V::LANES;
        }
        while first < columns {
            self.tile::<V, R, 1>(row, first, V::LANES.min(columns - first));
            first += V::LANES;
        }
    }

    /// The sums of `R` rows and `U` vectors, whole ones but for a single one.
    #[inline(always)]
    fn tile<V: Vector<Element = E>, const R: usize, const U: usize>(
        &mut self,
        row: usize,
        first: usize,
        active: usize,
    ) {
        let width = (U - 1) * V::LANES + active;
        let mut sums = [[V::zero(); U]; R];
        for (r, sums) in sums.iter_mut().enumerate() {
            let y = self.y.stretch(self.terms.place(row + r), first, width);
            for (u, sum) in sums.iter_mut().enumerate() {
                *sum = read(y, u * V::LANES, active);
            }
        }
        for k in 0..self.terms.depth() {
            let x = &self.terms.x(k)[first..first + width];
            let mut vectors = [V::zero(); U];
            for (u, vector) in vectors.iter_mut().enumerate() {
                *vector = read(x, u * V::LANES, active);
            }
            for (r, sums) in sums.iter_mut().enumerate() {
                let weight = V::splat(self.terms.weight(row + r, k));
                for (sum, x) in sums.iter_mut().zip(vectors) {
                    *sum = weight.mul_add(x, *sum);
                }
            }
        }
        for (r, sums) in sums.into_iter().enumerate() {
            let y = self.y.stretch_mut(self.terms.place(row + r), first, width);
            for (u, sum) in sums.into_iter().enumerate() {
                write(sum, y, u * V::LANES, active);
            }
        }
    }
}
