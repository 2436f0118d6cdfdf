//! The Gumbel Tree-LSTM without noise: trees, roots and straight-through gradients.

use serde_json::json;
use unrolled_core::storage::Batch;
use unrolled_kernels::{Element, Kernels};

use super::archive::{Case, Golden, assert_close, each_kernels, from_f64};
use super::models::{graph, input, node, output, parameter};
use super::net::{Net, numbers};

const LENGTHS: [i32; 8] = [5, 1, 0, 2, 9, 3, 7, 4];

#[test]
fn trees_are_pytorchs_in_f64() {
    each_kernels::<f64>(|kernels| run_all(kernels, 1e-11));
}

#[test]
fn trees_are_pytorchs_in_f32() {
    each_kernels::<f32>(|kernels| run_all(kernels, 2e-5));
}

fn run_all<E: Element>(kernels: Kernels<E>, tolerance: f64) {
    let golden = Golden::read("gumbel_tree");
    assert_eq!(golden.cases().count(), 4);
    golden.cases().for_each(|case| run(kernels, case, tolerance));
}

fn run<E: Element>(kernels: Kernels<E>, case: Case<'_>, tolerance: f64) {
    let net = Net::new(kernels, &written(case), |name| &case.tensor(name).values);
    let x = case.tensor("x");
    let mut x = numbers("x", &x.shape, &x.values);
    x.lengths = Some(LENGTHS.to_vec());
    let batch = Batch::new(&net.program, vec![x], Vec::new()).expect("a batch");
    let results = net.run(&batch, vec![("root".to_owned(), from_f64(&case.tensor("upstream").values))]);
    let what = |part: &str| format!("{} {} {part}", kernels.isa(), case.name);
    assert_eq!(results.outputs["merges"], case.tensor("merges").values, "{}", what("merges"));
    assert_close(&what("root"), &results.outputs["root"], &case.tensor("root").values, tolerance);
    for (name, expected) in case.under("gradient/") {
        assert_close(&what(name), &results.gradients[name], &expected.values, tolerance);
    }
}

fn written(case: Case<'_>) -> String {
    let bias = case.find("bias").map(|_| "bias");
    let names = ["weight", "query"].into_iter().chain(bias);
    let parameters = names.map(|name| parameter(name, json!(case.tensor(name).shape)));
    let temperature = &case.facts["temperature"];
    let op = json!({ "gumbelTree": {
        "weight": "weight", "bias": bias, "query": "query", "temperature": temperature
    } });
    let x = input("x", json!({ "sequence": { "size": case.tensor("x").shape[2] } }));
    let outputs = vec![output("root", "tree:state"), output("merges", "tree:merges")];
    graph(parameters.collect(), vec![x, node("tree", op, &["x"])], outputs)
}
