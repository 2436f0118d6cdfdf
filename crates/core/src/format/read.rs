//! Reading a safetensors file, suspicious of every byte: the header first, then one tensor after another.

use std::collections::BTreeMap;
use std::io::Read;

use crc32fast::Hasher;
use safetensors::Dtype;
use safetensors::tensor::TensorInfo;

use super::checksum::check_sum;
use super::header::{Header, fill};
use crate::memory::zeros;
use crate::{Error, Result};

/// Bytes of data that are read at a time.
const CHUNK: usize = 1 << 16;

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

/// A safetensors file of `f32` tensors whose header was read and checked, and whose tensors were not.
pub struct Reader<R> {
    metadata: BTreeMap<String, String>,
    /// In the order of their bytes, each with its checksum if the file has any.
    tensors: Vec<(String, TensorInfo, Option<u32>)>,
    source: R,
    /// The number of tensors that were read.
    next: usize,
}

impl<R: Read> Reader<R> {
    /// Reads the header of a file of `length` bytes.
    ///
    /// # Errors
    /// `Format`, naming the tensor where one is at fault: a truncated file, a header that is too large or no JSON or that
    /// has another checksum, a name that appears twice, a type other than `F32`, bytes that do not fit the shape, overlap, leave a gap or
    /// trail. `Io` when the source cannot be read.
    pub fn open(mut source: R, length: u64) -> Result<Self> {
        let (Header { metadata, tensors }, sums) = Header::read(&mut source, length, is_single)?;
        let sum = |index: usize| sums.as_ref().map(|sums| sums[index]);
        let mut tensors: Vec<_> =
            tensors.into_iter().enumerate().map(|(i, (name, info))| (name, info, sum(i))).collect();
        tensors.sort_by_key(|(_, info, _)| info.data_offsets);
        Ok(Self { metadata, tensors, source, next: 0 })
    }

    /// Free text by key.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// The names and shapes of the tensors, in the order of their bytes.
    pub fn tensors(&self) -> impl Iterator<Item = (&str, &[usize])> {
        self.tensors.iter().map(|(name, info, _)| (name.as_str(), info.shape.as_slice()))
    }

    /// True if every byte of the file is under a checksum.
    pub fn is_checked(&self) -> bool {
        self.tensors.iter().all(|(.., sum)| sum.is_some())
    }

    /// Reads the values of the next tensor, which is as long as `into`.
    ///
    /// # Errors
    /// `Format` for values that are not finite or have another checksum, and for a file that has become shorter; `Io` when
    /// the source cannot be read.
    pub fn read_next(&mut self, into: &mut [f32]) -> Result<()> {
        let mut rest = into.iter_mut();
        self.next_values(|value| {
            if let Some(place) = rest.next() {
                *place = value;
            }
        })
    }

    /// Reads the values of the next tensor, which is as long as `values`, and tells if these are the same, to the bit.
    ///
    /// # Errors
    /// Those of [`Reader::read_next`].
    pub fn compare_next(&mut self, values: &[f32]) -> Result<bool> {
        let (mut rest, mut same) = (values.iter(), true);
        self.next_values(|value| same &= rest.next().is_some_and(|it| it.to_bits() == value.to_bits()))?;
        Ok(same)
    }

    /// Reads the values of the next tensor and leaves them.
    ///
    /// # Errors
    /// Those of [`Reader::read_next`].
    pub fn pass_next(&mut self) -> Result<()> {
        self.next_values(|_| ())
    }

    fn next_values(&mut self, mut take: impl FnMut(f32)) -> Result<()> {
        let Some((name, info, expected)) = self.tensors.get(self.next) else {
            return Err(Error::internal("file: expected another tensor, received its end"));
        };
        let mut bytes = [0; CHUNK];
        let (mut read, mut sum) = (0, Hasher::new());
        let (start, end) = info.data_offsets;
        for chunk in (start..end).step_by(CHUNK) {
            let bytes = &mut bytes[..CHUNK.min(end - chunk)];
            fill(&mut self.source, bytes, || format!("tensor '{name}'"))?;
            sum.update(bytes);
            let (numbers, _) = bytes.as_chunks::<4>();
            for &bytes in numbers {
                let value = f32::from_le_bytes(bytes);
                if !value.is_finite() {
                    return Err(Error::format(format!(
                        "tensor '{name}': expected finite numbers, received {value} at element {read}"
                    )));
                }
                take(value);
                read += 1;
            }
        }
        check_sum(name, *expected, sum.finalize())?;
        self.next += 1;
        Ok(())
    }
}

fn is_single(dtype: Dtype) -> std::result::Result<(), (&'static str, &'static str)> {
    if dtype == Dtype::F32 { Ok(()) } else { Err(("F32", OF_OTHERS)) }
}

/// The advice on weights of another library.
pub const OF_OTHERS: &str = "; model.load takes weights of another library into a declared model";

/// Reads a file from memory, with all of its tensors.
///
/// # Errors
/// Those of [`Reader::open`] and [`Reader::read_next`]; `Size` when there is no memory.
pub fn read(bytes: &[u8]) -> Result<File> {
    let mut reader = Reader::open(bytes, bytes.len() as u64)?;
    let named: Vec<_> = reader.tensors().map(|(name, shape)| (name.to_owned(), shape.to_vec())).collect();
    let mut tensors = Vec::with_capacity(named.len());
    for (name, shape) in named {
        let mut values = zeros(shape.iter().product(), format_args!("tensor '{name}'"))?;
        reader.read_next(&mut values)?;
        tensors.push(Tensor { name, shape, values });
    }
    Ok(File { metadata: reader.metadata, tensors })
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
            (
                r#"{"w":{"dtype":"X8","shape":[1],"data_offsets":[0,8]}}"#,
                "tensor 'w': expected one of 'BOOL', ",
            ),
            (
                r#"{"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,8]}}"#,
                "tensor 'w': expected a whole number from 0, received -1",
            ),
            (
                r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#,
                "tensor 'w': expected two numbers, received an array of 1",
            ),
            (
                r#"{"w":{"dtype":"F32","shape":[1]}}"#,
                "tensor 'w': expected a field 'data_offsets', received none",
            ),
            (r#"{"__metadata__":{"a":1}}"#, "metadata 'a': expected a string, received 1"),
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
