//! Matrix products: the doors.

use std::ops::Range;

use crate::argument::Start;
use crate::isa::Kernels;
use crate::number::Number;
use crate::operands::Operands;
use crate::packed::Packed;
use crate::team::Team;
use crate::view::{Matrix, MatrixMut, Rows};

impl<E: Number + Products<E>> Kernels<E> {
    /// C = start + A·B, with C m x n, A m x k, and B packed as k x n with one gate.
    ///
    /// Every element is one chain of fused multiply-adds from its start along k; for operands in bf16 see
    /// [`Kernels::operands`]. The members of `team` share the columns.
    pub fn product(
        self,
        team: &Team,
        c: MatrixMut<'_, E>,
        start: Start<'_, E>,
        a: Matrix<'_, E>,
        b: &Packed<E>,
    ) {
        let weights = b.k() * b.n();
        team.split(b.n(), a.rows() * weights, weights, |units| {
            // SAFETY: this call reads and writes only the columns `units`, which no other call has.
            let c = unsafe { c.alias() };
            self.product_units(c, start, a, b, units);
        });
    }
}

entries! {
    trait Products;

    /// [`Kernels::product`](crate::Kernels::product) of some columns; the first begins a panel.
    pub(crate) fn product_units(c: MatrixMut<'_, E>, start: Start<'_, E>, a: Matrix<'_, E>, b: &Packed<E>,
        units: Range<usize>) = crate::generic::product::product;

    /// C += Σ aᵢᵀ·bᵢ over the rows of A and B, with C p x q. A and B have equally many rows, at most
    /// [`MOST_SUMMED`](crate::MOST_SUMMED).
    ///
    /// The sum is formed from zero in the order of the rows by fused multiply-adds, then added to C once. No rows leave C
    /// as it is. Both operands are rounded to the format of `operands`.
    pub fn outer(operands: Operands<E>, c: MatrixMut<'_, E>, a: Rows<'_, E>, b: Rows<'_, E>)
        = crate::generic::outer::outer;

    /// c += Σ aᵢ over the rows of A, with c of p elements.
    ///
    /// The sum is formed from zero in the order of the rows, then added to c once.
    pub fn column_sums(c: &mut [E], a: Rows<'_, E>) = crate::generic::outer::column_sums;

    /// c += Σ aᵢ∘bᵢ over the rows of A and B, with c of p elements. A and B have equally many rows.
    ///
    /// The sum is formed from zero in the order of the rows by fused multiply-adds, then added to c once.
    pub fn product_sums(c: &mut [E], a: Rows<'_, E>, b: Rows<'_, E>) = crate::generic::outer::product_sums;
}
