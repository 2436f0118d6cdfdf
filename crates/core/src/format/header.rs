//! The JSON header of a safetensors file, with the checks that name the tensor at fault.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{ErrorKind, Read};

use safetensors::Dtype;
use safetensors::tensor::TensorInfo;
use serde::de::{DeserializeSeed, Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::others::{TELLING, told_by};
use crate::graph::sentence;
use crate::memory::zeros;
use crate::{Error, Result};

/// The header's key of the metadata.
pub(super) const METADATA: &str = "__metadata__";
/// Bytes before the header: its length, little endian.
pub(super) const PREFIX: usize = 8;
/// The largest header that safetensors readers accept.
const MAX_HEADER: u64 = 100_000_000;
/// The most tensors of a file: a model has fewer parameters by far.
const MAX_TENSORS: usize = 1 << 16;

/// The contents of a header: free text, and each tensor's type, shape and bytes. Keys are unique; both maps are written
/// in a fixed order.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) tensors: Vec<(String, TensorInfo)>,
}

impl Header {
    /// Reads the header of a file of `length` bytes and checks it against the bytes that follow it; of a type that is not
    /// taken, `takes` says what is expected. With the checksums of the tensors, if the file has any.
    pub(super) fn read(
        source: &mut impl Read,
        length: u64,
        takes: Takes,
    ) -> Result<(Self, Option<Vec<u32>>)> {
        let text = header_bytes(source, length)?;
        let mut header: Self = serde_json::from_slice(&text).map_err(|error| {
            Error::format(format!("not a safetensors file: malformed header: {}", words(&error)))
        })?;
        let sums = header.checksums(&text)?;
        header.check(length - (PREFIX + text.len()) as u64, takes)?;
        Ok((header, sums))
    }

    /// The JSON, with spaces at its end that lead the data to a multiple of 8 bytes.
    pub(super) fn text(&self) -> Result<Vec<u8>> {
        let mut text = serde_json::to_vec(self)
            .map_err(|error| Error::internal(format!("cannot write a safetensors header: {error}")))?;
        text.resize(text.len().next_multiple_of(PREFIX), b' ');
        if text.len() as u64 > MAX_HEADER {
            let (most, length) = (MAX_HEADER, text.len());
            let message = format!("metadata: expected a header of at most {most} bytes, received {length}");
            return Err(Error::size(message));
        }
        Ok(text)
    }

    /// Every tensor is of a type that is taken, is as long as its shape, and starts where the one before it ends; together they
    /// cover the data exactly.
    fn check(&self, data: u64, takes: Takes) -> Result<()> {
        let mut tensors: Vec<_> = self.tensors.iter().collect();
        tensors.sort_by_key(|(_, info)| info.data_offsets);
        let mut covered = 0;
        for (name, TensorInfo { dtype, shape, data_offsets: (start, end) }) in tensors {
            takes(*dtype).map_err(|(expected, advice)| {
                Error::format(format!("tensor '{name}': expected {expected}, received {dtype}{advice}"))
            })?;
            let size = size_of_tensor(*dtype, shape);
            if size.is_none() || end.checked_sub(*start) != size {
                return Err(Error::format(format!(
                    "tensor '{name}': expected bytes for shape {shape:?}, received bytes {start} to {end}"
                )));
            }
            if *start != covered {
                let fault = if *start < covered { "overlap another tensor" } else { "leave a gap" };
                return Err(Error::format(format!(
                    "tensor '{name}': expected to start at byte {covered}, received bytes {start} to {end}, which {fault}"
                )));
            }
            if *end as u64 > data {
                return Err(Error::format(format!(
                    "tensor '{name}': expected bytes {start} to {end}, received {data} bytes of data; the file is truncated"
                )));
            }
            covered = *end;
        }
        if covered as u64 != data {
            return Err(Error::format(format!("file: expected {covered} bytes of data, received {data}")));
        }
        Ok(())
    }
}

/// Tells if a type is taken, or what is expected in its place, and advice.
pub(super) type Takes = fn(Dtype) -> std::result::Result<(), (&'static str, &'static str)>;

/// The bytes of a tensor whose numbers take whole bytes; none beyond what can be counted.
pub(super) fn size_of_tensor(dtype: Dtype, shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(dtype.bitsize() / 8, |size, &n| size.checked_mul(n))
}

