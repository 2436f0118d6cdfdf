//! Steps and measurements of a model: told apart by output, refused whole, skipped.

use std::sync::Arc;

use serde_json::json;
use unrolled_core::Code;
use unrolled_core::model::{MeasureConfig, Model, Precision, Session, Trainer};

use crate::support::models::{ROWS, TIME, bits, graph, huge, input, model, summed, target, trainer};
use crate::support::runs::{data, numbers, values};

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
