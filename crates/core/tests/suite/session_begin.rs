//! Sessions of models in which some runs once: their steps have the bits of the whole sequence.

use serde_json::{Value, json};
use unrolled_core::Code;
use unrolled_core::model::Session;
use unrolled_core::storage::{Data, Tensor};

use crate::support::contexts::{
    STEPS, WORDS, all, begun, built, by_attention, check, coverage, from_context, from_id, from_learned,
    from_vector, lengths_of_source, step,
};
use crate::support::decoders::{additive, along};
use crate::support::graphs::{Builder, sequence, vector};
use crate::support::runs::{data, ids, values};

#[test]
fn steps_have_the_bits_of_the_whole_sequence() {
    for (what, b) in all() {
        let model = built(&b);
        for count in [1, 2, 17, 40] {
            check(what, &model, &(0..count).collect::<Vec<_>>());
        }
    }
}

/// More rows than a single thread takes, in another order too.
#[test]
fn threads_share_the_rows_of_a_step() {
    let model = built(&by_attention(&additive()));
    let rows: Vec<usize> = (0..1500).collect();
    check("many rows", &model, &rows);
    let (mut session, each) = begun(&model, &rows);
    step(&mut session, &each, 0);
    let order: Vec<usize> = (0..1300).map(|i| i * 7 % 1500).collect();
    session.reorder(&order).unwrap();
    let (mut alone, each) = begun(&model, &order);
    step(&mut alone, &each, 0);
    assert_eq!(step(&mut session, &each, 1), step(&mut alone, &each, 1));
}

/// Rows that are kept, doubled and left out keep their own memory, one of them empty; rows of one source may change places,
/// and are more than those that look at a memory together.
#[test]
fn reordered_rows_keep_what_ran_once() {
    for (what, b) in all() {
        let model = built(&b);
        let (mut session, each) = begun(&model, &[0, 1, 2]);
        step(&mut session, &each, 0);
        let mut origin = vec![0, 1, 2];
        let beams = (0..40).map(|i| i / 18).collect();
        for order in [
            vec![2, 0, 0, 2, 1],
            vec![0, 2, 1, 3, 4],
            vec![4, 0],
            vec![1, 0],
            vec![0, 1],
            vec![1, 1, 0, 1],
            beams,
        ] {
            session.reorder(&order).unwrap();
            origin = order.iter().map(|&row| origin[row]).collect();
            let sources: Vec<usize> = origin.iter().map(|&row| [0, 1, 2][row]).collect();
            let states = session.states().unwrap();
            let (mut alone, each) = begun(&model, &sources);
            for (first, own) in session.first_states().unwrap().iter().zip(alone.states().unwrap()) {
                assert_eq!(data(first), data(&own), "{what}");
            }
            alone.set_states(states).unwrap();
            let t = 1 + session.rows() % 4;
            assert_eq!(step(&mut session, &each, t), step(&mut alone, &each, t), "{what}, {order:?}");
        }
    }
}

/// Beyond the memory of a row its coverage is 0 after each step, whatever was set there.
#[test]
fn a_coverage_ends_with_the_memory_of_its_row() {
    let model = built(&by_attention(&coverage()));
    let (mut session, each) = begun(&model, &[0, 1, 2]);
    let mut states = session.states().unwrap();
    let covered = states.iter_mut().find(|state| state.name == "d.a:coverage").unwrap();
    assert_eq!(covered.shape, [3, 5]);
    covered.data = Data::Values(vec![1.0; 15]);
    session.set_states(states).unwrap();
    for t in 0..3 {
        step(&mut session, &each, t);
        let states = session.states().unwrap();
        let covered = states.iter().find(|state| state.name == "d.a:coverage").unwrap();
        for (row, own) in data(covered).chunks(5).enumerate() {
            let (looked_at, beyond) = own.split_at(lengths_of_source(row));
            assert!(looked_at.iter().all(|&c| c > 1.0) && beyond.iter().all(|&c| c == 0.0), "{own:?}");
        }
    }
}

