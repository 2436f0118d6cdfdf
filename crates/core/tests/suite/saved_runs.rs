//! A training run in a file: goes on to the bits of the run that never stopped; a damaged file is refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use unrolled_core::Code;
use unrolled_core::format::{self, folder};
use unrolled_core::model::{Model, Notes, Precision, Resume, Trainer};
use unrolled_core::storage::Tensor;

use crate::support::graphs::{Builder, sequence, vector};
use crate::support::runs::{numbers, values};
use crate::support::training::{model, trainer};

const ROWS: usize = 5;
const TIME: usize = 7;

fn builder() -> Builder {
    let mut b = Builder::default();
    b.node("x", sequence(2), &[])
        .layer("a", "lstm", 0, "x", [2, 5], true, false, &[])
        .node("drop", json!({ "dropout": { "rate": 0.3 } }), &["a:output"])
        .output("y", "drop");
    b
}

fn batch(step: u64) -> (Vec<Tensor<f32>>, Tensor<f32>) {
    let x = values("x", &[ROWS, TIME, 2], numbers(ROWS * TIME * 2, step));
    (vec![x], values("y", &[ROWS, TIME, 5], numbers(ROWS * TIME * 5, 100 + step)))
}

fn steps(trainer: &mut Trainer<f32>, steps: std::ops::Range<u64>, carry: bool) {
    for step in steps {
        let (x, y) = batch(step);
        trainer.step(x, vec![y], carry).unwrap();
    }
}

fn bits(model: &Model<f32>) -> Vec<u32> {
    model.parameters().unwrap().iter().map(|x| x.to_bits()).collect()
}

/// A fresh folder, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("unrolled-runs-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    fn file(&self) -> PathBuf {
        fs::create_dir_all(&self.0).unwrap();
        self.0.join("run.safetensors")
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn notes(text: &str) -> Notes<'_> {
    Notes { text, tensors: &[], carry: true }
}

fn optimizers() -> [Value; 8] {
    [
        json!({ "optimizer": { "sgd": {} } }),
        json!({ "optimizer": { "sgd": { "momentum": 0.9, "dampening": 0.1 } }, "learningRate": 0.01 }),
        json!({ "optimizer": { "rmsprop": {} }, "learningRate": 0.01 }),
        json!({ "optimizer": { "rmsprop": { "momentum": 0.5 } }, "learningRate": 0.01 }),
        json!({ "optimizer": { "adagrad": {} }, "learningRate": 0.01 }),
        json!({ "optimizer": { "adam": {} }, "schedule": { "linear": { "warmup": 3, "steps": 9 } } }),
        json!({ "optimizer": { "adamw": { "weightDecay": 0.1 } }, "frozen": ["rnn.bias_ih_l0"] }),
        json!({ "optimizer": { "adam": {} }, "average": 0.7 }),
    ]
}

#[test]
fn a_resumed_run_has_the_bits_of_one_that_never_stopped() {
    let folder = Folder::new("bits");
    for (more, carry) in optimizers().into_iter().flat_map(|more| [(more.clone(), false), (more, true)]) {
        let whole = model::<f32>(&builder());
        let mut run = trainer(&whole, &more).unwrap();
        steps(&mut run, 0..7, carry);

        let stopped = model::<f32>(&builder());
        let mut first = trainer(&stopped, &more).unwrap();
        steps(&mut first, 0..3, carry);
        let tensors =
            [format::Tensor { name: "best".into(), shape: vec![3], values: vec![0.5, -0.0, 1e-42] }];
        let path = folder.file();
        first.save_run(&path, Notes { text: "{\"epoch\":1}", tensors: &tensors, carry }).unwrap();
        let saved = bits(&stopped);
        assert_eq!(bits(&Model::load(&path, Precision::Full).unwrap()), saved, "a model file too");

        let fresh = Arc::new(Model::new(builder().graph(), 99, Precision::Full).unwrap());
        let mut second = trainer(&fresh, &more).unwrap();
        let read = second.begin_run(None, &Resume::From(path)).unwrap().unwrap();
        assert_eq!((read.text.as_str(), &read.tensors[..]), ("{\"epoch\":1}", &tensors[..]));
        assert!(bits(&fresh) != saved, "nothing changes before the run is restored");
        second.restore(read).unwrap();
        assert_eq!(bits(&fresh), saved);
        steps(&mut second, 3..7, carry);
        assert_eq!(bits(&fresh), bits(&whole), "{more} {carry}");
        // The last report has the schedule's rate, the loss and the norm.
        assert_eq!(format!("{:?}", second.report()), format!("{:?}", run.report()), "{more} {carry}");
        run.exchange_average().unwrap();
        second.exchange_average().unwrap();
        assert_eq!(bits(&fresh), bits(&whole), "{more} {carry}: the average");
    }
}

