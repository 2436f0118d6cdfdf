//! The arithmetic of a node at one step, in f64.

use std::collections::HashMap;

use serde_json::Value;

pub type Numbers = Vec<f64>;

/// The numbers on the wires of a graph or body, by `node` and `node:port`.
pub type Wires<T> = HashMap<String, T>;

/// `Φ(x) = 1/2 + φ(x) (x + x³/3 + x⁵/15 + ...)`, φ the density of the normal distribution.
fn normal(x: f64) -> f64 {
    let (mut term, mut sum) = (x, 0.0);
    for n in 1..200 {
        sum += term;
        term *= x * x / f64::from(2 * n + 1);
    }
    0.5 + (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt() * sum
}

/// The outputs of a node at one step; gates have ports.
pub fn compute(
    weights: &Wires<Numbers>,
    name: &str,
    op: &Value,
    inputs: &[Numbers],
    wires: &mut Wires<Numbers>,
) {
    let none = Numbers::new();
    let x = inputs.first().unwrap_or(&none);
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    // One number meets every feature of the others.
    let width = inputs.iter().map(Vec::len).max().unwrap_or(0);
    let of = |input: &Numbers, k: usize| input[if input.len() == 1 { 0 } else { k }];
    let fold = |by: fn(f64, f64) -> f64| -> Numbers {
        (0..width).map(|k| inputs.iter().map(|input| of(input, k)).reduce(by).unwrap()).collect()
    };
    let map = |by: &dyn Fn(f64) -> f64| -> Numbers { x.iter().map(|&x| by(x)).collect() };
    let kind = op.as_str().unwrap_or_else(|| op.as_object().unwrap().keys().next().unwrap());
    let settings = &op[kind];
    let number = |key: &str| settings[key].as_f64().unwrap();
    let weight = |key: &str| settings[key].as_str().map(|name| &weights[name]);
    let value = match (kind, settings.as_str()) {
        ("add", _) => fold(|a, b| a + b),
        ("multiply", _) => fold(|a, b| a * b),
        ("concat", _) => inputs.concat(),
        ("slice", _) => x[number("start") as usize..][..number("size") as usize].to_vec(),
        ("affine", _) => map(&|x| number("scale") * x + number("shift")),
        ("dropout" | "gumbelNoise", _) => x.clone(),
        ("argmax", _) => {
            let largest = x.iter().copied().reduce(f64::max).unwrap();
            let first = x.iter().position(|&x| x == largest).unwrap();
            (0..x.len()).map(|k| f64::from(u8::from(k == first))).collect()
        }
        ("oneHot", _) => (0..6).map(|k| f64::from(u8::from(x[0] == f64::from(k)))).collect(),
        ("divide", _) => fold(|a, b| a / b),
        ("maximum", _) => fold(f64::max),
        ("minimum", _) => fold(f64::min),
        ("where", _) => {
            let at = |k: usize| of(&inputs[if of(x, k) != 0.0 { 1 } else { 2 }], k);
            (0..width).map(at).collect()
        }
        ("sum", _) => vec![x.iter().sum()],
        ("matmul", _) => {
            let [rows, inner, columns] = ["rows", "inner", "columns"].map(|key| number(key) as usize);
            let (flip_a, flip_b) = (settings["transpose"] == "a", settings["transpose"] == "b");
            let a = |i: usize, k: usize| if flip_a { x[k * rows + i] } else { x[i * inner + k] };
            let y = &inputs[1];
            let b = |k: usize, j: usize| if flip_b { y[j * inner + k] } else { y[k * columns + j] };
            let element = |n: usize| (0..inner).map(|k| a(n / columns, k) * b(k, n % columns)).sum();
            (0..rows * columns).map(element).collect()
        }
        ("parameter", _) => weight("weight").unwrap().clone(),
        ("constant", _) => {
            settings["values"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
        }
        ("detach", _) => x.clone(),
        ("abs", _) => map(&f64::abs),
        ("exp", _) => map(&f64::exp),
        ("log", _) => map(&f64::ln),
        ("sqrt", _) => map(&f64::sqrt),
        ("elu", _) => map(&|x| if x > 0.0 { x } else { number("alpha") * x.exp_m1() }),
        ("leakyRelu", _) => map(&|x| if x > 0.0 { x } else { number("slope") * x }),
        ("activation", Some("softplus")) => map(&|x| x.exp().ln_1p()),
        ("activation", Some("hardSigmoid")) => map(&|x| ((x + 3.0).clamp(0.0, 6.0)) / 6.0),
        ("activation", Some("silu")) => map(&|x| x * sigmoid(x)),
        ("activation", Some("gelu")) => map(&|x| x * normal(x)),
        ("activation", Some("tanh")) => map(&f64::tanh),
        ("activation", Some("sigmoid")) => map(&sigmoid),
        ("activation", Some("relu")) => map(&|x| x.max(0.0)),
        ("activation", Some("softmax")) => {
            let sum: f64 = x.iter().map(|x| x.exp()).sum();
            map(&|x| x.exp() / sum)
        }
        ("embedding", _) => {
            let (table, id, padding) =
                (weight("weight").unwrap(), x[0] as usize, settings["padding"].as_u64());
            let size = table.len() / 6;
            let row = table[id * size..][..size].to_vec();
            if padding == Some(id as u64) { vec![0.0; size] } else { row }
        }
        ("linear", _) => {
            let rows = weight("weight").unwrap().chunks(x.len()).enumerate();
            let bias = |i: usize| weight("bias").map_or(0.0, |bias| bias[i]);
            let all: Numbers =
                rows.map(|(i, row)| bias(i) + row.iter().zip(x).map(|(w, x)| w * x).sum::<f64>()).collect();
            let end = |i: usize| settings["rows"][i].as_u64().map(|end| end as usize);
            all[end(0).unwrap_or(0)..end(1).unwrap_or(all.len())].to_vec()
        }
        ("layerNorm", _) => {
            let mean = x.iter().sum::<f64>() / x.len() as f64;
            let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / x.len() as f64;
            let scale = 1.0 / (variance + settings["epsilon"].as_f64().unwrap_or(1e-5)).sqrt();
            let affine = weight("gain").unwrap().iter().zip(weight("bias").unwrap());
            x.iter().zip(affine).map(|(x, (g, b))| g * (x - mean) * scale + b).collect()
        }
        ("lstmGates", _) => {
            let (c, n) = (&inputs[1], inputs[1].len());
            let next = |k: usize| sigmoid(x[n + k]) * c[k] + sigmoid(x[k]) * x[2 * n + k].tanh();
            wires.insert(format!("{name}:c"), (0..n).map(next).collect());
            (0..n).map(|k| sigmoid(x[3 * n + k]) * next(k).tanh()).collect()
        }
        ("gruGates", _) => {
            let (rec, h, n) = (&inputs[1], &inputs[2], inputs[2].len());
            let at = |k: usize| {
                let [r, z] = [k, n + k].map(|k| sigmoid(x[k] + rec[k]));
                (1.0 - z) * (x[2 * n + k] + r * rec[2 * n + k]).tanh() + z * h[k]
            };
            (0..n).map(at).collect()
        }
        other => panic!("no such operation: {other:?}"),
    };
    if kind.ends_with("Gates") {
        wires.insert(format!("{name}:h"), value.clone());
    }
    wires.insert(name.to_owned(), value);
}
