//! Vectors that no input decides: a parameter or constants, the same in every row.

use unrolled_kernels::Element;

use super::facts::{Cut, Facts, Flow, Storage, Time, Work};
use crate::program::{Instruction, Operand, Sum, TensorRef};
use crate::storage::View;

fn given(sums: Vec<(TensorRef, Sum)>) -> Facts {
    Facts {
        time: Time::EachStep,
        cut: Cut::Free,
        storage: Storage::Own,
        reads_back: Vec::new(),
        flow: Flow::Through,
        joint: None,
        sums,
        work: Work::Elementwise { weights: 0 },
    }
}

/// The gradient of a parameter is the sum of those of all rows.
pub(crate) fn parameter_facts(tensor: TensorRef, i: &Instruction) -> Facts {
    let gradient = Operand::Gradient(i.outputs[0]);
    given(vec![(tensor, Sum::Columns { gradient, columns: 0..tensor.rows })])
}

pub(crate) fn constant_facts() -> Facts {
    given(Vec::new())
}

pub(crate) fn parameter_forward<E: Element>(f: &mut View<'_, E>, tensor: TensorRef, i: &Instruction) {
    f.write(Operand::Value(i.outputs[0]), |f, y| {
        let values = f.weights.slice(tensor);
        y.slice().chunks_exact_mut(values.len()).for_each(|row| row.copy_from_slice(values));
    });
}

pub(crate) fn constant_forward<E: Element>(f: &mut View<'_, E>, values: &[f64], i: &Instruction) {
    f.write(Operand::Value(i.outputs[0]), |_, y| {
        for row in y.slice().chunks_exact_mut(values.len()) {
            row.iter_mut().zip(values).for_each(|(y, &value)| *y = E::from_f64(value));
        }
    });
}
