//! Matrix products: entries.

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
            // SAFETY: only these columns are read and written, and no other call has them.
            let c = unsafe { c.alias() };
            self.product_units(c, start, a, b, units);
        });
    }
}

entries! {
    trait Products;

    /// [`Kernels::product`](crate::Kernels::product) of some columns, which begin a panel.
    pub(crate) fn product_units(c: MatrixMut<'_, E>, start: Start<'_, E>, a: Matrix<'_, E>, b: &Packed<E>,
        units: Range<usize>) = crate::generic::product::product;

    /// C += Σ aᵢᵀ·bᵢ over the rows of A and B, which are as many, with C p x q.
    ///
    /// The sum is formed from zero in their order by fused multiply-adds, then added to C once: one block of k.
    /// Nothing happens if there are none. A and B are taken as `operands` says.
    pub fn outer(operands: Operands<E>, c: MatrixMut<'_, E>, a: Rows<'_, E>, b: Rows<'_, E>)
        = crate::generic::outer::outer;

    /// c += Σ aᵢ over the rows of A, with c of p elements.
    ///
    /// The sum is formed from zero in their order, then added to c once.
    pub fn column_sums(c: &mut [E], a: Rows<'_, E>) = crate::generic::outer::column_sums;

    /// c += Σ aᵢ∘bᵢ over the rows of A and B, which are as many, with c of p elements.
    ///
    /// The sum is formed from zero in their order by fused multiply-adds, then added to c once.
    pub fn product_sums(c: &mut [E], a: Rows<'_, E>, b: Rows<'_, E>) = crate::generic::outer::product_sums;
}
