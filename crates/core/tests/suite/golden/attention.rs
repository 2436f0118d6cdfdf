//! Attention outside of loops and in them, and with coverage, over rows of unlike lengths, one without a memory and one without queries.

use serde_json::{Value, json};
use unrolled_core::storage::Batch;
use unrolled_kernels::{Element, Kernels};

use super::archive::{Case, Golden, assert_close, each_kernels, from_f64};
use super::models::{graph, output, parameter};
use super::net::{Net, numbers};

const QUERIES: [i32; 5] = [4, 1, 3, 0, 2];
const MEMORY: [i32; 5] = [3, 5, 0, 2, 1];

#[test]
fn attention_is_pytorchs_in_f64() {
    each_kernels::<f64>(|kernels| run_all(kernels, 1e-12));
}

#[test]
fn attention_is_pytorchs_in_f32() {
    each_kernels::<f32>(|kernels| run_all(kernels, 5e-6));
}

fn run_all<E: Element>(kernels: Kernels<E>, tolerance: f64) {
    for archive in ["attention", "coverage"] {
        let golden = Golden::read(archive);
        assert_eq!(golden.cases().count(), 6);
        golden.cases().for_each(|case| run(kernels, case, tolerance));
    }
}

fn names<'a>(case: Case<'a>, what: &str) -> impl Iterator<Item = &'a str> {
    case.facts[what].as_array().expect("names").iter().filter_map(Value::as_str)
}

fn run<E: Element>(kernels: Kernels<E>, case: Case<'_>, tolerance: f64) {
    let net = Net::new(kernels, &written(case), |name| &case.tensor(name).values);
    let inputs = names(case, "inputs").map(|name| {
        let tensor = case.tensor(name);
        let mut input = numbers(name, &tensor.shape, &tensor.values);
        input.lengths = match (tensor.shape.len(), name) {
            (2, _) => None,
            (_, "k" | "m") => Some(MEMORY.to_vec()),
            _ => Some(QUERIES.to_vec()),
        };
        input
    });
    let batch = Batch::new(&net.program, inputs.collect(), Vec::new()).expect("a batch");
    let results = net.run(&batch, vec![("y".to_owned(), from_f64(&case.tensor("upstream").values))]);
    let what = |part: &str| format!("{} {} {part}", kernels.isa(), case.name);
    for (name, expected) in case.under("output/") {
        assert_close(&what(name), &results.outputs[name], &expected.values, tolerance);
    }
    for (name, expected) in case.under("gradient/") {
        assert_close(&what(name), &results.gradients[name], &expected.values, tolerance);
    }
}

fn written(case: Case<'_>) -> String {
    let nodes = case.facts["nodes"].as_array().expect("nodes").clone();
    let parameters = names(case, "parameters").map(|name| parameter(name, json!(case.tensor(name).shape)));
    let looped = nodes.iter().any(|node| node["op"].get("scan").is_some());
    let (context, weights) = if looped { ("a:output", "a:weights") } else { ("a:context", "a:weights") };
    graph(parameters.collect(), nodes, vec![output("y", context), output("w", weights)])
}
