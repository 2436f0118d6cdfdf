//! A graph by hand: row by row, step by step, node by node, in f64. Neither compiled nor batched.

use std::collections::HashMap;

use serde_json::Value;
use unrolled_core::storage::{Data, Tensor};

use super::arithmetic::{Numbers, Wires, compute};
use super::graphs::Builder;
use super::runs::{Model, data};

/// A vector is one step that is not over time; an id is one number.
#[derive(Clone)]
struct Wire {
    over_time: bool,
    steps: Vec<Numbers>,
}

struct Row {
    weights: HashMap<String, Numbers>,
    /// Of the model, by `node:state`: those it begins with, then those it ends with.
    states: HashMap<String, Numbers>,
    length: usize,
}

/// Holds a run forward to the graph worked by hand: outputs, zeros in their padding, and the last states.
pub fn check_forward(b: &Builder, inputs: &[Tensor<f64>], states: &[Tensor<f64>], threads: usize) {
    let model = Model::<f64>::new(&b.graph(), threads);
    let run = model.forward(&model.batch(inputs.to_vec(), states.to_vec()));
    let all = model.weights.values();
    let entries = model.program.layout.entries().iter();
    let weights: HashMap<_, _> = entries.map(|e| (e.name.clone(), all[e.range()].to_vec())).collect();
    for r in 0..inputs[0].shape[0] {
        let over_time =
            |x: &&Tensor<f64>| x.shape.len() == if matches!(x.data, Data::Ids(_)) { 2 } else { 3 };
        let time = inputs
            .iter()
            .find(over_time)
            .map_or(1, |x| x.lengths.as_ref().map_or(x.shape[1], |n| n[r] as usize));
        let given =
            states.iter().map(|state| (state.name.clone(), row_of(state, r, 1).steps.concat())).collect();
        let mut row = Row { weights: weights.clone(), states: given, length: time };
        let mut wires: Wires<Wire> =
            inputs.iter().map(|tensor| (tensor.name.clone(), row_of(tensor, r, time))).collect();
        b.nodes.iter().for_each(|node| row.node(node, &mut wires));
        for (wire, output) in b.outputs.iter().zip(&run.outputs) {
            let expected = &wires[wire["from"].as_str().unwrap()];
            let width = output.shape.last().unwrap();
            let found = data(output).chunks(output.shape[1..].iter().product()).nth(r).unwrap();
            let (valid, padding) = found.split_at(expected.steps.len() * width);
            close(&format!("output {}, row {r}", wire["name"]), valid, &expected.steps.concat());
            assert!(padding.iter().all(|&x| x == 0.0), "{}: padding of row {r}", wire["name"]);
        }
        for state in &run.states {
            let found = &data(state)[r * state.shape[1]..][..state.shape[1]];
            close(&format!("state {}, row {r}", state.name), found, &row.states[&state.name]);
        }
    }
}

#[track_caller]
pub fn close(what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (a, e)) in found.iter().zip(expected).enumerate() {
        assert!((a - e).abs() <= 1e-12 * e.abs().max(1.0), "{what}, number {i}: {a} is not {e}");
    }
}

fn row_of(tensor: &Tensor<f64>, row: usize, time: usize) -> Wire {
    let numbers: Numbers = match &tensor.data {
        Data::Values(values) => values.clone(),
        Data::Ids(ids) => ids.iter().map(|&id| f64::from(id)).collect(),
    };
    let ids = matches!(tensor.data, Data::Ids(_));
    let over_time = tensor.shape.len() == if ids { 2 } else { 3 };
    let width = if ids { 1 } else { *tensor.shape.last().unwrap() };
    let own = &numbers[row * tensor.shape[1..].iter().product::<usize>()..];
    let steps = own.chunks(width).take(if over_time { time } else { 1 }).map(<[f64]>::to_vec).collect();
    Wire { over_time, steps }
}