/// The text of the header, no longer than the file.
fn header_bytes(source: &mut impl Read, file: u64) -> Result<Vec<u8>> {
    let truncated = |what: &str| {
        Error::format(format!("file: expected {what}, received {file} bytes; the file is truncated"))
    };
    let mut prefix = [0; PREFIX];
    if file < PREFIX as u64 {
        return Err(truncated("the length of a header"));
    }
    fill(source, &mut prefix, || "file".to_owned())?;
    let length = u64::from_le_bytes(prefix);
    if length > MAX_HEADER {
        return Err(foreign(prefix, source, length));
    }
    if length > file - PREFIX as u64 {
        return Err(truncated(&format!("a header of {length} bytes")));
    }
    let mut text = zeros(length as usize, "the header of a file")?;
    fill(source, &mut text, || "file".to_owned())?;
    Ok(text)
}

/// The error for a file of another format, with what reads it where its first bytes tell.
fn foreign(prefix: [u8; PREFIX], source: &mut impl Read, length: u64) -> Error {
    let mut first = prefix.to_vec();
    // A source that cannot be read further is no safetensors file either.
    let _ = source.take((TELLING - PREFIX) as u64).read_to_end(&mut first);
    Error::format(match told_by(&first) {
        Some((what, reader)) => format!("file: expected a safetensors file, received {what}; {reader}"),
        None => format!(
            "not a safetensors file: expected a header of at most {MAX_HEADER} bytes, received {length}"
        ),
    })
}

/// Fills `bytes` from a source.
pub(super) fn fill(source: &mut impl Read, bytes: &mut [u8], what: impl Fn() -> String) -> Result<()> {
    source.read_exact(bytes).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => Error::format(format!(
            "{}: expected {} bytes more, received fewer; the file is truncated",
            what(),
            bytes.len()
        )),
        _ => Error::io(format!("{}: cannot be read: {error}", what()), &error),
    })
}

impl Serialize for Header {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if !self.metadata.is_empty() {
            map.serialize_entry(METADATA, &self.metadata)?;
        }
        for (name, info) in &self.tensors {
            map.serialize_entry(name, info)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(Unique(Self { metadata: BTreeMap::new(), tensors: Vec::new() }))
    }
}

/// Serde's words for a header, in those of this library where it has some.
fn words(error: &impl fmt::Display) -> String {
    let told = error.to_string();
    let plain = told.rsplit_once(" at line ").and_then(|(words, _)| sentence(words));
    plain.or_else(|| sentence(&told)).unwrap_or(told)
}

/// A collection of the entries of a JSON object.
trait Entries {
    /// The words for the object in an error.
    const OBJECT: &'static str;
    /// The word for an entry in an error.
    const ENTRY: &'static str;

    /// Takes the value that follows `key`.
    fn take<'de, A: MapAccess<'de>>(&mut self, key: String, map: &mut A)
    -> std::result::Result<(), A::Error>;
}

impl Entries for Header {
    const OBJECT: &'static str = "a map of tensors";
    const ENTRY: &'static str = "tensor";

    fn take<'de, A: MapAccess<'de>>(
        &mut self,
        key: String,
        map: &mut A,
    ) -> std::result::Result<(), A::Error> {
        if key == METADATA {
            self.metadata = map.next_value_seed(Unique(BTreeMap::new()))?;
        } else if self.tensors.len() == MAX_TENSORS {
            return Err(A::Error::custom(format!("expected at most {MAX_TENSORS} tensors, received more")));
        } else {
            let info = map.next_value();
            let info = info.map_err(|e| A::Error::custom(format!("tensor '{key}': {}", words(&e))))?;
            self.tensors.push((key, info));
        }
        Ok(())
    }
}

impl Entries for BTreeMap<String, String> {
    const OBJECT: &'static str = "a map of text";
    const ENTRY: &'static str = "metadata";

    fn take<'de, A: MapAccess<'de>>(
        &mut self,
        key: String,
        map: &mut A,
    ) -> std::result::Result<(), A::Error> {
        let text = map.next_value();
        let text = text.map_err(|e| A::Error::custom(format!("metadata '{key}': {}", words(&e))))?;
        self.insert(key, text);
        Ok(())
    }
}

/// Fills a collection from a JSON object and refuses a key that comes twice.
struct Unique<T>(T);

impl<'de, T: Entries> Visitor<'de> for Unique<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::OBJECT)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> std::result::Result<T, A::Error> {
        let mut keys = BTreeSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if !keys.insert(key.clone()) {
                return Err(A::Error::custom(format!("expected one {} '{key}', received two", T::ENTRY)));
            }
            self.0.take(key, &mut map)?;
        }
        Ok(self.0)
    }
}

impl<'de, T: Entries> DeserializeSeed<'de> for Unique<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<T, D::Error> {
        deserializer.deserialize_map(self)
    }
}
