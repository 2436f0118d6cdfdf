//! A model as a whole: saved and loaded, streamed, and unchanged by steps that fail.

use std::sync::Arc;

use crate::support::graphs::{Builder, sequence, tokens};
use crate::support::runs::{data, ids, numbers, values};
use serde_json::{Value, json};
use unrolled_core::Code;
use unrolled_core::format;
use unrolled_core::graph::Graph;
use unrolled_core::model::{MeasureConfig, Model, Precision, Session, Trainer, TrainerConfig};
use unrolled_core::storage::Tensor;

const ROWS: usize = 3;
const TIME: usize = 7;

fn graph(reverse: bool) -> Graph {
    let mut b = Builder::default();
    b.node("x", sequence(2), &[]).layer("a", "lstm", 0, "x", [2, 5], true, reverse, &[]);
    b.node("last", json!("last"), &["a:output"]);
    b.output("y", "a:output").output("z", "last");
    b.graph()
}

fn model() -> Arc<Model<f32>> {
    Arc::new(Model::new(graph(false), 3, Precision::Full).unwrap())
}

fn trainer(model: &Arc<Model<f32>>, output: &str, more: &Value) -> unrolled_core::Result<Trainer<f32>> {
    let mut config = json!({
        "losses": [{ "output": output, "loss": { "meanSquared": {} } }],
        "optimizer": { "adam": {} },
        "learningRate": 0.1,
    });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Trainer::new(Arc::clone(model), TrainerConfig::from_json(&config.to_string()).unwrap())
}

fn input() -> Tensor<f32> {
    values("x", &[ROWS, TIME, 2], numbers(ROWS * TIME * 2, 5))
}

fn target() -> Tensor<f32> {
    values("y", &[ROWS, TIME, 5], numbers(ROWS * TIME * 5, 6))
}

/// Losses whose gradient at [`huge`] is beyond `f32`.
fn summed() -> Value {
    json!({ "losses": [{ "output": "y", "loss": { "meanSquared": {} }, "reduction": "sum" }] })
}

