//! Files and graphs that are too large: refused by their headers, before what they hold is read or allocated.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use serde_json::json;
use unrolled_core::graph::Graph;
use unrolled_core::model::{Model, Precision};
use unrolled_core::{Code, Error};

use crate::support::graphs::{Builder, vector};

/// A file that seems to be `length` bytes long, of which `beginning` alone takes room.
struct Sparse(PathBuf);

impl Sparse {
    fn new(name: &str, beginning: &[u8], length: u64) -> Self {
        let path = std::env::temp_dir().join(format!("unrolled-limits-{}-{name}", std::process::id()));
        let mut file = File::create(&path).unwrap();
        file.write_all(beginning).unwrap();
        file.set_len(length).unwrap();
        Self(path)
    }
}

impl Drop for Sparse {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn refused(file: &Sparse) -> Error {
    Model::load(&file.0, Precision::Full).err().unwrap()
}

fn framed(header: &str) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat()
}

/// More than any machine has memory.
const HUGE: u64 = 1 << 42;

#[test]
fn a_file_of_zeros_is_refused_by_its_first_bytes() {
    let error = refused(&Sparse::new("zeros", &[], HUGE));
    assert_eq!(error.code, Code::Format);
    assert!(error.message.contains("header"), "{error}");
}

#[test]
fn a_foreign_file_is_refused_before_its_tensors_are_read() {
    let bytes = HUGE - 8 - 60;
    let count = bytes / 4;
    let header = format!(r#"{{"w":{{"dtype":"F32","shape":[{count}],"data_offsets":[0,{}]}}}}"#, 4 * count);
    let length = 8 + header.len() as u64 + 4 * count;
    let error = refused(&Sparse::new("foreign", &framed(&header), length));
    assert_eq!(error.code, Code::Format);
    assert!(error.message.contains("not an unrolled model"), "{error}");
}

#[test]
fn a_file_of_too_many_tensors_is_refused() {
    let tensor = |i: usize| format!(r#""t{i}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#);
    let header = |count: usize| format!("{{{}}}", (0..count).map(tensor).collect::<Vec<_>>().join(","));
    let message = |count| {
        let bytes = framed(&header(count));
        Model::from_bytes(&bytes, Precision::Full).err().unwrap().message
    };
    assert!(message(65_537).contains("expected at most 65536 tensors, received more"));
    assert!(message(65_536).contains("not an unrolled model"));
}

#[test]
fn a_graph_has_as_many_outputs_and_wires_as_nodes() {
    let code = |b: &Builder| Graph::from_json(&b.json().to_string()).map(|_| ()).map_err(|error| error.code);
    let mut b = Builder::default();
    b.node("x", vector(2), &[]);
    (0..4096).for_each(|i| {
        b.output(&format!("y{i}"), "x");
    });
    assert_eq!(code(&b), Ok(()));
    assert_eq!(code(b.output("more", "x")), Err(Code::Size));
    let mut b = Builder::default();
    b.node("x", vector(2), &[]).node("y", json!("concat"), &vec!["x"; 4097]).output("y", "y");
    assert_eq!(code(&b), Err(Code::Size));
}

/// A row whose results take 2^38 bytes.
#[test]
fn a_model_that_no_memory_holds_is_refused_by_its_largest_value() {
    let mut b = Builder::default();
    b.node("x", vector(1 << 24), &[]);
    (0..4096).for_each(|i| {
        b.output(&format!("y{i}"), "x");
    });
    let error = Model::<f32>::new(b.graph(), 1, Precision::Full).err().unwrap();
    assert_eq!(error.code, Code::Size);
    assert!(error.message.contains("'x' of 16777216 in a row"), "{error}");
}
