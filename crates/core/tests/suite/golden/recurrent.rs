//! RNN, LSTM and GRU: outputs, final states and every gradient.

use unrolled_core::storage::Batch;
use unrolled_kernels::{Element, Kernels};

use super::archive::{Case, Golden, assert_close, each_kernels, from_f64, text};
use super::models::written;
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

/// The name of the layers in their graphs, before the names of parameters and states.
const PREFIX: &str = "layers.";

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

/// The layers of a case.
struct Layers<'a> {
    cell: &'a str,
    layers: usize,
    input: usize,
    units: usize,
    bias: bool,
}

impl<'a> Layers<'a> {
    fn of(case: Case<'a>) -> Self {
        Self {
            cell: text(case.facts, "cell"),
            layers: count(case, "layers"),
            input: count(case, "input"),
            units: count(case, "units"),
            bias: flag(case, "bias"),
        }
    }

    /// The states of a cell.
    fn states(&self) -> &'static [&'static str] {
        if self.cell == "lstm" { &["h", "c"] } else { &["h"] }
    }

    /// The graph, as the TypeScript layer writes it.
    fn graph(&self, initial: Initial) -> String {
        let Self { cell, layers, input, units, bias } = self;
        let bias = if *bias { "_bias" } else { "" };
        let initial = if initial == Initial::Inputs { "_initial" } else { "" };
        written("recurrent", &format!("{cell}_{layers}{bias}{initial}_{input}x{units}"))
    }
}

fn run<E: Element>(kernels: Kernels<E>, case: Case<'_>, initial: Initial, tolerance: f64) {
    let layers = Layers::of(case);
    let plain = |name: &str| name.strip_prefix(PREFIX).expect("the layers' prefix").to_owned();
    let net = Net::new(kernels, &layers.graph(initial), |name| &case.tensor(&plain(name)).values);
    let mut x = numbers("x", &case.tensor("x").shape, &poisoned(case, "x"));
    x.lengths = Some(lengths(case).iter().map(|&length| length as i32).collect());
    let (mut inputs, mut states) = (vec![x], Vec::new());
    for (state, layer) in pairs(&layers) {
        let values = || layer_of(case, &format!("{state}_0"), layer, &layers);
        let shape = [lengths(case).len(), layers.units];
        match initial {
            Initial::Zero => {}
            Initial::Inputs => inputs.push(numbers(&format!("{state}_l{layer}"), &shape, values())),
            Initial::States => states.push(numbers(&model_state(state, layer), &shape, values())),
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
    layers: &Layers<'_>,
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
            let ours = if name == "x" { name.to_owned() } else { format!("{PREFIX}{name}") };
            close(&format!("gradient {name}"), &results.gradients[&ours], &expected.values);
        }
    }
    for (state, layer) in pairs(layers).filter(|_| initial != Initial::Zero) {
        let name = match initial {
            Initial::Inputs => format!("{state}_l{layer}"),
            _ => model_state(state, layer),
        };
        let expected = layer_of(case, &format!("gradient/{state}_0"), layer, layers);
        close(&format!("gradient {name}"), &results.gradients[&name], expected);
    }
}

/// The name of a state that the model owns.
fn model_state(state: &str, layer: usize) -> String {
    format!("{PREFIX}l{layer}:{state}")
}

fn pairs(layers: &Layers<'_>) -> impl Iterator<Item = (&'static str, usize)> {
    let states = layers.states();
    (0..layers.layers).flat_map(move |layer| states.iter().map(move |&state| (state, layer)))
}

/// One layer of a tensor `[layers, rows, units]`.
fn layer_of<'a>(case: Case<'a>, name: &str, layer: usize, layers: &Layers<'_>) -> &'a [f64] {
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
