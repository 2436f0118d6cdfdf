//! RNN, LSTM and GRU: outputs, final states and every gradient.

use unrolled_core::storage::Batch;
use unrolled_kernels::{Element, Kernels};

use super::archive::{Case, Golden, assert_close, each_kernels, from_f64, text};
use super::models::{Recurrent, graph, input, output};
use super::net::{Net, Results, numbers};

/// The source of initial states.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Initial {
    Zero,
    /// Inputs of the graph.
    Inputs,
    /// States of the model that the run is given.
    States,
}

/// 4 cells, 1 or 2 layers, bias, ragged, initial state; and a large one of each cell.
const RECURRENT: (&str, usize) = ("recurrent", 64 + 4);
/// The equations of the reset-before GRU, with an empty row.
const RESET_BEFORE: (&str, usize) = ("reset_before", 2);

#[test]
fn cells_are_pytorchs_in_f64() {
    each_kernels::<f64>(|kernels| run_all(kernels, RECURRENT, 1e-10));
}

#[test]
fn cells_are_pytorchs_in_f32() {
    each_kernels::<f32>(|kernels| run_all(kernels, RECURRENT, 5e-6));
}

#[test]
fn reset_before_is_its_equations_in_f64() {
    each_kernels::<f64>(|kernels| run_all(kernels, RESET_BEFORE, 1e-12));
}

#[test]
fn reset_before_is_its_equations_in_f32() {
    each_kernels::<f32>(|kernels| run_all(kernels, RESET_BEFORE, 5e-6));
}

fn run_all<E: Element>(kernels: Kernels<E>, (file, cases): (&str, usize), tolerance: f64) {
    let golden = Golden::read(file);
    assert_eq!(golden.cases().count(), cases);
    for case in golden.cases() {
        let given: &[Initial] = match flag(case, "initial") {
            true => &[Initial::Inputs, Initial::States],
            false => &[Initial::Zero],
        };
        for &initial in given {
            run(kernels, case, initial, tolerance);
        }
    }
}

fn run<E: Element>(kernels: Kernels<E>, case: Case<'_>, initial: Initial, tolerance: f64) {
    let layers = Recurrent {
        cell: text(case.facts, "cell"),
        layers: count(case, "layers"),
        input: count(case, "input"),
        units: count(case, "units"),
        bias: flag(case, "bias"),
        initial: initial == Initial::Inputs,
        prefix: "",
    };
    let net = Net::new(kernels, &stack(&layers), |name| &case.tensor(name).values);
    let mut x = numbers("x", &case.tensor("x").shape, &poisoned(case, "x"));
    x.lengths = Some(lengths(case).iter().map(|&length| length as i32).collect());
    let (mut inputs, mut states) = (vec![x], Vec::new());
    for (state, layer) in pairs(&layers) {
        let values = || layer_of(case, &format!("{state}_0"), layer, &layers);
        let shape = [lengths(case).len(), layers.units];
        match initial {
            Initial::Zero => {}
            Initial::Inputs => inputs.push(numbers(&format!("{state}_l{layer}"), &shape, values())),
            Initial::States => states.push(numbers(&format!("l{layer}:{state}"), &shape, values())),
        }
    }
    let mut upstream = vec![("output".to_owned(), from_f64(&poisoned(case, "upstream/output")))];
    for (state, layer) in pairs(&layers) {
        let values = layer_of(case, &format!("upstream/{state}_n"), layer, &layers);
        upstream.push((format!("{state}_n{layer}"), from_f64(values)));
    }
    let batch = Batch::new(&net.program, inputs, states).expect("a batch");
    let results = net.run(&batch, upstream);
    let what = |part: &str| format!("{} {} {initial:?} {part}", kernels.isa(), case.name);
    compare(case, &layers, initial, &results, |part, actual, expected| {
        assert_close(&what(part), actual, expected, tolerance);
    });
}

fn compare(
    case: Case<'_>,
    layers: &Recurrent<'_>,
    initial: Initial,
    results: &Results,
    close: impl Fn(&str, &[f64], &[f64]),
) {
    close("output", &results.outputs["output"], &case.tensor("output").values);
    for (state, layer) in pairs(layers) {
        let name = format!("{state}_n{layer}");
        close(&name, &results.outputs[&name], layer_of(case, &format!("{state}_n"), layer, layers));
    }
    let is_state = |name: &str| name == "h_0" || name == "c_0";
    for (name, expected) in case.under("gradient/") {
        if !is_state(name) {
            close(&format!("gradient {name}"), &results.gradients[name], &expected.values);
        }
    }
    for (state, layer) in pairs(layers).filter(|_| initial != Initial::Zero) {
        let name = match initial {
            Initial::Inputs => format!("{state}_l{layer}"),
            _ => format!("l{layer}:{state}"),
        };
        let expected = layer_of(case, &format!("gradient/{state}_0"), layer, layers);
        close(&format!("gradient {name}"), &results.gradients[&name], expected);
    }
}

/// The layers with all their outputs and final states.
fn stack(layers: &Recurrent<'_>) -> String {
    let x = input("x", serde_json::json!({ "sequence": { "size": layers.input } }));
    let nodes = std::iter::once(x).chain(layers.nodes("x")).collect();
    let mut outputs = vec![output("output", &format!("l{}:output", layers.layers - 1))];
    for (state, layer) in pairs(layers) {
        outputs.push(output(&format!("{state}_n{layer}"), &format!("l{layer}:{state}")));
    }
    graph(layers.parameters(), nodes, outputs)
}

fn pairs(layers: &Recurrent<'_>) -> impl Iterator<Item = (&'static str, usize)> {
    let states = layers.states();
    (0..layers.layers).flat_map(move |layer| states.iter().map(move |&state| (state, layer)))
}

/// One layer of a tensor `[layers, rows, units]`.
fn layer_of<'a>(case: Case<'a>, name: &str, layer: usize, layers: &Recurrent<'_>) -> &'a [f64] {
    let tensor = case.tensor(name);
    let size = tensor.shape[1] * tensor.shape[2];
    assert_eq!(tensor.shape[0], layers.layers);
    &tensor.values[layer * size..][..size]
}

/// A tensor `[rows, time, size]` with NaN in padding, which must not matter.
fn poisoned(case: Case<'_>, name: &str) -> Vec<f64> {
    let tensor = case.tensor(name);
    let (time, size) = (tensor.shape[1], tensor.shape[2]);
    let mut values = tensor.values.clone();
    for (row, length) in values.chunks_mut(time * size).zip(lengths(case)) {
        row[length * size..].fill(f64::NAN);
    }
    values
}

fn lengths(case: Case<'_>) -> Vec<usize> {
    case.tensor("lengths").values.iter().map(|&length| length as usize).collect()
}

fn count(case: Case<'_>, key: &str) -> usize {
    case.facts[key].as_u64().expect("a number") as usize
}

fn flag(case: Case<'_>, key: &str) -> bool {
    case.facts[key].as_bool().expect("true or false")
}