fn huge() -> Tensor<f32> {
    values("y", &[ROWS, TIME, 5], vec![f32::MAX; ROWS * TIME * 5])
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn outputs_are_zero_in_the_padding_and_say_their_lengths_where_rows_differ() {
    let model = model();
    let whole = model.predict(&model.snapshot(), vec![input()], vec![]).unwrap();
    let lengths = Some(vec![5, 0, 7]);
    let ragged = model
        .predict(&model.snapshot(), vec![Tensor { lengths: lengths.clone(), ..input() }], vec![])
        .unwrap();
    assert_eq!((&whole.outputs[0].lengths, &ragged.outputs[0].lengths), (&None, &lengths));
    let (whole, ragged) = (data(&whole.outputs[0]), data(&ragged.outputs[0]));
    for (row, length) in [5, 0, 7].into_iter().enumerate() {
        let all = row * TIME * 5..(row + 1) * TIME * 5;
        let (valid, padding) = ragged[all.clone()].split_at(length * 5);
        assert_eq!(bits(valid), bits(&whole[all][..length * 5]), "row {row}");
        assert!(padding.iter().all(|x| x.to_bits() == 0), "row {row}");
    }
}

#[test]
fn a_description_names_every_wire_with_its_kind() {
    let mut b = Builder::default();
    b.node("x", sequence(2), &[]).node("ids", tokens(4), &[]).layer(
        "a",
        "lstm",
        0,
        "x",
        [2, 5],
        true,
        false,
        &[],
    );
    b.node("last", json!("last"), &["a:output"]).node("both", json!("concat"), &["last", "last"]);
    b.output("y", "both");
    let model = Model::<f32>::new(b.graph(), 3, Precision::Full).unwrap();
    let wires: Value = serde_json::to_value(model.describe().wires).unwrap();
    let over_time = |size: usize| json!({ "sequence": { "size": size, "axis": "time" } });
    let vector = |size: usize| json!({ "vector": { "size": size } });
    assert_eq!(
        wires,
        json!([
            { "name": "x", "kind": over_time(2) },
            { "name": "ids", "kind": { "tokens": { "vocabulary": 4, "axis": "time" } } },
            { "name": "a:output", "kind": over_time(5) },
            { "name": "a:h", "kind": vector(5) },
            { "name": "a:c", "kind": vector(5) },
            { "name": "last", "kind": vector(5) },
            { "name": "both", "kind": vector(10) },
        ])
    );
}

#[test]
fn a_saved_model_gives_the_same_bits_and_is_four_bytes_a_parameter() {
    let model = model();
    trainer(&model, "y", &json!({})).unwrap().step(vec![input()], vec![target()], false).unwrap();
    let bytes = model.to_bytes(&model.snapshot(), None).unwrap();
    let again = Model::from_bytes(&bytes, Precision::Full).unwrap();
    assert_eq!(bits(&again.parameters().unwrap()), bits(&model.parameters().unwrap()));
    assert_eq!(
        again.predict(&again.snapshot(), vec![input()], vec![]),
        model.predict(&model.snapshot(), vec![input()], vec![])
    );
    assert_eq!(again.to_bytes(&again.snapshot(), None).unwrap(), bytes);
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    assert_eq!(bytes.len(), 8 + header + 4 * model.describe().count);
}

#[test]
fn files_that_are_no_models_are_refused() {
    let model = model();
    let bytes = model.to_bytes(&model.snapshot(), None).unwrap();
    let code = |bytes: &[u8]| Model::from_bytes(bytes, Precision::Full).err().unwrap().code;
    for end in [0, 7, 8, 100, bytes.len() - 1] {
        assert_eq!(code(&bytes[..end]), Code::Format, "{end} bytes");
    }
    let file = format::read(&bytes).unwrap();
    let tensors: Vec<_> =
        file.tensors.iter().map(|t| (t.name.as_str(), t.shape.as_slice(), t.values.as_slice())).collect();
    assert_eq!(code(&format::write([].into(), &tensors).unwrap()), Code::Format);
    let write = |tensors: &[_]| format::write(file.metadata.clone(), tensors).unwrap();
    assert_eq!(code(&write(&tensors[1..])), Code::Format);
    let more = [&tensors[..], &[("more", &[1][..], &[0.0][..])]].concat();
    assert_eq!(code(&write(&more)), Code::Format);
    let mut reshaped = tensors.clone();
    let shape = [reshaped[0].2.len()];
    reshaped[0].1 = &shape;
    assert_eq!(code(&write(&reshaped)), Code::Format);
    assert_eq!(write(&tensors), bytes);
}

#[test]
fn a_stream_gives_the_bits_of_the_whole_sequence() {
    let model = model();
    let x = values("x", &[1, TIME, 2], numbers(TIME * 2, 5));
    let whole = model.predict(&model.snapshot(), vec![x.clone()], vec![]).unwrap();
    let mut stream = Session::new(Arc::clone(&model), 1).unwrap();
    let mut steps = Vec::new();
    for step in data(&x).chunks(2) {
        let outputs = stream.step(step, &[]).unwrap();
        assert_eq!(outputs[..5], outputs[5..], "the last step of one step is that step");
        steps.extend_from_slice(&outputs[..5]);
    }
    assert_eq!(bits(&steps), bits(data(&whole.outputs[0])));
    assert_eq!(stream.states().unwrap(), whole.states);
}

#[test]
fn a_streams_state_is_a_value() {
    let model = model();
    let step = [0.5, -1.0];
    let mut stream = Session::new(Arc::clone(&model), 1).unwrap();
    let zero = stream.states().unwrap();
    let first = stream.step(&step, &[]).unwrap().to_vec();
    let after = stream.states().unwrap();
    assert_ne!(stream.step(&step, &[]).unwrap(), first);
    stream.set_states(zero.iter().rev().cloned().collect()).unwrap();
    assert_eq!(stream.step(&step, &[]).unwrap(), first);

    let code =
        |states: Vec<Tensor<f32>>, stream: &mut Session<f32>| stream.set_states(states).unwrap_err().code;
    let wrong = values(&zero[0].name, &[1, 4], vec![0.0; 4]);
    let infinite = values(&zero[0].name, &[1, 5], vec![f32::INFINITY; 5]);
    assert_eq!(code(zero[..1].to_vec(), &mut stream), Code::Argument);
    assert_eq!(code(vec![zero[0].clone(), zero[0].clone()], &mut stream), Code::Argument);
    assert_eq!(code([&zero[..], &zero[..1]].concat(), &mut stream), Code::Argument);
    assert_eq!(
        code([&zero[..], &[values("none", &[1, 1], vec![0.0])]].concat(), &mut stream),
        Code::Argument
    );
    assert_eq!(code(vec![wrong, zero[1].clone()], &mut stream), Code::Shape);
    assert_eq!(code(vec![infinite, zero[1].clone()], &mut stream), Code::NonFinite);
    assert_eq!(stream.states().unwrap(), after);
}

#[test]
fn a_step_that_does_not_fit_leaves_a_stream_as_it_was() {
    let mut stream = Session::new(model(), 1).unwrap();
    stream.step(&[0.5, -1.0], &[]).unwrap();
    let before = stream.states().unwrap();
    let wrong: [(&[f32], &[i32], Code); 5] = [
        (&[0.5], &[], Code::Shape),
        (&[0.5, -1.0, 0.0], &[], Code::Shape),
        (&[0.5, -1.0], &[1], Code::Shape),
        (&[0.5, f32::NAN], &[], Code::NonFinite),
        (&[f32::INFINITY, 0.0], &[], Code::NonFinite),
    ];
    for (values, ids, code) in wrong {
        assert_eq!(stream.step(values, ids).unwrap_err().code, code, "{values:?} {ids:?}");
        assert_eq!(stream.states().unwrap(), before);
    }
}

#[test]
fn a_state_that_grows_out_of_range_is_refused_and_not_kept() {
    let mut b = Builder::default();
    b.node("x", sequence(1), &[]).layer("a", "rnn_relu", 0, "x", [1, 1], false, false, &[]);
    b.output("y", "a:output");
    let model = Arc::new(Model::<f32>::new(b.graph(), 3, Precision::Full).unwrap());
    model.set_parameters(&[1e30, 1e30]).unwrap();
    let mut stream = Session::new(model, 1).unwrap();
    stream.step(&[1.0], &[]).unwrap();
    let before = stream.states().unwrap();
    let error = stream.step(&[1.0], &[]).unwrap_err();
    assert_eq!(
        (error.code, error.message.as_str()),
        (Code::NonFinite, "state 'a:h': expected finite numbers, received a NaN or infinity")
    );
    assert_eq!(stream.states().unwrap(), before);
    assert_eq!(data(&before[0]), [1e30]);
}

#[test]
fn a_stream_takes_several_inputs_of_either_kind_in_their_order() {
    let mut b = Builder::default();
    b.node("a", sequence(2), &[]).node("b", tokens(5), &[]).node("c", sequence(3), &[]);
    b.node("d", tokens(4), &[]).parameter("table_b", &[5, 2]).parameter("table_d", &[4, 1]);
    b.node("eb", json!({ "embedding": { "weight": "table_b" } }), &["b"]);
    b.node("ed", json!({ "embedding": { "weight": "table_d" } }), &["d"]);
    b.node("all", json!("concat"), &["a", "eb", "c", "ed"]);
    b.layer("l", "gru", 0, "all", [8, 3], true, false, &[]).output("y", "l:output").output("z", "all");
    let model = Arc::new(Model::<f32>::new(b.graph(), 3, Precision::Full).unwrap());
    let (a, c) = (numbers(TIME * 2, 5), numbers(TIME * 3, 6));
    let [first, second] = [vec![4, 0, 2, 2, 1, 3, 4], vec![0, 3, 3, 1, 2, 0, 1]];
    let whole = vec![
        values("a", &[1, TIME, 2], a.clone()),
        ids("b", &[1, TIME], first.clone()),
        values("c", &[1, TIME, 3], c.clone()),
        ids("d", &[1, TIME], second.clone()),
    ];
    let whole = model.predict(&model.snapshot(), whole, vec![]).unwrap();
    let [y, z] = &whole.outputs[..] else { panic!("two outputs") };
    let mut stream = Session::new(model, 1).unwrap();
    for t in 0..TIME {
        let step = [&a[t * 2..][..2], &c[t * 3..][..3]].concat();
        let outputs = stream.step(&step, &[first[t], second[t]]).unwrap();
        assert_eq!(bits(&outputs[..3]), bits(&data(y)[t * 3..][..3]));
        assert_eq!(bits(&outputs[3..]), bits(&data(z)[t * 8..][..8]));
    }
    assert_eq!(stream.states().unwrap(), whole.states);
    for (wrong, code) in [([5, 0], Code::Value), ([0, 4], Code::Value), ([-1, 0], Code::Value)] {
        assert_eq!(stream.step(&[0.0; 5], &wrong).unwrap_err().code, code);
    }
    assert_eq!(stream.states().unwrap(), whole.states);
}

#[test]
fn a_measurement_is_told_apart_by_output() {
    let model = model();
    let config = json!({ "losses": [{ "output": "y", "loss": { "meanSquared": {} }, "weight": 3.0 }] });
    let config = MeasureConfig::from_json(&config.to_string()).unwrap();
    let (report, _) =
        model.evaluate(&model.snapshot(), &config, vec![input()], vec![target()], Vec::new()).unwrap();
    let output = &model.predict(&model.snapshot(), vec![input()], Vec::new()).unwrap().outputs[0];
    let target = target();
    let squares = data(output).iter().zip(data(&target)).map(|(y, t)| f64::from(y - t).powi(2));
    let (sum, count) = (squares.sum::<f64>(), (ROWS * TIME * 5) as u64);
    let [term] = &report.terms[..] else { panic!("one term, got {:?}", report.terms) };
    assert!((term.sum - sum).abs() < 1e-6 * sum && (report.loss - 3.0 * sum / count as f64).abs() < 1e-5);
    assert_eq!((&*term.output, term.weight), ("y", count as f64));
    assert_eq!((term.correct, term.valid), (None, count));
}

/// A model keeps the losses that it measured last, and measures others all the same.
#[test]
fn each_measurement_is_of_its_own_losses() {
    let used = model();
    let measured = |model: &Model<f32>, kind: &str, weight: f64| {
        let losses = json!([{ "output": "y", "loss": { kind: {} } }]).to_string();
        let mut config = MeasureConfig::from_json(&format!("{{\"losses\":{losses}}}")).unwrap();
        config.losses[0].weight = weight;
        model.evaluate(&model.snapshot(), &config, vec![input()], vec![target()], Vec::new())
    };
    for (kind, weight) in
        [("meanSquared", 1.0), ("meanAbsolute", 1.0), ("meanAbsolute", 2.0), ("meanSquared", 1.0)]
    {
        let found = measured(&used, kind, weight).unwrap();
        assert_eq!(found, measured(&model(), kind, weight).unwrap(), "{kind}, {weight}");
    }
    for weight in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
        let error = measured(&used, "meanSquared", weight).unwrap_err();
        assert!(error.code == Code::Argument && error.message.contains("'y'"), "{error}");
    }
}

