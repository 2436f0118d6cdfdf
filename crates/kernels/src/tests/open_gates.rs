//! Gates that are open keep a state to the bit, whatever the gates beside them do.

use ndarray::{Array2, s};

use super::gru::gru;
use super::recurrent::lstm;
use super::support::{Padded, array, bits, cast, for_both};
use crate::{Element, GruRecurrent};

/// A sum beyond which a gate is exactly 0 or 1, in `f64` too.
const SATURATED: f64 = 800.0;
const ROWS: usize = 5;
const UNITS: usize = 37;
const STEPS: usize = 300;

/// Sums of `gates` gates in -3..3; those of the gates in `set` are saturated.
fn sums(seed: usize, gates: usize, set: &[(usize, f64)]) -> Array2<f64> {
    let mut sums = array(seed, ROWS, gates * UNITS) * 3.0;
    for &(gate, value) in set {
        sums.slice_mut(s![.., gate * UNITS..(gate + 1) * UNITS]).fill(value);
    }
    sums
}

fn state<E: Element>() -> Array2<f64> {
    let rounded = cast::<E>(array(1, ROWS, UNITS).as_slice().unwrap());
    Array2::from_shape_vec((ROWS, UNITS), rounded.iter().map(|x| x.to_f64()).collect()).unwrap()
}

fn an_open_forget_gate_keeps_the_cell<E: Element>() {
    let mut c = state::<E>();
    let first = bits(&cast::<E>(c.as_slice().unwrap()));
    for step in 0..STEPS {
        let pre = sums(2 + step, 4, &[(0, -SATURATED), (1, SATURATED)]);
        let all = lstm::<E>(&pre, None, &c);
        let cell = &all[ROWS * 4 * UNITS..][..ROWS * UNITS];
        assert_eq!(bits(cell), first, "step {step}");
        c = Array2::from_shape_vec((ROWS, UNITS), cell.iter().map(|x| x.to_f64()).collect()).unwrap();
    }
}

fn an_open_update_gate_keeps_the_state<E: Element>() {
    let mut h = state::<E>();
    let first = bits(&cast::<E>(h.as_slice().unwrap()));
    for step in 0..STEPS {
        let (pre, recurrent) = (sums(2 + step, 3, &[(1, SATURATED)]), sums(9 + step, 3, &[]));
        let ready = Padded::<E>::new(recurrent.view());
        let all = gru::<E>(&pre, GruRecurrent::Ready(ready.view()), &h);
        let next = &all[ROWS * 4 * UNITS..];
        assert_eq!(bits(next), first, "step {step}");
        h = Array2::from_shape_vec((ROWS, UNITS), next.iter().map(|x| x.to_f64()).collect()).unwrap();
    }
}

for_both! {
    an_open_forget_gate_keeps_the_cell;
    an_open_update_gate_keeps_the_state;
}
