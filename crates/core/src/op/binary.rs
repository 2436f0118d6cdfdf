//! Quotients, the larger and smaller of two numbers, and choices between two by a third.

use std::array;

use unrolled_kernels::Element;

use super::arithmetic::join;
use super::facts::{Cut, Facts, Flow, Storage, Time, Work};
use crate::program::{Instruction, Operand};
use crate::storage::View;

pub(crate) fn facts(i: &Instruction) -> Facts {
    Facts {
        time: Time::EachStep,
        cut: Cut::Free,
        storage: Storage::Own,
        reads_back: i.inputs.clone(),
        flow: Flow::Through,
        joint: None,
        sums: Vec::new(),
        work: Work::Elementwise { weights: 0 },
    }
}

/// `y = a / b`.
pub(crate) fn divide_forward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    combine(f, i, |a, b| a / b);
}

/// `da += dy / b`, `db -= dy a / b²`.
pub(crate) fn divide_backward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    add_shares(f, i, 0, |dy, [_, b]| dy / b);
    add_shares(f, i, 1, |dy, [a, b]| -(dy / b * (a / b)));
}

/// `y = max(a, b)`; NaN if one is.
pub(crate) fn maximum_forward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    combine(f, i, |a, b| first_or(a >= b, a, b));
}

/// The larger one gets dy; two equal ones get half of it each.
pub(crate) fn maximum_backward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    for n in 0..2 {
        let share = [|dy, [a, b]: [E; 2]| part(dy, a, b), |dy, [a, b]: [E; 2]| part(dy, b, a)][n];
        add_shares(f, i, n, share);
    }
}

/// `y = min(a, b)`; NaN if one is.
pub(crate) fn minimum_forward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    combine(f, i, |a, b| first_or(a <= b, a, b));
}

/// The smaller one gets dy; two equal ones get half of it each.
pub(crate) fn minimum_backward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    for n in 0..2 {
        let share = [|dy, [a, b]: [E; 2]| part(dy, b, a), |dy, [a, b]: [E; 2]| part(dy, a, b)][n];
        add_shares(f, i, n, share);
    }
}

/// `y = of(a, b)`, number by number.
fn combine<E: Element>(f: &mut View<'_, E>, i: &Instruction, of: impl Fn(E, E) -> E) {
    f.write(Operand::Value(i.outputs[0]), |f, y| {
        join(f, i, y, |y, a, b| {
            y.iter_mut().zip(a.iter().zip(b)).for_each(|(y, (&a, &b))| *y = of(a, b));
        });
    });
}

/// The first number if it is `chosen`, else the second; NaN if one is.
fn first_or<E: Element>(chosen: bool, first: E, second: E) -> E {
    match first.partial_cmp(&second) {
        None => first + second,
        Some(_) if chosen => first,
        Some(_) => second,
    }
}

/// The share of dy that the number which should be larger gets.
fn part<E: Element>(dy: E, larger: E, smaller: E) -> E {
    if larger > smaller {
        dy
    } else if larger == smaller {
        dy * E::from_f64(0.5)
    } else {
        E::ZERO
    }
}

/// `y = a` where the condition is not 0, else `b`.
pub(crate) fn where_forward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    let y = i.outputs[0];
    f.write(Operand::Value(y), |f, rows| {
        let mut rows = rows.matrix();
        for item in f.items(y) {
            let [condition, a, b]: [_; 3] = array::from_fn(|m| {
                let x = i.inputs[m];
                f.matrix(Operand::Value(x)).row(item.of(f.is_whole(x, y)))
            });
            for (k, y) in rows.row_mut(item.place).iter_mut().enumerate() {
                *y = if condition[k] == E::ZERO { b[k] } else { a[k] };
            }
        }
    });
}

/// The chosen one gets dy, the other one nothing, and the condition nothing.
pub(crate) fn where_backward<E: Element>(f: &mut View<'_, E>, i: &Instruction) {
    add_shares(f, i, 1, |dy, [condition, _, _]| if condition == E::ZERO { E::ZERO } else { dy });
    add_shares(f, i, 2, |dy, [condition, _, _]| if condition == E::ZERO { dy } else { E::ZERO });
}

/// `dx += share(dy, inputs)` for the input `n`, item by item.
fn add_shares<E: Element, const N: usize>(
    f: &mut View<'_, E>,
    i: &Instruction,
    n: usize,
    share: impl Fn(E, [E; N]) -> E,
) {
    let (x, y) = (i.inputs[n], i.outputs[0]);
    f.add_gradient(x, |f, dx| {
        let (mut dx, dy) = (dx.matrix(), f.matrix(Operand::Gradient(y)));
        for item in f.items_back(y) {
            let rows: [&[E]; N] = array::from_fn(|m| {
                let x = i.inputs[m];
                f.matrix(Operand::Value(x)).row(item.of(f.is_whole(x, y)))
            });
            let dx = dx.row_mut(item.of(f.is_whole(x, y)));
            for (k, (dx, &dy)) in dx.iter_mut().zip(dy.row(item.place)).enumerate() {
                *dx += share(dy, rows.map(|row| row[k]));
            }
        }
    });
}