/// A batch that is refused takes those prepared before it along, and several carry no states.
#[test]
fn batches_of_a_step_are_refused_together() {
    let begin = || {
        let model = model();
        (trainer(&model, "y", &summed()).unwrap(), model)
    };
    let (mut used, mut fresh) = (begin(), begin());
    used.0.prepare(vec![input()], vec![target()]).unwrap();
    assert_eq!(used.0.prepare(vec![input()], vec![input()]).unwrap_err().code, Code::Argument);
    let report = used.0.step(vec![input()], vec![target()], false).unwrap().clone();
    assert_eq!(&report, fresh.0.step(vec![input()], vec![target()], false).unwrap());
    used.0.prepare(vec![input()], vec![target()]).unwrap();
    let error = used.0.step(vec![input()], vec![target()], true).unwrap_err();
    assert!(
        error.code == Code::Argument && error.message.contains("one batch a step, received 2"),
        "{error}"
    );
    assert_eq!(bits(&used.1.parameters().unwrap()), bits(&fresh.1.parameters().unwrap()));
}

#[test]
fn a_step_that_fails_changes_nothing() {
    let model = model();
    let mut trainer = trainer(&model, "y", &summed()).unwrap();
    trainer.step(vec![input()], vec![target()], false).unwrap();
    let before = bits(&model.parameters().unwrap());
    let error = trainer.step(vec![input()], vec![huge()], true).unwrap_err();
    assert_eq!(error.code, Code::NonFinite);
    for targets in
        [vec![], vec![target(), target()], vec![values("y", &[ROWS, TIME, 4], vec![0.0; ROWS * TIME * 4])]]
    {
        assert!(trainer.step(vec![input()], targets, true).is_err());
    }
    assert_eq!(bits(&model.parameters().unwrap()), before);
    assert_eq!(trainer.step(vec![input()], vec![target()], true).unwrap().step, 2);
}

