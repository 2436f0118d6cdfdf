//! Words for JSON that is no graph: serde's say the place as a byte and the types of Rust, which no caller knows.

use serde::de::IgnoredAny;
use serde_json::error::{Category, Error as JsonError};

use crate::Error;

/// The most characters of a name or number in a message.
const LONGEST: usize = 40;

/// The error for a text that serde refuses, with the way to the place: `graph.nodes[3].op.linear`.
pub(super) fn malformed(text: &str, error: &JsonError) -> Error {
    let place = place_of(text, error);
    let told = error.to_string();
    let told = told.rsplit_once(" at line ").map_or(told.as_str(), |(words, _)| words);
    let (path, sentence) = match error.classify() {
        Category::Data => (
            path_to(&text[..place]),
            sentence(told)
                .unwrap_or_else(|| "expected what a graph has here, received another value".to_owned()),
        ),
        _ if serde_json::from_str::<IgnoredAny>(text).is_err() => {
            (String::new(), format!("expected JSON, received text that is none from byte {place}"))
        }
        _ if told.starts_with("recursion limit") => (
            String::new(),
            "expected at most 127 objects and arrays within each other, received more".to_owned(),
        ),
        _ if told.contains("hex escape") => (
            path_to(&text[..place]),
            "expected whole characters, received half of a surrogate pair".to_owned(),
        ),
        _ if told.starts_with("number") => {
            (path_to(&text[..place]), "expected a number of 64 bits, received a larger one".to_owned())
        }
        _ => unnamed(text, place),
    };
    Error::graph(format!("graph{path}: {sentence}"))
}

/// The byte of the text that serde points at.
fn place_of(text: &str, error: &JsonError) -> usize {
    let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    boundary(text, before + error.column())
}

