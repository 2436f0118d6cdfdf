//! Writing a safetensors file, the same bytes for the same content.

use std::collections::{BTreeMap, BTreeSet};

use safetensors::Dtype;
use safetensors::tensor::TensorInfo;

use super::header::{Header, MAX_HEADER, METADATA, PREFIX};
use crate::{Error, Result};

/// Writes `(name, shape, values)` tensors, in the order given, and `metadata`, in the order of its keys, as a
/// safetensors file in memory. The data starts at a multiple of 8 bytes.
///
/// # Errors
/// `Internal` for a name that is doubled or reserved and for values that do not fill their shape; `Size` when
/// the file does not fit in memory.
pub fn write(metadata: BTreeMap<String, String>, tensors: &[(&str, &[usize], &[f32])]) -> Result<Vec<u8>> {
    checked(tensors)?;
    let mut end = 0;
    let infos = tensors.iter().map(|&(name, shape, values)| {
        let start = end;
        end += size_of_val(values);
        let info = TensorInfo { dtype: Dtype::F32, shape: shape.into(), data_offsets: (start, end) };
        (name.to_string(), info)
    });
    let tensors_of_header = infos.collect();
    let mut header = serde_json::to_vec(&Header { metadata, tensors: tensors_of_header })
        .map_err(|error| Error::internal(format!("cannot write a safetensors header: {error}")))?;
    header.resize(header.len().next_multiple_of(PREFIX), b' ');

    if header.len() as u64 > MAX_HEADER {
        let (most, length) = (MAX_HEADER, header.len());
        let message = format!("metadata: expected a header of at most {most} bytes, received {length}");
        return Err(Error::size(message));
    }

    let mut bytes = Vec::new();
    let size = PREFIX + header.len() + end;
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

/// Refuses tensors that no file can name or hold.
pub(super) fn checked(tensors: &[(&str, &[usize], &[f32])]) -> Result<()> {
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
