//! Reading a safetensors file, suspicious of every byte.

use std::collections::BTreeMap;

use safetensors::SafeTensors;

use super::header::Header;
use crate::{Error, Result};

/// A tensor read from a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// The name.
    pub name: String,
    /// The shape, row-major.
    pub shape: Vec<usize>,
    /// The values, all finite.
    pub values: Vec<f32>,
}

/// A file read whole.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// Free text by key.
    pub metadata: BTreeMap<String, String>,
    /// The tensors in the order of their bytes.
    pub tensors: Vec<Tensor>,
}

impl File {
    /// The tensor of that name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Tensor> {
        self.tensors.iter().find(|tensor| tensor.name == name)
    }
}

/// Reads a safetensors file of `f32` tensors from memory.
///
/// # Errors
/// `Format`, naming the tensor where one is at fault: a truncated file, a header that is too large or no JSON, a
/// name that appears twice, a type other than `F32`, bytes that do not fit the shape, overlap, leave a gap or
/// trail, and values that are not finite.
pub fn read(bytes: &[u8]) -> Result<File> {
    let Header { metadata, mut tensors } = Header::parse(bytes)?;
    let file = SafeTensors::deserialize(bytes)
        .map_err(|error| Error::format(format!("not a safetensors file: {error}")))?;
    tensors.sort_by_key(|(_, info)| info.data_offsets);
    let tensors = tensors
        .into_iter()
        .map(|(name, info)| {
            let view = file.tensor(&name).map_err(|error| Error::format(error.to_string()))?;
            let values = values(&name, view.data())?;
            Ok(Tensor { name, shape: info.shape, values })
        })
        .collect::<Result<_>>()?;
    Ok(File { metadata, tensors })
}

fn values(name: &str, data: &[u8]) -> Result<Vec<f32>> {
    let (chunks, _) = data.as_chunks::<4>();
    let values: Vec<f32> = chunks.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
    match values.iter().position(|value| !value.is_finite()) {
        Some(i) => Err(Error::format(format!(
            "tensor '{name}': expected finite numbers, received {} at element {i}",
            values[i]
        ))),
        None => Ok(values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;
    use crate::format::write;

    /// A file with the given header and data, correctly framed.
    fn framed(header: &str, data: &[u8]) -> Vec<u8> {
        [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
    }

    fn refused(bytes: &[u8], words: &str) {
        let error = read(bytes).unwrap_err();
        assert_eq!(error.code, Code::Format);
        assert!(error.message.contains(words), "{:?} does not say {words:?}", error.message);
    }

    #[test]
    fn malformed_files_are_refused_by_name() {
        let one = r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
        assert_eq!(read(&framed(one, &[0; 8])).unwrap().tensors[0].values, [0.0, 0.0]);
        refused(b"", "expected the length of a header, received 0 bytes; the file is truncated");
        refused(&[1, 0, 0], "received 3 bytes; the file is truncated");
        refused(&u64::MAX.to_le_bytes(), "at most 100000000 bytes, received 18446744073709551615");
        refused(&100_000_001u64.to_le_bytes(), "at most 100000000 bytes, received 100000001");
        refused(&16u64.to_le_bytes(), "a header of 16 bytes");
        refused(&framed("", &[]), "header");
        refused(&framed("[]", &[]), "a map of tensors");
        refused(&framed("{\"\u{0}\":1}", &[]), "header");
        refused(&[&2u64.to_le_bytes()[..], &[0xff, 0xff]].concat(), "header");
        refused(
            &framed(one, &[0; 7]),
            "tensor 'w': expected bytes 0 to 8, received 7 bytes of data; the file is truncated",
        );
        refused(&framed(one, &[0; 9]), "expected 8 bytes of data, received 9");
        refused(&framed("{}", &[0; 4]), "expected 0 bytes of data, received 4");
        let cases = [
            (
                r#"{"w":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}"#,
                "tensor 'w': expected F32, received F64",
            ),
            (r#"{"w":{"dtype":"X8","shape":[1],"data_offsets":[0,8]}}"#, "tensor 'w'"),
            (
                r#"{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#,
                "tensor 'w': expected bytes for shape [3], received bytes 0 to 8",
            ),
            (
                r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#,
                "tensor 'w': expected bytes for shape [2], received bytes 8 to 0",
            ),
            (r#"{"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, "tensor 'w'"),
            (
                r#"{"w":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}}"#,
                "tensor 'w': expected bytes for shape [4611686018427387904]",
            ),
            (
                r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
                "'w': expected to start at byte 0, received bytes 4 to 8, which leave a gap",
            ),
            (
                r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
                "tensor 'b': expected to start at byte 8, received bytes 4 to 8, which overlap",
            ),
            (
                r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
                "expected one tensor 'a', received two",
            ),
            (
                r#"{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
                "expected one tensor 'a', received two",
            ),
            (r#"{"__metadata__":{"k":"1","k":"2"}}"#, "expected one metadata 'k', received two"),
            (r#"{"__metadata__":{"k":1}}"#, "header"),
        ];
        for (header, words) in cases {
            refused(&framed(header, &[0; 8]), words);
        }
        let nan = [0.0f32.to_le_bytes(), f32::NAN.to_le_bytes()].concat();
        refused(&framed(one, &nan), "tensor 'w': expected finite numbers, received NaN at element 1");
        let infinity = [f32::INFINITY.to_le_bytes(), [0; 4]].concat();
        refused(&framed(one, &infinity), "tensor 'w': expected finite numbers, received inf at element 0");
    }

    #[test]
    fn every_truncation_and_every_flipped_byte_is_an_error_or_a_file() {
        let metadata = BTreeMap::from([("graph".to_string(), "{}".to_string())]);
        let bytes = write(metadata, &[("a", &[2, 1], &[1.0, -2.0]), ("b", &[], &[0.5])]).unwrap();
        for end in 0..bytes.len() {
            assert_eq!(read(&bytes[..end]).unwrap_err().code, Code::Format, "cut at {end}");
        }
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                if let Err(error) = read(&flipped) {
                    assert_eq!(error.code, Code::Format, "byte {at} bit {bit}");
                }
            }
        }
    }
}