#[test]
fn a_fork_goes_on_alone() {
    for (what, b) in all() {
        let model = built(&b);
        let (mut session, each) = begun(&model, &[0, 1, 5]);
        step(&mut session, &each, 0);
        let mut fork = session.fork().unwrap();
        let ahead: Vec<_> = (1..STEPS).map(|t| step(&mut session, &each, t)).collect();
        fork.reorder(&[2, 0, 1]).unwrap();
        fork.reorder(&[1, 2, 0]).unwrap();
        assert_eq!((1..STEPS).map(|t| step(&mut fork, &each, t)).collect::<Vec<_>>(), ahead, "{what}");
        session.set_states(session.first_states().unwrap()).unwrap();
        let (mut anew, _) = begun(&model, &[0, 1, 5]);
        assert_eq!(step(&mut session, &each, 0), step(&mut anew, &each, 0), "{what}");
    }
}

fn refusal(b: &Builder, axis: Option<&str>, inputs: Vec<Tensor<f32>>) -> (Code, String) {
    let error = Session::begin(built(b), axis, inputs).err().unwrap();
    (error.code, error.message)
}

/// Without outputs or shifts that decide, an option names the axis.
#[test]
fn the_axis_is_found_or_named() {
    let mut b = Builder::default();
    for (name, axis) in [("x", "here"), ("z", "there")] {
        b.node(name, along(2, axis), &[]).output(name, name);
    }
    let (code, message) = refusal(&b, None, Vec::new());
    assert_eq!(code, Code::Argument);
    assert_eq!(
        message,
        r#"session: expected one axis to step along, received ["here", "there"]; name one of them as axis"#
    );
    let (code, message) = refusal(&b, Some("time"), Vec::new());
    assert_eq!(code, Code::Argument);
    assert_eq!(
        message,
        r#"session: expected one of the axes ["here", "there"] to step along, received 'time'"#
    );
    let x = values("x", &[1, 2, 2], vec![1.0, 2.0, 3.0, 4.0]);
    let mut session = Session::begin(built(&b), Some("there"), vec![x.clone()]).unwrap();
    assert_eq!(session.fixed(), [x]);
    assert_eq!(session.step(&[5.0, 6.0], &[]).unwrap(), [5.0, 6.0]);
    // Shifted: the steps that are fed back.
    b.node("late", json!({ "shift": {} }), &["z"]).output("late", "late");
    let session = Session::begin(built(&b), None, vec![values("x", &[1, 1, 2], vec![1.0, 2.0])]).unwrap();
    assert_eq!(
        session.program().outputs.iter().map(|port| &port.name[..]).collect::<Vec<_>>(),
        ["z", "late"]
    );
}

#[test]
fn what_cannot_be_stepped_is_refused_by_node() {
    let twice = |again: Value, reader: &[&str]| {
        let mut b = from_vector();
        b.node("more words", again, reader).parameter("other", &[WORDS, 4]);
        b.node("y", json!({ "embedding": { "weight": "other" } }), &["more words"]).output("y", "y");
        b
    };
    let mut direct = from_vector();
    direct.node("y", json!({ "embedding": { "weight": "table" } }), &["t"]).output("y", "y");
    let mut backwards = from_context();
    backwards.layer("back", "gru", 2, "x", [5, 3], true, true, &[]).output("back", "back:output");
    let mut nested = from_context();
    nested.parameter("small", &[4, 6]).node("g0", json!({ "linear": { "weight": "small" } }), &["d:h"]);
    nested.layer("late encoder", "gru", 2, "s", [3, 4], true, false, &["g0"]).output("y", "late encoder:h");
    let mut decided = from_context();
    decided.parameter("gate", &[8, 6]).node("g", json!({ "linear": { "weight": "gate" } }), &["d:h"]);
    decided.node("gated", json!("add"), &["m", "g"]).output("gated", "gated");
    let mut own = from_context();
    own.layer("second", "gru", 2, "x", [5, 6], true, false, &["d:h"]).output("y", "second:output");
    for (b, message) in [
        (twice(json!({ "shift": { "start": 2 } }), &["t"]), "shifts with another start id"),
        (direct, "received input 't', which node 'late' shifts and node 'y' reads as it is"),
        (backwards, "one whose node 'back' reads backwards in time"),
        (nested, "steps along 'time', received one whose node 'late encoder' runs along 'source'"),
        (decided, "one whose output 'gated' runs along 'source' and depends on them"),
        (own, "node 'second' begins each chunk with an initial state from the graph"),
    ] {
        let (code, found) = refusal(&b, Some("time"), Vec::new());
        assert!(code == Code::Argument && found.contains(message), "{found}");
    }
}

