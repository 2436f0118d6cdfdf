//! The JSON header of a safetensors file, with the checks that name the tensor at fault.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use safetensors::Dtype;
use safetensors::tensor::TensorInfo;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Error, Result};

/// The header's key that holds the metadata.
pub(super) const METADATA: &str = "__metadata__";
/// Bytes before the header: its length, little endian.
pub(super) const PREFIX: usize = 8;
/// The largest header that safetensors readers accept.
const MAX_HEADER: usize = 100_000_000;

/// What a file says about itself: free text, and each tensor's type, shape and bytes. Keys are unique; both maps
/// are written in a fixed order.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) tensors: Vec<(String, TensorInfo)>,
}

impl Header {
    /// Parses the header of `bytes` and checks it against the bytes that follow it.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        let text = header_bytes(bytes)?;
        let header: Self = serde_json::from_slice(text)
            .map_err(|error| Error::format(format!("not a safetensors file: malformed header: {error}")))?;
        header.check(bytes.len() - PREFIX - text.len())?;
        Ok(header)
    }

    /// Every tensor is `f32`, is as long as its shape, and starts where the one before it ends; together they
    /// cover the data exactly.
    fn check(&self, data: usize) -> Result<()> {
        let mut tensors: Vec<_> = self.tensors.iter().collect();
        tensors.sort_by_key(|(_, info)| info.data_offsets);
        let mut covered = 0;
        for (name, TensorInfo { dtype, shape, data_offsets: (start, end) }) in tensors {
            if *dtype != Dtype::F32 {
                return Err(Error::format(format!("tensor '{name}': expected F32, received {dtype}")));
            }
            let size = shape.iter().try_fold(size_of::<f32>(), |size, &n| size.checked_mul(n));
            if end.checked_sub(*start) != size {
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
            if *end > data {
                return Err(Error::format(format!(
                    "tensor '{name}': expected bytes {start} to {end}, received {data} bytes of data; the file is truncated"
                )));
            }
            covered = *end;
        }
        if covered != data {
            return Err(Error::format(format!("file: expected {covered} bytes of data, received {data}")));
        }
        Ok(())
    }
}

fn header_bytes(bytes: &[u8]) -> Result<&[u8]> {
    let truncated = |what: &str| {
        Error::format(format!("file: expected {what}, received {} bytes; the file is truncated", bytes.len()))
    };
    let (prefix, rest) =
        bytes.split_first_chunk::<PREFIX>().ok_or_else(|| truncated("the length of a header"))?;
    let length = u64::from_le_bytes(*prefix);
    match usize::try_from(length) {
        Ok(length) if length <= MAX_HEADER => {
            rest.get(..length).ok_or_else(|| truncated(&format!("a header of {length} bytes")))
        }
        _ => Err(Error::format(format!(
            "not a safetensors file: expected a header of at most {MAX_HEADER} bytes, received {length}"
        ))),
    }
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
        deserializer.deserialize_map(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = Header;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Header, A::Error> {
        let mut header = Header { metadata: BTreeMap::new(), tensors: Vec::new() };
        let mut names = BTreeSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(format!("tensor '{name}' appears twice")));
            }
            if name == METADATA {
                header.metadata = map.next_value::<Metadata>()?.0;
            } else {
                let info = map.next_value().map_err(|e| A::Error::custom(format!("tensor '{name}': {e}")))?;
                header.tensors.push((name, info));
            }
        }
        Ok(header)
    }
}

/// The metadata, in which JSON's doubled keys are refused as well.
struct Metadata(BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(MetadataVisitor)
    }
}

struct MetadataVisitor;

impl<'de> Visitor<'de> for MetadataVisitor {
    type Value = Metadata;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of text")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Metadata, A::Error> {
        let mut metadata = BTreeMap::new();
        while let Some((key, value)) = map.next_entry::<String, String>()? {
            if metadata.contains_key(&key) {
                return Err(A::Error::custom(format!("metadata '{key}' appears twice")));
            }
            metadata.insert(key, value);
        }
        Ok(Metadata(metadata))
    }
}
