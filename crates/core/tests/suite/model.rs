//! A model as a whole: described, saved and loaded.

use serde_json::{Value, json};
use unrolled_core::model::{Model, Precision};
use unrolled_core::storage::Tensor;
use unrolled_core::{Code, format};

use crate::support::graphs::{Builder, sequence, tokens};
use crate::support::models::{TIME, bits, input, model, target, trainer};
use crate::support::runs::data;

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
