//! Sessions of many rows: each row as if it were alone, and rows put in another order.

use std::sync::Arc;

use serde_json::json;
use unrolled_core::Code;
use unrolled_core::model::{Model, Precision, Session};

use crate::support::graphs::{Builder, sequence, tokens};
use crate::support::runs::{data, numbers, values};

const STEPS: usize = 9;
const SIZE: usize = 3;
const VOCABULARY: usize = 7;
/// Numbers a row of both outputs.
const OUTPUTS: usize = 6 + VOCABULARY;

fn model() -> Arc<Model<f32>> {
    let mut b = Builder::default();
    b.parameter("table", &[VOCABULARY, 5]).parameter("out", &[VOCABULARY, 6]);
    b.node("ids", tokens(VOCABULARY), &[]).node("x", sequence(SIZE), &[]);
    b.node("words", json!({ "embedding": { "weight": "table" } }), &["ids"]);
    b.node("both", json!("concat"), &["x", "words"]);
    b.layer("a", "lstm", 0, "both", [SIZE + 5, 6], true, false, &[]);
    b.layer("b", "gru", 1, "a:output", [6, 6], true, false, &[]);
    b.node("logits", json!({ "linear": { "weight": "out" } }), &["b:output"]);
    b.output("hidden", "a:output").output("logits", "logits");
    Arc::new(Model::new(b.graph(), 5, Precision::Full).unwrap())
}

/// The numbers and id of a row at a step.
fn given(row: usize, step: usize) -> (Vec<f32>, i32) {
    (numbers(SIZE, (row * STEPS + step) as u64), ((row * 5 + step * 3) % VOCABULARY) as i32)
}

/// The outputs of a step for these rows, row by row.
fn step(session: &mut Session<f32>, rows: &[usize], t: usize) -> Vec<Vec<u32>> {
    let (values, ids): (Vec<_>, Vec<_>) = rows.iter().map(|&row| given(row, t)).unzip();
    let outputs = session.step(&values.concat(), &ids).unwrap();
    assert_eq!(outputs.len(), rows.len() * OUTPUTS);
    let (hidden, logits) = outputs.split_at(rows.len() * 6);
    let rows = hidden.chunks(6).zip(logits.chunks(VOCABULARY));
    rows.map(|(hidden, logits)| hidden.iter().chain(logits).map(|x| x.to_bits()).collect()).collect()
}

#[test]
fn a_row_of_many_has_the_bits_of_a_row_alone() {
    let model = model();
    for count in [1, 2, 15, 16, 17, 40] {
        let rows: Vec<usize> = (0..count).collect();
        let mut session = Session::new(Arc::clone(&model), count).unwrap();
        let together: Vec<_> = (0..STEPS).map(|t| step(&mut session, &rows, t)).collect();
        let states = session.states().unwrap();
        for row in [0, count / 2, count - 1] {
            let mut alone = Session::new(Arc::clone(&model), 1).unwrap();
            for (t, together) in together.iter().enumerate() {
                assert_eq!(step(&mut alone, &[row], t)[0], together[row], "row {row} of {count}, step {t}");
            }
            for (state, alone) in states.iter().zip(alone.states().unwrap()) {
                assert_eq!(state.shape, [count, 6]);
                assert_eq!(data(state)[row * 6..][..6], *data(&alone));
            }
        }
    }
}