#[test]
fn inputs_of_the_start_are_checked_by_name() {
    let b = from_context();
    let model = built(&b);
    let s = values("s", &[2, 1, 3], vec![0.5; 6]);
    let t = ids("t", &[2, 1], vec![1, 2]);
    for (inputs, code, message) in [
        (vec![], Code::Argument, "session: expected values for input 's' at the start, received none"),
        (
            vec![s.clone(), t],
            Code::Argument,
            "session: expected input 't' step by step, received it at the start",
        ),
        (
            vec![s.clone(), values("z", &[1, 1, 1], vec![0.0])],
            Code::Argument,
            r#"session: unknown input 'z' at the start; known: ["s"]"#,
        ),
        (vec![s.clone(), s], Code::Argument, "input 's': expected once, received twice"),
        (
            vec![values("s", &[2, 1, 2], vec![0.5; 4])],
            Code::Shape,
            "input 's': expected shape [rows, time, 3]",
        ),
        (
            vec![values("s", &[0, 1, 3], vec![])],
            Code::Argument,
            "session: expected at least 1 row, received 0",
        ),
        (vec![values("s", &[1, 1, 3], vec![f32::NAN; 3])], Code::NonFinite, "input 's'"),
    ] {
        let (found, words) = refusal(&b, None, inputs);
        assert!(found == code && words.contains(message), "{words}");
    }
    let error = Session::new(model, 2).err().unwrap();
    assert_eq!(error.message, "session: expected values for input 's' at the start, received none");
    let learned = built(&from_learned());
    let error = Session::begin(learned, None, Vec::new()).err().unwrap();
    assert_eq!(error.code, Code::Argument);
    assert!(error.message.starts_with("session: expected the number of rows"), "{error}");
}

/// A state of an id that begins with an id of the row is an id afterwards.
#[test]
fn the_state_of_an_id_is_an_id() {
    let (mut session, _) = begun(&built(&from_id()), &[0, 1]);
    for bad in [7.0, -1.0, 0.5] {
        let error = session.set_states(vec![values("d:y", &[2, 1], vec![1.0, bad])]).unwrap_err();
        assert_eq!(error.code, Code::Value, "{error}");
    }
    session.set_states(vec![values("d:y", &[2, 1], vec![1.0, 6.0])]).unwrap();
}

/// A state that leaves the numbers there are is refused before the first step.
#[test]
fn a_start_out_of_range_is_refused() {
    let mut b = Builder::default();
    b.node("v", vector(1), &[]).node("x", sequence(1), &[]);
    let square = json!("multiply");
    b.node("w", square.clone(), &["v", "v"]).node("h0", square, &["w", "w"]);
    b.layer("d", "rnn_tanh", 0, "x", [1, 1], false, false, &["h0"]).output("y", "d:output");
    let (code, message) = refusal(&b, None, vec![values("v", &[1, 1], vec![1e30])]);
    assert_eq!(code, Code::NonFinite);
    assert_eq!(message, "state 'd:h': expected finite numbers, received a NaN or infinity");
}