#[test]
fn every_length_and_every_bit_of_a_file_counts() {
    let folder = Folder::new("damage");
    let mut b = Builder::default();
    b.parameter("w", &[1, 2]).node("x", vector(2), &[]);
    b.node("out", json!({ "linear": { "weight": "w" } }), &["x"]).output("y", "out");
    let small = model::<f32>(&b);
    let run = trainer(&small, &json!({ "optimizer": { "adam": {} } })).unwrap();
    let path = folder.file();
    run.save_run(&path, notes("{}")).unwrap();
    let whole = fs::read(&path).unwrap();
    let refused = |bytes: &[u8], what: &str| {
        fs::write(&path, bytes).unwrap();
        let error = run.read_run(&path).err().unwrap_or_else(|| panic!("{what} was read"));
        assert_eq!(error.code, Code::Format, "{what}: {error}");
        let named = ["tensor '", "header", "file: "].iter().any(|word| error.message.contains(word));
        assert!(named && error.message.contains(&*path.to_string_lossy()), "{what}: {error}");
    };
    let not_loaded = |bytes: &[u8], what: &str| {
        let loaded = Model::from_bytes(bytes, Precision::Full);
        let error = loaded.err().unwrap_or_else(|| panic!("{what} was loaded"));
        assert_eq!(error.code, Code::Format, "{what}: {error}");
    };
    for length in 0..whole.len() {
        refused(&whole[..length], &format!("{length} bytes"));
        not_loaded(&whole[..length], &format!("{length} bytes"));
    }
    refused(&[&whole[..], &[0]].concat(), "a byte more");
    for bit in 0..whole.len() * 8 {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        refused(&bytes, &format!("bit {bit}"));
        if bit % 13 == 0 {
            not_loaded(&bytes, &format!("bit {bit}"));
        }
    }
    fs::write(&path, &whole).unwrap();
    assert!(run.read_run(&path).is_ok());
}

#[test]
fn a_folder_keeps_the_newest_and_leaves_what_is_not_its_own() {
    let folder = Folder::new("keep");
    fs::create_dir(&folder.0).unwrap();
    let touch = |name: &str| fs::write(folder.0.join(name), b"").unwrap();
    let others =
        ["checkpoint-+7.safetensors", "checkpoint-07.safetensors", "checkpoint-x.safetensors", "mine.txt"];
    others.iter().for_each(|name| touch(name));
    for step in [2, 9, 10, 100] {
        fs::write(folder::file_of(&folder.0, step), b"").unwrap();
    }
    assert_eq!(folder::steps(&folder.0).unwrap(), [2, 9, 10, 100]);
    folder::keep(&folder.0, 100, 2).unwrap();
    assert_eq!(folder::steps(&folder.0).unwrap(), [10, 100]);
    // A run that went on from step 10 has come to step 12: what lies beyond is not its past.
    fs::write(folder::file_of(&folder.0, 12), b"").unwrap();
    folder::keep(&folder.0, 12, 2).unwrap();
    assert_eq!(folder::steps(&folder.0).unwrap(), [10, 12]);
    assert_eq!(folder.names().len(), 2 + others.len());
    assert!(folder::steps(Path::new("/none/at/all")).unwrap().is_empty());
}