/// After each step the outputs of a prediction of the steps so far: at the step, and without steps those of its end.
#[test]
fn a_session_has_the_bits_of_the_steps_so_far() {
    let mut b = Builder::default();
    b.node("x", sequence(SIZE), &[]).node("late", json!({ "shift": {} }), &["x"]);
    b.node("later", json!({ "shift": {} }), &["late"]).node("all", json!("concat"), &["x", "late", "later"]);
    b.layer("a", "lstm", 0, "all", [3 * SIZE, 6], true, false, &[]).node("end", json!("last"), &["later"]);
    b.output("all", "all").output("hidden", "a:output").output("c", "a:c").output("end", "end");
    let model = Arc::new(Model::<f32>::new(b.graph(), 5, Precision::Full).unwrap());
    let all: Vec<f32> = numbers(2 * STEPS * SIZE, 3);
    let mut session = Session::new(Arc::clone(&model), 2).unwrap();
    for t in 1..=STEPS {
        let rows = |from: usize| all.chunks(STEPS * SIZE).map(move |row| row[from * SIZE..t * SIZE].to_vec());
        let outputs = session.step(&rows(t - 1).collect::<Vec<_>>().concat(), &[]).unwrap().to_vec();
        let x = values("x", &[2, t, SIZE], rows(0).collect::<Vec<_>>().concat());
        let whole = model.predict(&model.snapshot(), vec![x], Vec::new()).unwrap();
        let ends = whole.outputs.iter().flat_map(|output| {
            let width = *output.shape.last().unwrap();
            data(output).chunks(data(output).len() / 2).flat_map(move |row| row[row.len() - width..].to_vec())
        });
        assert_eq!(outputs, ends.collect::<Vec<_>>(), "{t} steps");
        for (state, whole) in session.states().unwrap().iter().zip(&whole.states) {
            assert_eq!((&state.name, data(state)), (&whole.name, data(whole)));
        }
    }
}

/// Rows that are kept, doubled and left out go on as the ones they came from.
#[test]
fn reordered_rows_go_on_from_their_own_states() {
    let model = model();
    let mut session = Session::new(Arc::clone(&model), 3).unwrap();
    (0..4).for_each(|t| drop(step(&mut session, &[0, 1, 2], t)));
    let origin = [2, 0, 0, 2, 2];
    session.reorder(&origin).unwrap();
    assert_eq!(session.rows(), 5);
    // Row i is fed as another row from now on, so that doubled rows part.
    let fed = [10, 11, 12, 13, 14];
    let together: Vec<_> = (4..STEPS).map(|t| step(&mut session, &fed, t)).collect();
    for (i, &from) in origin.iter().enumerate() {
        let mut alone = Session::new(Arc::clone(&model), 1).unwrap();
        (0..4).for_each(|t| drop(step(&mut alone, &[from], t)));
        for (t, together) in (4..STEPS).zip(&together) {
            assert_eq!(step(&mut alone, &[fed[i]], t)[0], together[i], "row {i} from {from}, step {t}");
        }
    }
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let model = model();
    assert_eq!(Session::new(Arc::clone(&model), 0).err().unwrap().code, Code::Argument);
    assert_eq!(Session::new(Arc::clone(&model), usize::MAX).err().unwrap().code, Code::Size);
    let mut session = Session::new(Arc::clone(&model), 2).unwrap();
    step(&mut session, &[0, 1], 0);
    let before = session.states().unwrap();
    assert_eq!(session.reorder(&[]).unwrap_err().code, Code::Argument);
    assert_eq!(session.reorder(&[0, 2]).unwrap_err().code, Code::Value);
    let (x, ids) = (numbers::<f32>(2 * SIZE, 1), [1, 2]);
    assert_eq!(session.step(&x[1..], &ids).unwrap_err().code, Code::Shape);
    assert_eq!(session.step(&x, &ids[1..]).unwrap_err().code, Code::Shape);
    let one_row = Session::new(Arc::clone(&model), 1).unwrap().states().unwrap();
    assert_eq!(session.set_states(one_row).unwrap_err().code, Code::Shape);
    let bad = session.step(&x, &[1, VOCABULARY as i32]).unwrap_err();
    assert!(bad.code == Code::Value && bad.message.contains("row 1"), "{bad}");
    assert_eq!(session.states().unwrap(), before);
    assert_eq!(session.rows(), 2);
}

#[test]
fn a_step_that_no_memory_holds_is_refused() {
    // 2^16 rows of 2^24 numbers are 4 TiB, for the outputs as for the input.
    let mut b = Builder::default();
    b.node("x", json!({ "input": { "vector": { "size": 1 << 24 } } }), &[]).output("y", "x");
    let model = Arc::new(Model::<f32>::new(b.graph(), 1, Precision::Full).unwrap());
    let error = Session::new(Arc::clone(&model), 1 << 16).err().unwrap();
    assert_eq!(error.code, Code::Size);
    assert!(error.message.contains("'x'"), "{}", error.message);
    let mut session = Session::new(model, 1).unwrap();
    assert_eq!(session.reorder(&[0; 1 << 16]).unwrap_err().code, Code::Size);
    assert_eq!(session.rows(), 1);
}
