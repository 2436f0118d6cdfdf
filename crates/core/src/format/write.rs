//! Writing a safetensors file, the same bytes for the same content.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;

use crc32fast::Hasher;
use safetensors::Dtype;
use safetensors::tensor::TensorInfo;

use super::header::{Header, METADATA, PREFIX};
use super::save::save_by;
use crate::finite::first_non_finite;
use crate::{Error, Result};

/// A tensor to write: its name, shape and values.
pub type Named<'a> = (&'a str, &'a [usize], &'a [f32]);

/// Bytes of data that are written at a time.
const CHUNK: usize = 1 << 16;

/// Writes tensors, in the order given, and `metadata`, in the order of its keys, as a safetensors file in memory. The data
/// starts at a multiple of 8 bytes.
///
/// # Errors
/// `Internal` for a name that is doubled or reserved and for values that do not fill their shape; `Size` when
/// the file does not fit in memory.
pub fn write(metadata: BTreeMap<String, String>, tensors: &[Named<'_>]) -> Result<Vec<u8>> {
    let header = header_of(metadata, tensors)?.text()?;
    let mut bytes = Vec::new();
    let size = PREFIX + header.len() + tensors.iter().map(|(.., values)| size_of_val(*values)).sum::<usize>();
    bytes
        .try_reserve_exact(size)
        .map_err(|_| Error::size(format!("no memory for a file of {size} bytes")))?;
    bytes.extend((header.len() as u64).to_le_bytes());
    bytes.extend(header);
    for (_, _, values) in tensors {
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }
    Ok(bytes)
}

/// Writes a file like [`write()`] to `path`, whole or not at all, with a checksum of each tensor and one of the header:
/// [`super::Reader`] refuses the file if a byte of it changes. The data are not copied.
///
/// # Errors
/// Those of [`write()`]; `NonFinite`, naming the tensor, for a NaN or infinity; `Io` when the file cannot be written.
pub fn save_checked(path: &Path, metadata: BTreeMap<String, String>, tensors: &[Named<'_>]) -> Result<()> {
    let mut header = header_of(metadata, tensors)?;
    let sums = tensors.iter().map(|(name, _, values)| {
        if let Some(at) = first_non_finite(values) {
            let found = values[at];
            return Err(Error::non_finite(format!(
                "tensor '{name}': expected finite numbers, received {found} at element {at}"
            )));
        }
        let mut sum = Hasher::new();
        each_chunk(values, |bytes| {
            sum.update(bytes);
            Ok(())
        })
        .map_err(|error| Error::internal(error.to_string()))?;
        Ok(sum.finalize())
    });
    let text = header.seal(&sums.collect::<Result<Vec<_>>>()?)?;
    save_by(path, |file| {
        file.write_all(&(text.len() as u64).to_le_bytes())?;
        file.write_all(&text)?;
        tensors.iter().try_for_each(|(_, _, values)| each_chunk(values, |bytes| file.write_all(bytes)))
    })
}

/// Gives `take` the bytes of some values, a part at a time.
fn each_chunk(values: &[f32], mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut bytes = [0; CHUNK];
    values.chunks(CHUNK / size_of::<f32>()).try_for_each(|values| {
        let (places, _) = bytes.as_chunks_mut::<4>();
        for (place, value) in places.iter_mut().zip(values) {
            *place = value.to_le_bytes();
        }
        take(&bytes[..size_of_val(values)])
    })
}

fn header_of(metadata: BTreeMap<String, String>, tensors: &[Named<'_>]) -> Result<Header> {
    checked(tensors)?;
    let mut end = 0;
    let infos = tensors.iter().map(|&(name, shape, values)| {
        let start = end;
        end += size_of_val(values);
        let info = TensorInfo { dtype: Dtype::F32, shape: shape.into(), data_offsets: (start, end) };
        (name.to_string(), info)
    });
    Ok(Header { metadata, tensors: infos.collect() })
}

/// Refuses tensors that no file can name or hold.
pub(super) fn checked(tensors: &[Named<'_>]) -> Result<()> {
    let mut names = BTreeSet::new();
    for &(name, shape, values) in tensors {
        if name == METADATA || !names.insert(name) {
            return Err(Error::internal(format!(
                "tensor '{name}': expected a name of its own, received one that is reserved or taken"
            )));
        }
        if shape.iter().product::<usize>() != values.len() {
            return Err(Error::internal(format!(
                "tensor '{name}': expected values for shape {shape:?}, received {}",
                values.len()
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use safetensors::tensor::TensorView;

    use super::*;
    use crate::format::{Tensor, read};

    #[test]
    fn what_is_written_is_read() {
        let metadata: BTreeMap<_, _> =
            ["b", "a", "é\"\n"].map(|k| (k.to_string(), format!("value of {k}"))).into();
        let tensors: [(&str, &[usize], &[f32]); 4] = [
            ("z.weight", &[2, 3], &[1.0, -0.0, f32::MIN_POSITIVE, f32::MAX, 1e-42, 0.1]),
            ("a.bias", &[1], &[7.0]),
            ("scalar", &[], &[3.0]),
            ("none", &[0, 4], &[]),
        ];
        let bytes = write(metadata.clone(), &tensors).unwrap();
        assert_eq!(bytes, write(metadata.clone(), &tensors).unwrap());
        let file = read(&bytes).unwrap();
        assert_eq!(file.metadata, metadata);
        for (name, shape, values) in tensors {
            let tensor = file.tensors.iter().find(|tensor| tensor.name == name).unwrap();
            assert_eq!(tensor.shape, shape);
            assert_eq!(
                tensor.values.iter().map(|v| v.to_bits()).collect::<Vec<_>>(),
                values.iter().map(|v| v.to_bits()).collect::<Vec<_>>()
            );
        }
        let order: Vec<_> =
            file.tensors.iter().filter(|t| !t.values.is_empty()).map(|t| t.name.as_str()).collect();
        assert_eq!(order, ["z.weight", "a.bias", "scalar"]);
    }

    #[test]
    fn the_bytes_are_the_crates() {
        let (a, b) = ([1.0f32, 2.0], [3.0f32; 3]);
        let raw = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>();
        let (raw_a, raw_b) = (raw(&a), raw(&b));
        let views = [
            ("a", TensorView::new(Dtype::F32, vec![2], &raw_a).unwrap()),
            ("b", TensorView::new(Dtype::F32, vec![3, 1], &raw_b).unwrap()),
        ];
        let metadata = [("key".to_string(), "text".to_string())];
        let expected = safetensors::serialize(views, Some(HashMap::from(metadata.clone()))).unwrap();
        assert_eq!(write(metadata.into(), &[("a", &[2], &a), ("b", &[3, 1], &b)]).unwrap(), expected);
    }

    #[test]
    fn nothing_at_all_is_a_file() {
        let file = read(&write(BTreeMap::new(), &[]).unwrap()).unwrap();
        assert_eq!((file.metadata, file.tensors), (BTreeMap::new(), Vec::<Tensor>::new()));
    }

    #[test]
    fn wrong_tensors_are_refused() {
        let write = |tensors: &[(&str, &[usize], &[f32])]| write(BTreeMap::new(), tensors);
        assert!(write(&[("a", &[1], &[0.0]), ("a", &[1], &[0.0])]).is_err());
        assert!(write(&[("__metadata__", &[1], &[0.0])]).is_err());
        assert!(write(&[("a", &[2], &[0.0])]).is_err());
    }
}
