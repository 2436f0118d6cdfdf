//! Files of other formats, known by their first bytes, for the words of a refusal.

/// The first bytes that tell, with the longest name of a zip's first entry that is looked at.
pub(super) const TELLING: usize = 30 + 256;

/// The fields of a zip's first entry: its signature, the length of its name, and its name.
const ZIP: &[u8] = b"PK\x03\x04";
const NAME_LENGTH: usize = 26;
const NAME: usize = 30;

const PYTORCH: &str = "importPyTorch of unrolled/pytorch reads it";
const KERAS: &str = "importKeras of unrolled/keras reads it";
const ONNX: &str = "importOnnx of unrolled/onnx reads it";

/// Names the format of a file and the function that reads it, by the file's first bytes.
pub(super) fn told_by(first: &[u8]) -> Option<(&'static str, &'static str)> {
    let begins = |signature: &[u8]| first.starts_with(signature);
    if begins(ZIP) {
        return zip_told_by(first);
    }
    if begins(b"\x89HDF\r\n\x1a\n") {
        return Some(("an HDF5 file", KERAS));
    }
    // A pickle of protocol 2 to 5.
    if matches!(first, [0x80, 2..=5, ..]) {
        return Some(("a pickle", PYTORCH));
    }
    // A message without a signature: the version of the format, then one of the fields that follow it.
    if matches!(first, [0x08, 1..=0x20, 0x12 | 0x1a | 0x22 | 0x28 | 0x32 | 0x3a | 0x42, ..]) {
        return Some(("an ONNX model", ONNX));
    }
    (first.trim_ascii_start().first() == Some(&b'{'))
        .then_some(("JSON", "importKeras of unrolled/keras reads a model.json of TensorFlow.js"))
}

fn zip_told_by(first: &[u8]) -> Option<(&'static str, &'static str)> {
    let length = usize::from(u16::from_le_bytes(*first.get(NAME_LENGTH..)?.first_chunk()?));
    let name = first.get(NAME..NAME + length)?;
    if name.ends_with(b"/data.pkl") {
        return Some(("an archive of PyTorch", PYTORCH));
    }
    let keras: [&[u8]; 3] = [b"metadata.json", b"config.json", b"model.weights.h5"];
    keras.contains(&name).then_some(("an archive of Keras", KERAS))
}
