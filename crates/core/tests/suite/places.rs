//! A Tree-LSTM with a place for each child: one fused step, and leaves without products, give the numbers of the plain graph.

use serde_json::json;

use crate::folding::{check_forward, each, map, sigmoid};
use crate::support::graphs::{Builder, node};
use crate::support::runs::check_gradients;
use crate::support::trees::{
    FORESTS, INPUT, SIZE, act, bits, fold, inputs, linear, many, own, padded, state,
};

const PLACES: usize = 3;

/// A way to write the same node.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// Recognized as one step.
    Fused,
    /// A further reader of c keeps the instructions apart.
    Apart,
    /// Children's states behind an identity, whose zeros at the leaves nobody knows of.
    Multiplied,
    /// Gates in another order than the step has.
    Reordered,
}

/// The N-ary Tree-LSTM (Tai et al., 2015, equations 9 to 14).
fn tree_lstm(form: Form) -> Builder {
    let order: [usize; 3 + PLACES] =
        if form == Form::Reordered { [1, 0, 2, 3, 4, 5] } else { [0, 1, 2, 3, 4, 5] };
    let slice = |gate: usize| json!({ "slice": { "start": order[gate] * SIZE, "size": SIZE } });
    let mut nodes = vec![own(), state("h"), state("c"), node("pre", linear("w", Some("b")), &["x"])];
    let names = |kind: &str| (0..PLACES).map(|k| format!("{kind}{k}")).collect::<Vec<_>>();
    let (hs, cs) = (names("h"), names("c"));
    for k in 0..PLACES {
        let child = || json!({ "child": { "index": k } });
        nodes.extend([node(&hs[k], child(), &["h"]), node(&cs[k], child(), &["c"])]);
    }
    nodes.push(node("side", json!("concat"), &hs.iter().map(String::as_str).collect::<Vec<_>>()));
    let same = json!({ "affine": { "scale": 1.0, "shift": 0.0 } });
    nodes.push(node("behind", same, &["side"]));
    let below = if form == Form::Multiplied { "behind" } else { "side" };
    nodes.extend([node("rec", linear("u", None), &[below]), node("gates", json!("add"), &["pre", "rec"])]);
    for (gate, name) in ["i", "o", "u_", "f0", "f1", "f2"].into_iter().enumerate() {
        let function = if gate == 2 { "tanh" } else { "sigmoid" };
        let part = format!("{name}_pre");
        nodes.extend([node(&part, slice(gate), &["gates"]), act(name, function, &part)]);
    }
    nodes.push(node("sum", json!("multiply"), &["i", "u_"]));
    for (k, c) in cs.iter().enumerate() {
        let (kept, before) =
            (format!("kept{k}"), if k == 0 { "sum".into() } else { format!("sum{}", k - 1) });
        nodes.push(node(&kept, json!("multiply"), &[&format!("f{k}"), c]));
        nodes.push(node(&format!("sum{k}"), json!("add"), &[&before, &kept]));
    }
    let cell = format!("sum{}", PLACES - 1);
    nodes.extend([act("shown", "tanh", &cell), node("made", json!("multiply"), &["o", "shown"])]);
    let mut next = "made";
    if form == Form::Apart {
        let none = json!({ "affine": { "scale": 0.0, "shift": 0.0 } });
        nodes.extend([node("none", none, &[&cell]), node("next", json!("add"), &["made", "none"])]);
        next = "next";
    }
    let parameters: [(&str, &[usize]); 3] = [
        ("w", &[(3 + PLACES) * SIZE, INPUT]),
        ("b", &[(3 + PLACES) * SIZE]),
        ("u", &[(3 + PLACES) * SIZE, PLACES * SIZE]),
    ];
    let mut b =
        fold(&parameters, nodes, json!([{ "name": "h", "from": next }, { "name": "c", "from": cell }]));
    b.output("y", "fold:h").output("c", "fold:c");
    b
}

/// Trees of at most three children.
fn narrow() -> Vec<Vec<i32>> {
    let mut forests = many();
    // A root over three leaves instead of 300, and one over a chain.
    forests[3] = vec![-1, 0, 0, 0];
    forests[4] = (0..40).map(|v| if v == 39 { -1 } else { v + 1 }).collect();
    forests
}

#[test]
fn a_node_with_places_is_its_recursion() {
    for form in [Form::Fused, Form::Apart, Form::Multiplied] {
        check_forward("Tree-LSTM", &tree_lstm(form), &|m, x, below| {
            let state = |k: usize, at: usize| {
                below.get(k).map_or(vec![0.0; SIZE], |states: &Vec<Vec<f64>>| states[at].clone())
            };
            let side: Vec<f64> = (0..PLACES).flat_map(|k| state(k, 0)).collect();
            let gates = each(&map(m, "w", Some("b"), x), &map(m, "u", None, &side), |a, b| a + b);
            let gate = |at: usize| gates[at * SIZE..(at + 1) * SIZE].to_vec();
            let mut c = each(&gate(0), &gate(2), |i, u| sigmoid(i) * u.tanh());
            for k in 0..PLACES {
                let kept = each(&gate(3 + k), &state(k, 1), |f, c| sigmoid(f) * c);
                c = each(&c, &kept, |c, kept| c + kept);
            }
            vec![each(&gate(1), &c, |o, c| sigmoid(o) * c.tanh()), c]
        });
    }
}

#[test]
fn a_node_with_places_has_the_slopes_of_its_recursion() {
    for form in [Form::Fused, Form::Apart, Form::Multiplied, Form::Reordered] {
        check_gradients(&tree_lstm(form).graph(), &padded(inputs(&FORESTS, 5)), &[]);
    }
}

/// The fused step and the products that leaves leave out change no bit, on any number of threads.
#[test]
fn a_node_with_places_has_the_bits_of_its_instructions() {
    let forests = narrow();
    let forests: Vec<&[i32]> = forests.iter().map(|forest| &forest[..]).collect();
    let fused = bits(&tree_lstm(Form::Fused), &forests, 1);
    assert!(fused.1.iter().all(|&x| f64::from_bits(x) != 0.0));
    for form in [Form::Apart, Form::Multiplied] {
        assert!(bits(&tree_lstm(form), &forests, 1) == fused);
    }
    for threads in 2..5 {
        assert!(bits(&tree_lstm(Form::Fused), &forests, threads) == fused, "{threads} threads");
    }
}

/// Losses at c alone, or at h alone, whose other gradients are zeros.
#[test]
fn a_node_with_places_learns_from_either_state() {
    for keep in ["y", "c"] {
        let mut b = tree_lstm(Form::Fused);
        b.outputs.retain(|output| output["name"] == keep);
        check_gradients(&b.graph(), &padded(inputs(&FORESTS, 7)), &[]);
    }
}
