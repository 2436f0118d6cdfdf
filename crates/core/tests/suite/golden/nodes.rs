//! Nodes without state: outputs and gradients.

use serde_json::{Value, json};
use unrolled_core::storage::Batch;
use unrolled_kernels::{Element, Kernels};

use super::archive::{Case, Golden, assert_close, each_kernels, from_f64};
use super::models::{graph, input, node, output, parameter};
use super::net::{Net, ids, numbers};

const PARAMETERS: [&str; 3] = ["weight", "gain", "bias"];

#[test]
fn nodes_are_pytorchs_in_f64() {
    each_kernels::<f64>(|kernels| run_all(kernels, 1e-10));
}

#[test]
fn nodes_are_pytorchs_in_f32() {
    each_kernels::<f32>(|kernels| run_all(kernels, 5e-6));
}

fn run_all<E: Element>(kernels: Kernels<E>, tolerance: f64) {
    for (name, count) in [("nodes", 22), ("arithmetic", 32)] {
        let golden = Golden::read(name);
        assert_eq!(golden.cases().count(), count);
        for case in golden.cases() {
            run(kernels, case, tolerance);
        }
    }
}

fn run<E: Element>(kernels: Kernels<E>, case: Case<'_>, tolerance: f64) {
    let net = Net::new(kernels, &single(case), |name| &case.tensor(name).values);
    let mut inputs: Vec<_> = match case.find("ids") {
        Some(tensor) => vec![ids("x", &tensor.shape, &tensor.values)],
        None => given(case)
            .map(|name| numbers(name, &case.tensor(name).shape, &case.tensor(name).values))
            .collect(),
    };
    inputs[0].lengths =
        case.find("lengths").map(|lengths| lengths.values.iter().map(|&length| length as i32).collect());
    let batch = Batch::new(&net.program, inputs, Vec::new()).expect("a batch");
    let results = net.run(&batch, vec![("y".to_owned(), from_f64(&case.tensor("upstream").values))]);
    let what = |part: &str| format!("{} {} {part}", kernels.isa(), case.name);
    assert_close(&what("output"), &results.outputs["y"], &case.tensor("output").values, tolerance);
    for (name, expected) in case.under("gradient/") {
        assert_close(&what(name), &results.gradients[name], &expected.values, tolerance);
    }
}

/// The inputs of numbers.
fn given(case: Case<'_>) -> impl Iterator<Item = &'static str> {
    ["x", "y", "z"].into_iter().filter(move |name| case.find(name).is_some())
}

/// The one node of a case.
fn single(case: Case<'_>) -> String {
    let mut nodes: Vec<Value> = match case.find("ids") {
        Some(_) => vec![input("x", json!({ "tokens": { "vocabulary": case.tensor("weight").shape[0] } }))],
        None => given(case)
            .map(|name| input(name, json!({ "sequence": { "size": case.tensor(name).shape[2] } })))
            .collect(),
    };
    let shapes = PARAMETERS.iter().filter_map(|&name| Some((name, &case.find(name)?.shape)));
    let parameters: Vec<Value> = shapes.map(|(name, shape)| parameter(name, json!(shape))).collect();
    let inputs: Vec<&str> = if case.find("ids").is_some() { vec!["x"] } else { given(case).collect() };
    nodes.push(node("out", case.facts["op"].clone(), &inputs));
    graph(parameters, nodes, vec![output("y", "out")])
}