#[test]
fn a_rate_beyond_all_numbers_is_refused_before_the_weights_change() {
    let model = model();
    let mut config = summed();
    config["schedule"] = json!({ "exponential": { "gamma": 1e100 } });
    config["onNonFinite"] = json!("skip");
    let mut trainer = trainer(&model, "y", &config).unwrap();
    trainer.step(vec![input()], vec![target()], false).unwrap();
    let before = bits(&model.parameters().unwrap());
    let error = trainer.step(vec![input()], vec![target()], false).unwrap_err();
    assert_eq!(error.code, Code::Argument);
    assert!(error.message.contains("the learning rate of step 1"), "{error}");
    assert_eq!(bits(&model.parameters().unwrap()), before);
}

#[test]
fn states_are_carried_past_a_step_that_fails_and_only_to_as_many_rows() {
    let run = |interrupted: bool| {
        let model = model();
        let mut trainer = trainer(&model, "y", &summed()).unwrap();
        trainer.step(vec![input()], vec![target()], false).unwrap();
        if interrupted {
            let error = trainer.step(vec![input()], vec![huge()], true).unwrap_err();
            assert_eq!(error.code, Code::NonFinite);
            let fewer = |name, size| values(name, &[1, TIME, size], numbers(TIME * size, 5));
            let error = trainer.step(vec![fewer("x", 2)], vec![fewer("y", 5)], true).unwrap_err();
            assert_eq!(error.code, Code::Shape);
            assert!(error.message.contains("state 'a:h': expected 1 rows, received 3"), "{error}");
        }
        let report = trainer.step(vec![input()], vec![target()], true).unwrap().clone();
        (report, bits(&model.parameters().unwrap()))
    };
    let (report, parameters) = run(false);
    assert_eq!(run(true), (report.clone(), parameters));
    let afresh = model();
    let mut trainer = trainer(&afresh, "y", &summed()).unwrap();
    trainer.step(vec![input()], vec![target()], false).unwrap();
    assert_ne!(trainer.step(vec![input()], vec![target()], false).unwrap().loss, report.loss);
}

