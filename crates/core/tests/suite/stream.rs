//! Streams: the bits of the whole sequence, states as values, and steps that change nothing when they fail.

use std::sync::Arc;

use serde_json::json;
use unrolled_core::Code;
use unrolled_core::model::{Model, Precision, Session};
use unrolled_core::storage::Tensor;

use crate::support::graphs::{Builder, sequence, tokens};
use crate::support::models::{TIME, bits, model};
use crate::support::runs::{data, ids, numbers, values};

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