/// A byte, or the first of the character that it is in.
fn boundary(text: &str, place: usize) -> usize {
    (0..=place.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

/// An object or array around a place.
enum Around<'a> {
    /// With the key of the value that the place is at, if it is known.
    Object(Option<&'a str>),
    /// With the number of elements before.
    Array(usize),
}

/// The objects and arrays around the end of a text, which is the beginning of JSON.
fn around(text: &str) -> Vec<Around<'_>> {
    let mut around = Vec::new();
    let mut key = None;
    let mut at = 0;
    while let Some(&byte) = text.as_bytes().get(at) {
        match (byte, around.last_mut()) {
            (b'"', _) => {
                let end = end_of_string(text.as_bytes(), at + 1);
                key = text.get(at + 1..end);
                at = end;
            }
            (b':', Some(Around::Object(own))) => *own = key,
            (b',', Some(Around::Object(own))) => *own = None,
            (b',', Some(Around::Array(count))) => *count += 1,
            (b'{', _) => around.push(Around::Object(None)),
            (b'[', _) => around.push(Around::Array(0)),
            (b'}' | b']', _) => drop(around.pop()),
            _ => {}
        }
        at += 1;
    }
    around
}

/// The keys and numbers that lead to the end of a text.
fn path_to(text: &str) -> String {
    path(&around(text))
}

fn path(around: &[Around<'_>]) -> String {
    let steps = around.iter().map(|around| match around {
        Around::Object(Some(key)) => format!(".{}", brief(key)),
        Around::Object(None) => String::new(),
        Around::Array(before) => format!("[{before}]"),
    });
    steps.collect()
}

/// The place of the quote that ends a string.
fn end_of_string(text: &[u8], mut at: usize) -> usize {
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => break,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at
}

/// Serde's words for JSON of another form than the expected one, in those of this library; none for other words.
pub(crate) fn sentence(told: &str) -> Option<String> {
    let quoted = |kind: &str| told.strip_prefix(kind).and_then(|rest| rest.strip_prefix(" `"));
    let pair = |rest: &'_ str| rest.split_once("`, expected ").map(|(a, b)| (brief(a), list(b)));
    if let Some(field) = quoted("missing field") {
        return Some(format!("expected a field '{}', received none", brief(field.trim_end_matches('`'))));
    }
    if let Some(field) = quoted("duplicate field") {
        return Some(format!("expected one field '{}', received two", brief(field.trim_end_matches('`'))));
    }
    if let Some((field, known)) = quoted("unknown field").and_then(pair) {
        return Some(format!("expected the fields {known} alone, received '{field}' as well"));
    }
    if let Some((name, known)) = quoted("unknown variant").and_then(pair) {
        return Some(format!("expected one of {known}, received '{name}'"));
    }
    let unlike = told.strip_prefix("invalid type: ").or_else(|| told.strip_prefix("invalid value: "));
    if let Some((received, expected)) = unlike.and_then(|rest| rest.rsplit_once(", expected ")) {
        return Some(format!("expected {}, received {}", plain(expected), found(received)));
    }
    if let Some((count, expected)) =
        told.strip_prefix("invalid length ").and_then(|rest| rest.split_once(", expected "))
    {
        return Some(format!("expected {}, received an array of {count}", plain(expected)));
    }
    None
}

/// Serde's list of names.
fn list(names: &str) -> String {
    names.trim_start_matches("one of ").replace(" or ", ", ").replace('`', "'")
}

/// Serde's name of a type.
fn plain(expected: &str) -> &str {
    match expected {
        "usize" | "u32" => "a whole number from 0",
        "f64" => "a number",
        "a sequence" => "an array",
        "an array of length 2" => "an array of 2",
        "unit" => "null",
        "a tuple of size 2" => "two numbers",
        "a string" | "a boolean" | "a map of tensors" | "a map of text" => expected,
        _ if expected.starts_with("struct") || expected.starts_with("newtype") => "an object",
        _ => "a name",
    }
}

/// Serde's description of a value.
fn found(received: &str) -> String {
    let numbers = ["integer `", "floating point `", "boolean `"];
    if let Some(number) = numbers.iter().find_map(|kind| received.strip_prefix(kind)) {
        return brief(number.trim_end_matches('`'));
    }
    match received {
        "null" => "null".to_owned(),
        "sequence" => "an array".to_owned(),
        "map" => "an object".to_owned(),
        _ => match received.strip_prefix("string ") {
            Some(text) => format!("\"{}\"", brief(text.trim_matches('"'))),
            None => "a name alone".to_owned(),
        },
    }
}

/// The path and the sentence for a value in the place of a name or of an object with a single one.
fn unnamed(text: &str, place: usize) -> (String, String) {
    // Serde points behind the first character of the value, or behind the first of the object's values.
    let (before, value) = text.split_at(boundary(text, place.saturating_sub(1)));
    let before_it = before.trim_end();
    let begins = before_it.ends_with([':', '[', ',']);
    let received = match value.as_bytes().first() {
        Some(b'[') if begins => "an array",
        Some(b'}') if before_it.ends_with('{') => "an object without one",
        _ if begins => value.split([',', '}', ']']).next().unwrap_or_default(),
        _ => "an object of several",
    };
    let several = received.ends_with("several");
    let mut around = around(if several { &text[..place] } else { before });
    if several && let Some(Around::Object(key)) = around.last_mut() {
        *key = None;
    }
    (path(&around), format!("expected a name or an object of one, received {}", brief(received)))
}

/// The beginning of a text of a caller's or file's, on one line.
pub(crate) fn brief(text: &str) -> String {
    let escaped = |c: char| if c.is_control() { c.escape_default().collect() } else { c.to_string() };
    let mut brief: String = text.chars().take(LONGEST).map(escaped).collect();
    if text.chars().nth(LONGEST).is_some() {
        brief.push('…');
    }
    brief
}

#[cfg(test)]
mod tests {
    use crate::graph::Graph;

    fn words(text: &str) -> String {
        Graph::from_json(text).unwrap_err().message
    }

    #[test]
    fn a_text_that_is_no_json_is_told_apart_from_json_that_is_no_graph() {
        let around = |op: &str| {
            format!("{{\n \"version\": 1,\n \"parameters\": [], \"nodes\": [ {op} ], \"outputs\": []}}")
        };
        for (text, expected) in [
            (String::new(), "graph: expected JSON, received text that is none from byte 0"),
            ("{\"version\": 1, ".to_owned(), "graph: expected JSON, received text that is none from byte 15"),
            ("{\"version\": é}".to_owned(), "graph: expected JSON, received text that is none from byte "),
            (around("7 "), "graph.nodes[0]: expected an object, received 7"),
            (around("{}, 7"), "graph.nodes[0]: expected a field 'name', received none"),
            (
                around(
                    r#"{"name": "é\"[{,", "op": "last"}, {"name": "b", "op" : {"slice" : {"start": -1}}}"#,
                ),
                "graph.nodes[1].op.slice.start: expected a whole number from 0, received -1",
            ),
            (
                around(r#"{"op": {"activation": "tanh" , "x": 1}}"#),
                "graph.nodes[0].op: expected a name or an object of one, received an object of several",
            ),
            (
                around(r#"{"op": {"child": {"index": 4}, "x": 1}}"#),
                "graph.nodes[0].op: expected a name or an object of one, received an object of several",
            ),
            (
                around(r#"{"op": { } }"#),
                "graph.nodes[0].op: expected a name or an object of one, received an object without one",
            ),
            (
                around(r#"{"op": null }"#),
                "graph.nodes[0].op: expected a name or an object of one, received null",
            ),
            (
                around(r#"{"name": "\ud800"}"#),
                "graph.nodes[0].name: expected whole characters, received half of a surrogate pair",
            ),
            (
                around(r#"{"op": {"affine": {"scale": 1e999}}}"#),
                "graph.nodes[0].op.affine.scale: expected a number of 64 bits, received a larger one",
            ),
            (
                around(r#"{"name": "a", "name": "b"}"#),
                "graph.nodes[0]: expected one field 'name', received two",
            ),
            (around(r#"{"op": "add\u0000b"}"#), "graph.nodes[0].op: expected one of 'input', 'state'"),
        ] {
            let told = words(&text);
            assert!(told.starts_with(expected), "{text}\n{told}");
            assert!(!told.contains('\0') && !told.contains('`'), "{told}");
        }
    }

    #[test]
    fn levels_beyond_measure_are_counted() {
        let text = format!(r#"{{"version":{}1{}}}"#, "[".repeat(200), "]".repeat(200));
        assert_eq!(
            words(&text),
            "graph: expected at most 127 objects and arrays within each other, received more"
        );
    }
}