#[test]
fn a_step_may_be_skipped_instead() {
    let model = model();
    let mut config = summed();
    config["onNonFinite"] = json!("skip");
    let mut trainer = trainer(&model, "y", &config).unwrap();
    let before = bits(&model.parameters().unwrap());
    let report = trainer.step(vec![input()], vec![huge()], false).unwrap();
    assert!(report.skipped && report.loss.is_nan() && report.norm.is_nan());
    assert_eq!((report.step, &report.terms[..]), (0, &[][..]));
    assert_eq!(bits(&model.parameters().unwrap()), before);
    let report = trainer.step(vec![input()], vec![target()], true).unwrap();
    assert!(!report.skipped && report.step == 1 && report.loss > 0.0);
}

#[test]
fn time_that_cannot_be_cut_is_refused() {
    let truncate = json!({ "truncate": { "k1": 2, "k2": 2 } });
    let backward = Arc::new(Model::new(graph(true), 3, Precision::Full).unwrap());
    let code = |result: unrolled_core::Result<Trainer<f32>>| result.err().unwrap().code;
    assert_eq!(code(trainer(&backward, "y", &truncate)), Code::Argument);
    assert_eq!(code(trainer(&model(), "z", &truncate)), Code::Argument);
    assert_eq!(Session::new(Arc::clone(&backward), 1).err().unwrap().code, Code::Argument);
    let mut trainer = trainer(&backward, "y", &json!({})).unwrap();
    trainer.step(vec![input()], vec![target()], false).unwrap();
    assert_eq!(trainer.step(vec![input()], vec![target()], true).unwrap_err().code, Code::Argument);
}