impl Row {
    /// A node of the graph.
    fn node(&mut self, node: &Value, wires: &mut Wires<Wire>) {
        let (name, op) = (node["name"].as_str().unwrap(), &node["op"]);
        let inputs: Vec<Wire> =
            node["inputs"].as_array().unwrap().iter().map(|w| wires[w.as_str().unwrap()].clone()).collect();
        if op.get("input").is_some() {
            return;
        }
        if let Some(scan) = op.get("scan") {
            return self.scan(name, scan, &inputs, wires);
        }
        let vector = |steps: Numbers| Wire { over_time: false, steps: vec![steps] };
        let columns = |fold: fn(&[f64]) -> f64| {
            let steps = &inputs[0].steps;
            // A sequence that may have no steps has three features.
            let width = steps.first().map_or(3, Vec::len);
            vector((0..width).map(|k| fold(&steps.iter().map(|step| step[k]).collect::<Numbers>())).collect())
        };
        let pooled = match op.as_str() {
            Some("last") => columns(|all| all.last().copied().unwrap_or(0.0)),
            Some("mean") => columns(|all| all.iter().sum::<f64>() / (all.len().max(1) as f64)),
            Some("sumOverTime") => columns(|all| all.iter().sum()),
            Some("softmaxOverTime") => {
                let sums: Numbers = (0..inputs[0].steps.first().map_or(0, Vec::len))
                    .map(|k| inputs[0].steps.iter().map(|step| step[k].exp()).sum())
                    .collect();
                let share = |step: &Numbers| step.iter().zip(&sums).map(|(x, sum)| x.exp() / sum).collect();
                Wire { over_time: true, steps: inputs[0].steps.iter().map(share).collect() }
            }
            Some("max") => columns(|all| all.iter().copied().reduce(f64::max).unwrap_or(0.0)),
            _ if op.get("repeat").is_some() => {
                Wire { over_time: true, steps: vec![inputs[0].steps[0].clone(); self.length] }
            }
            _ if op.get("shift").is_some() => {
                let start = op["shift"]["start"].as_f64();
                let width = inputs[0].steps.first().map_or(3, Vec::len);
                let begin = start.map_or(vec![0.0; width], |id| vec![id]);
                let first = inputs.get(1).map(|v| v.steps[0].clone());
                let first = first.unwrap_or_else(|| {
                    let kept = self.states.entry(format!("{name}:last")).or_insert(begin);
                    inputs[0].steps.last().map_or(kept.clone(), |last| std::mem::replace(kept, last.clone()))
                });
                let before = std::iter::once(first).chain(inputs[0].steps.iter().cloned());
                Wire { over_time: true, steps: before.take(self.length).collect() }
            }
            _ => return self.each_step(name, op, &inputs, wires),
        };
        wires.insert(name.to_owned(), pooled);
    }

    fn each_step(&self, name: &str, op: &Value, inputs: &[Wire], wires: &mut Wires<Wire>) {
        let over_time = inputs.iter().any(|wire| wire.over_time);
        let count = if over_time { self.length } else { 1 };
        let mut ports: HashMap<String, Wire> = HashMap::new();
        let names: &[&str] = if op == "lstmGates" { &["", ":h", ":c"] } else { &["", ":h"] };
        names.iter().for_each(|port| {
            ports.insert(format!("{name}{port}"), Wire { over_time, steps: Vec::new() });
        });
        for t in 0..count {
            let at = |wire: &Wire| wire.steps[if wire.over_time { t } else { 0 }].clone();
            let mut step = HashMap::new();
            compute(&self.weights, name, op, &inputs.iter().map(at).collect::<Vec<_>>(), &mut step);
            step.into_iter().for_each(|(port, numbers)| ports.get_mut(&port).unwrap().steps.push(numbers));
        }
        wires.extend(ports);
    }

    fn scan(&mut self, name: &str, scan: &Value, inputs: &[Wire], wires: &mut Wires<Wire>) {
        let (nodes, outputs) =
            (scan["body"]["nodes"].as_array().unwrap(), scan["body"]["outputs"].as_array().unwrap());
        let named = |kind: &str| -> Vec<&Value> {
            nodes.iter().filter(|node| node["op"].get(kind).is_some()).collect()
        };
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let initial: Vec<String> = scan["initial"].as_array().into_iter().flatten().map(text).collect();
        let (entering, begin) = inputs.split_at(inputs.len() - initial.len());
        let mut states: Wires<Numbers> = HashMap::new();
        for state in named("state") {
            let (own, size) = (text(&state["name"]), state["op"]["state"]["size"].as_u64().unwrap() as usize);
            let given = initial.iter().position(|other| *other == own).map(|i| begin[i].steps[0].clone());
            let given = given.or_else(|| self.states.get(&format!("{name}:{own}")).cloned());
            states.insert(own, given.unwrap_or(vec![0.0; size]));
        }
        let mut ports: Wires<Vec<Numbers>> =
            outputs.iter().map(|wire| (text(&wire["name"]), Vec::new())).collect();
        let order: Vec<usize> = if scan["reverse"] == true {
            (0..self.length).rev().collect()
        } else {
            (0..self.length).collect()
        };
        for t in order {
            let mut inner = states.clone();
            for (input, wire) in named("input").iter().zip(entering) {
                inner.insert(text(&input["name"]), wire.steps[if wire.over_time { t } else { 0 }].clone());
            }
            for node in
                nodes.iter().filter(|node| node["op"].get("input").or(node["op"].get("state")).is_none())
            {
                let inputs: Vec<Numbers> = node["inputs"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|wire| inner[&text(wire)].clone())
                    .collect();
                compute(&self.weights, &text(&node["name"]), &node["op"], &inputs, &mut inner);
            }
            for wire in outputs {
                let value = inner[&text(&wire["from"])].clone();
                ports.get_mut(&text(&wire["name"])).unwrap().push(value.clone());
                states.entry(text(&wire["name"])).and_modify(|state| *state = value);
            }
        }
        for (port, mut steps) in ports {
            let over_time = !states.contains_key(&port);
            if !over_time {
                self.states.insert(format!("{name}:{port}"), states[&port].clone());
                steps = vec![states[&port].clone()];
            } else if scan["reverse"] == true {
                steps.reverse();
            }
            let wire = Wire { over_time, steps };
            if outputs[0]["name"] == port {
                wires.insert(name.to_owned(), wire.clone());
            }
            wires.insert(format!("{name}:{port}"), wire);
        }
    }
}