#[test]
fn the_last_of_a_folder_is_gone_on_from_and_a_damaged_one_names_the_one_before() {
    let folder = Folder::new("last");
    let net = model::<f32>(&builder());
    let mut run = trainer(&net, &json!({})).unwrap();
    assert!(run.begin_run(Some(&folder.0), &Resume::Last).unwrap().is_none(), "none is there yet");
    assert!(run.begin_run(Some(&folder.0), &Resume::Never).unwrap().is_none());
    for step in 1..=2 {
        steps(&mut run, step - 1..step, true);
        run.save_run(&folder::file_of(&folder.0, step), notes(&format!("step {step}"))).unwrap();
    }
    assert_eq!(run.begin_run(Some(&folder.0), &Resume::Last).unwrap().unwrap().text, "step 2");
    let error = run.begin_run(Some(&folder.0), &Resume::Never).err().unwrap();
    assert!(
        error.code == Code::State && error.message.contains("received one with 'checkpoint-2.safetensors'"),
        "{error}"
    );

    let last = folder::file_of(&folder.0, 2);
    let whole = fs::read(&last).unwrap();
    fs::write(&last, &whole[..whole.len() - 1]).unwrap();
    let error = run.begin_run(Some(&folder.0), &Resume::Last).err().unwrap();
    let before = folder::file_of(&folder.0, 1);
    let words = format!("resume from the one before it, '{}'", before.display());
    assert!(error.code == Code::Format && error.message.ends_with(&words), "{error}");
    assert_eq!(
        run.begin_run(Some(&folder.0), &Resume::From(before.clone())).unwrap().unwrap().text,
        "step 1"
    );
    fs::remove_file(before).unwrap();
    let error = run.begin_run(Some(&folder.0), &Resume::Last).err().unwrap();
    assert!(error.message.ends_with("no other is there: remove it to begin anew"), "{error}");
}

#[test]
fn a_folder_is_of_one_run_at_a_time() {
    let folder = Folder::new("held");
    let start = || trainer(&model::<f32>(&builder()), &json!({})).unwrap();
    let (mut first, mut second) = (start(), start());
    let begin = |run: &mut Trainer<f32>| run.begin_run(Some(&folder.0), &Resume::Last).map(|_| ());
    begin(&mut first).unwrap();
    begin(&mut first).unwrap();
    let error = begin(&mut second).unwrap_err();
    assert!(error.code == Code::State && error.message.contains("that of a run under way"), "{error}");
    drop(first);
    begin(&mut second).unwrap();
    assert!(begin(&mut start()).is_err());
    second.begin_run(None, &Resume::Never).unwrap();
    begin(&mut start()).unwrap();
    assert!(folder::steps(&folder.0).unwrap().is_empty());
}

