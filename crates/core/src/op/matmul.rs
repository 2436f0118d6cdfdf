//! The product of two small matrices, which each row or step holds flat, row by row.

use std::array;

use unrolled_kernels::Element;

use super::facts::{Cut, Facts, Flow, Storage, Time, Work};
use crate::program::{Instruction, Matmul, Operand};
use crate::storage::View;

pub(crate) fn facts(op: Matmul, i: &Instruction) -> Facts {
    let Matmul { rows, inner, columns, .. } = op;
    Facts {
        time: Time::EachStep,
        cut: Cut::Free,
        storage: Storage::Own,
        reads_back: i.inputs.clone(),
        flow: Flow::Through,
        joint: None,
        sums: Vec::new(),
        work: Work::Elementwise { weights: rows.saturating_mul(inner).saturating_mul(columns) },
    }
}

/// The distances between the neighbors of a column and of a row.
#[derive(Clone, Copy)]
struct Layout {
    down: usize,
    right: usize,
}

impl Layout {
    /// A matrix that is held row by row, or its transpose.
    fn of(columns: usize, rows: usize, transposed: bool) -> Self {
        if transposed { Self { down: 1, right: rows } } else { Self { down: columns, right: 1 } }
    }

    fn transpose(self) -> Self {
        Self { down: self.right, right: self.down }
    }
}

/// Numbers, and the way in which a matrix lies among them.
type Held<'a, E> = (&'a [E], Layout);

impl Matmul {
    fn layouts(self) -> [Layout; 2] {
        let Self { rows, inner, columns, transposed: [a, b] } = self;
        [Layout::of(inner, rows, a), Layout::of(columns, inner, b)]
    }

    fn product(self) -> Layout {
        Layout::of(self.columns, self.rows, false)
    }
}

/// `Y = A B`.
pub(crate) fn forward<E: Element>(f: &mut View<'_, E>, op: Matmul, i: &Instruction) {
    let y = i.outputs[0];
    let [a, b] = op.layouts();
    f.write(Operand::Value(y), |f, rows| {
        let mut rows = rows.matrix();
        for item in f.items(y) {
            let [of_a, of_b] = array::from_fn(|n| {
                f.matrix(Operand::Value(i.inputs[n])).row(item.of(f.is_whole(i.inputs[n], y)))
            });
            let y = rows.row_mut(item.place);
            y.fill(E::ZERO);
            add_product(y, op.product(), [op.rows, op.inner, op.columns], (of_a, a), (of_b, b));
        }
    });
}

/// `dA += dY Bᵀ`, `dB += Aᵀ dY`.
pub(crate) fn backward<E: Element>(f: &mut View<'_, E>, op: Matmul, i: &Instruction) {
    let y = i.outputs[0];
    let Matmul { rows, inner, columns, .. } = op;
    let [a, b] = op.layouts();
    for n in 0..2 {
        let (x, other) = (i.inputs[n], i.inputs[1 - n]);
        f.add_gradient(x, |f, dx| {
            let (mut dx, dy) = (dx.matrix(), f.matrix(Operand::Gradient(y)));
            for item in f.items_back(y) {
                let dx = dx.row_mut(item.of(f.is_whole(x, y)));
                let other = f.matrix(Operand::Value(other)).row(item.of(f.is_whole(other, y)));
                let dy = (dy.row(item.place), op.product());
                match n {
                    0 => add_product(dx, a, [rows, columns, inner], dy, (other, b.transpose())),
                    _ => add_product(dx, b, [inner, rows, columns], (other, a.transpose()), dy),
                }
            }
        });
    }
}

/// `out += A B`; each number of the product is summed in the order of the inner numbers, in f64.
fn add_product<E: Element>(
    out: &mut [E],
    layout: Layout,
    [rows, inner, columns]: [usize; 3],
    (a, of_a): Held<'_, E>,
    (b, of_b): Held<'_, E>,
) {
    for row in 0..rows {
        for column in 0..columns {
            let term = |k: usize| {
                a[row * of_a.down + k * of_a.right].to_f64() * b[k * of_b.down + column * of_b.right].to_f64()
            };
            out[row * layout.down + column * layout.right] += E::from_f64((0..inner).map(term).sum());
        }
    }
}
