//! State dicts of PyTorch: what `torch.save` writes, a zip archive of a pickle and of the numbers of each tensor.

use super::write::{Named, checked};
use super::zip::Archive;
use crate::Result;

/// Writes tensors, in the order given, as the file that
/// `torch.save(OrderedDict(...))` writes; `torch.load(path, weights_only=True)` reads it.
///
/// # Errors
/// `Internal` for a name that is doubled and for values that do not fill their shape; `Size` when the file does not
/// fit in memory, or in the 4 GiB of an archive.
pub fn write_pytorch(tensors: &[Named<'_>]) -> Result<Vec<u8>> {
    checked(tensors)?;
    let numbers: usize = tensors.iter().map(|(.., values)| size_of_val(*values)).sum();
    let mut archive = Archive::with_room(numbers)?;
    archive.add("archive/data.pkl", |bytes| bytes.extend(pickle(tensors)))?;
    archive.add("archive/byteorder", |bytes| bytes.extend(b"little"))?;
    for (index, (.., values)) in tensors.iter().enumerate() {
        let numbers = |bytes: &mut Vec<u8>| bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        archive.add(&format!("archive/data/{index}"), numbers)?;
    }
    archive.add("archive/version", |bytes| bytes.extend(b"3\n"))?;
    archive.finish()
}

/// The pickle of an ordered dict of tensors, protocol 2: each a call of `_rebuild_tensor_v2` with its storage, which a
/// persistent id names.
fn pickle(tensors: &[Named<'_>]) -> Vec<u8> {
    /// An empty ordered dict: global, empty tuple, reduce.
    const DICT: &[u8] = b"ccollections\nOrderedDict\n)R";
    let mut out = b"\x80\x02".to_vec();
    out.extend(DICT);
    out.push(b'(');
    for (index, &(name, shape, values)) in tensors.iter().enumerate() {
        text(&mut out, name);
        out.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        text(&mut out, "storage");
        out.extend(b"ctorch\nFloatStorage\n");
        text(&mut out, &index.to_string());
        text(&mut out, "cpu");
        whole(&mut out, values.len());
        // Tuple, persistent id.
        out.extend(b"tQ");
        whole(&mut out, 0);
        let strides = (1..=shape.len()).map(|i| shape[i..].iter().product());
        tuple(&mut out, shape.iter().copied());
        tuple(&mut out, strides);
        // No gradient, no hooks; tuple, reduce.
        out.push(0x89);
        out.extend(DICT);
        out.extend(b"tR");
    }
    // Set items, stop.
    out.extend(b"u.");
    out
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'X');
    out.extend((text.len() as u32).to_le_bytes());
    out.extend(text.as_bytes());
}

/// A whole number: of 4 bytes, or a long one of 8.
fn whole(out: &mut Vec<u8>, number: usize) {
    if let Ok(number) = i32::try_from(number) {
        out.push(b'J');
        out.extend(number.to_le_bytes());
    } else {
        out.extend([0x8a, 8]);
        out.extend((number as u64).to_le_bytes());
    }
}

fn tuple(out: &mut Vec<u8>, numbers: impl Iterator<Item = usize>) {
    out.push(b'(');
    numbers.for_each(|number| whole(out, number));
    out.push(b't');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tensor_is_a_call_with_its_storage() {
        let bytes = pickle(&[("a.w", &[2, 3], &[0.0; 6])]);
        let storage = b"((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuJ\x06\0\0\0tQ";
        let shape =
            b"J\0\0\0\0(J\x02\0\0\0J\x03\0\0\0t(J\x03\0\0\0J\x01\0\0\0t\x89ccollections\nOrderedDict\n)R";
        let expected = [
            b"\x80\x02ccollections\nOrderedDict\n)R(X\x03\0\0\0a.wctorch._utils\n_rebuild_tensor_v2\n"
                .as_slice(),
            storage,
            shape,
            b"tRu.",
        ]
        .concat();
        assert_eq!(bytes, expected);
        assert_eq!(pickle(&[]), b"\x80\x02ccollections\nOrderedDict\n)R(u.");
    }

    #[test]
    fn a_whole_number_beyond_31_bits_is_a_long_one() {
        let mut out = Vec::new();
        whole(&mut out, 1 << 31);
        assert_eq!(out, [0x8a, 8, 0, 0, 0, 0x80, 0, 0, 0, 0]);
    }

    #[test]
    fn the_numbers_begin_at_multiples_of_64() {
        let bytes = write_pytorch(&[("w", &[3], &[1.0, -0.0, 1e-42]), ("v", &[1], &[0.5])]).unwrap();
        let place = |needle: &[u8]| bytes.windows(needle.len()).position(|it| it == needle).unwrap();
        assert_eq!(place(&[0, 0, 0x80, 0x3f, 0, 0, 0, 0x80]) % 64, 0);
        assert_eq!(place(&0.5f32.to_le_bytes()) % 64, 0);
        assert_eq!(bytes, write_pytorch(&[("w", &[3], &[1.0, -0.0, 1e-42]), ("v", &[1], &[0.5])]).unwrap());
        assert!(write_pytorch(&[("w", &[2], &[0.0])]).is_err());
    }
}