#[test]
fn a_run_goes_on_in_its_own_folder_or_an_empty_one() {
    let (mine, theirs) = (Folder::new("mine"), Folder::new("theirs"));
    let begun = || {
        let mut run = trainer(&model::<f32>(&builder()), &json!({})).unwrap();
        for folder in [&mine, &theirs] {
            run.begin_run(Some(&folder.0), &Resume::Last).unwrap();
            run.save_in_folder(7, 2, notes("")).unwrap();
            run.save_in_folder(9, 2, notes("")).unwrap();
        }
        run
    };
    let mut run = begun();
    let from = |folder: &Folder, step: u64| Resume::From(folder::file_of(&folder.0, step));
    let error = run.begin_run(Some(&theirs.0), &from(&mine, 7)).err().unwrap();
    assert!(
        error.code == Code::State && error.message.contains("received one with 'checkpoint-9.safetensors'"),
        "{error}"
    );
    assert_eq!(run.begin_run(Some(&theirs.0), &from(&mine, 8)).err().map(|error| error.code), Some(Code::Io));
    // The same folder by another path.
    let inside = mine.0.join("inside");
    fs::create_dir(&inside).unwrap();
    run.begin_run(Some(&inside.join("..")), &from(&mine, 7)).unwrap().unwrap();
    run.begin_run(Some(&inside), &from(&mine, 7)).unwrap().unwrap();
    run.save_in_folder(8, 2, notes("")).unwrap();
    assert_eq!(folder::steps(&inside).unwrap(), [8]);
    assert_eq!(folder::steps(&mine.0).unwrap(), [7, 9]);
    run.begin_run(None, &from(&mine, 7)).unwrap().unwrap();
    let error = run.save_in_folder(8, 2, notes("")).unwrap_err();
    assert!(error.code == Code::State && error.message.contains("expected a run with a folder"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_folder_that_another_run_has_made_since_is_not_written() {
    let folder = Folder::new("replaced");
    let start = || trainer(&model::<f32>(&builder()), &json!({})).unwrap();
    let mut run = start();
    run.begin_run(Some(&folder.0), &Resume::Never).unwrap();
    fs::remove_dir_all(&folder.0).unwrap();
    let error = run.save_in_folder(1, 2, notes("")).unwrap_err();
    assert!(error.code == Code::Io && error.message.contains("checkpoint-1.safetensors': "), "{error}");
    let mut other = start();
    other.begin_run(Some(&folder.0), &Resume::Never).unwrap();
    let error = run.save_in_folder(1, 2, notes("")).unwrap_err();
    assert!(error.code == Code::State && error.message.contains("one that was made since"), "{error}");
    other.save_in_folder(3, 2, notes("")).unwrap();
    assert_eq!(folder::steps(&folder.0).unwrap(), [3]);
}

#[test]
fn a_file_of_another_model_or_optimizer_is_refused_and_changes_nothing() {
    let folder = Folder::new("other");
    let net = model::<f32>(&builder());
    let path = folder.file();
    let mut run = trainer(&net, &json!({ "optimizer": { "adam": {} } })).unwrap();
    steps(&mut run, 0..2, false);
    run.save_run(&path, notes("")).unwrap();
    let before = bits(&net);
    let refused = |other: &Trainer<f32>, code: Code, words: &str| {
        let error = other.read_run(&path).err().unwrap();
        assert!(error.code == code && error.message.contains(words), "{error}");
    };
    let mut descent = trainer(&net, &json!({})).unwrap();
    let error = descent.restore(descent.read_run(&path).unwrap()).err().unwrap();
    assert!(error.code == Code::Format && error.message.contains("optimizer: expected slots []"), "{error}");
    let mut b = Builder::default();
    b.node("x", sequence(2), &[])
        .layer("a", "lstm", 0, "x", [2, 5], false, false, &[])
        .output("y", "a:output");
    let other = model::<f32>(&b);
    refused(
        &trainer(&other, &json!({ "optimizer": { "adam": {} } })).unwrap(),
        Code::Argument,
        "of another graph",
    );
    format::save_atomic(&path, &net.to_bytes(&net.snapshot(), None).unwrap()).unwrap();
    refused(&run, Code::Format, "header: expected 'unrolled.run' of a checkpoint");
    assert_eq!(bits(&net), before);
}

#[test]
fn a_file_is_copied_as_the_model_s_while_it_has_the_model_s_parameters() {
    let folder = Folder::new("copy");
    let net = model::<f32>(&builder());
    let mut run = trainer(&net, &json!({ "optimizer": { "adam": {} } })).unwrap();
    steps(&mut run, 0..2, false);
    let (path, copy) = (folder.file(), folder.0.join("copy"));
    run.save_run(&path, notes("")).unwrap();
    net.copy_run(&net.snapshot(), &path, &copy).unwrap();
    assert_eq!(fs::read(&copy).unwrap(), fs::read(&path).unwrap());
    fs::remove_file(&copy).unwrap();

    let refused = |net: &Model<f32>, code: Code, words: &str| {
        let error = net.copy_run(&net.snapshot(), &path, &copy).unwrap_err();
        assert!(error.code == code && error.message.contains(words), "{error}");
        assert!(!copy.exists(), "{words}");
    };
    let (others, before) = ("received others: the model has changed since", net.parameters().unwrap());
    let last = before.len() - 1;
    for change in [|x: f32| f32::from_bits(x.to_bits() ^ 1), |x: f32| -x] {
        let mut values = before.clone();
        values[last] = change(values[last]);
        net.set_parameters(&values).unwrap();
        refused(&net, Code::State, others);
    }
    net.set_parameters(&before).unwrap();
    net.copy_run(&net.snapshot(), &path, &copy).unwrap();
    fs::remove_file(&copy).unwrap();
    refused(&Model::new(builder().graph(), 99, Precision::Full).unwrap(), Code::State, others);
    let mut b = builder();
    b.node("more", json!({ "dropout": { "rate": 0.2 } }), &["a:output"]).output("z", "more");
    let other = model::<f32>(&b);
    assert_eq!(bits(&other).len(), before.len());
    other.set_parameters(&before).unwrap();
    refused(&other, Code::State, others);

    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    refused(&net, Code::Format, "the file is truncated");
    format::save_atomic(&path, &net.to_bytes(&net.snapshot(), None).unwrap()).unwrap();
    refused(&net, Code::State, others);
    // The same without checksums is no checkpoint, which `resume` would refuse.
    let format::File { mut metadata, tensors } = format::read(&whole).unwrap();
    metadata.remove("unrolled.checksums").unwrap();
    let named: Vec<_> = tensors.iter().map(|t| (t.name.as_str(), &t.shape[..], &t.values[..])).collect();
    format::save_atomic(&path, &format::write(metadata, &named).unwrap()).unwrap();
    refused(&net, Code::State, others);
}

#[test]
fn the_average_is_that_of_hand_worked_numbers() {
    // The mean of (w x)^2 at x = 1 falls by 2 w: at rate 0.25, each step halves w.
    let mut b = Builder::default();
    b.parameter("w", &[1, 1]).node("x", vector(1), &[]);
    b.node("out", json!({ "linear": { "weight": "w" } }), &["x"]).output("y", "out");
    let net = model::<f32>(&b);
    net.set_parameters(&[1.0]).unwrap();
    let mut run = trainer(&net, &json!({ "average": 0.75 })).unwrap();
    run.exchange_average().unwrap();
    assert_eq!(net.parameters().unwrap(), [1.0], "there is no average before the first step");
    for (weight, average) in [(0.5, 0.5), (0.25, 0.4375), (0.125, 0.359_375)] {
        run.step(vec![values("x", &[1, 1], vec![1.0])], vec![values("y", &[1, 1], vec![0.0])], false)
            .unwrap();
        assert_eq!(net.parameters().unwrap(), [weight]);
        run.exchange_average().unwrap();
        assert_eq!(net.parameters().unwrap(), [average]);
        let refused =
            run.step(vec![values("x", &[1, 1], vec![1.0])], vec![values("y", &[1, 1], vec![0.0])], false);
        assert_eq!(refused.err().map(|error| error.code), Some(Code::State));
        run.exchange_average().unwrap();
    }
    assert_eq!(run.memory().optimizer, size_of::<f32>(), "plain descent has no slot");
    let error = trainer(&net, &json!({ "average": 1.5 })).err().unwrap();
    assert!(error.code == Code::Argument && error.message.contains("from 0 to 1, received 1.5"), "{error}");
}
