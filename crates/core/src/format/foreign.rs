//! Safetensors files of other libraries: floating-point numbers of any width become `f32`, and whole numbers are passed over.

use std::io::{self, Read};

use crc32fast::Hasher;
use safetensors::Dtype;
use safetensors::tensor::TensorInfo;

use super::checksum::{check_sum, is_of_a_run};
use super::header::{Header, fill, size_of_tensor};
use crate::memory::zeros;
use crate::{Error, Result};

/// Bytes of data that are read at a time: a multiple of every width.
const CHUNK: usize = 1 << 16;

/// A tensor of a file that another library may have written.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignTensor {
    /// The name.
    pub name: String,
    /// The shape, row-major.
    pub shape: Vec<usize>,
    /// The type in the file: `F64`, `F32`, `F16`, `BF16`, or one of whole numbers.
    pub dtype: String,
    /// The numbers, rounded to `f32`; none of whole numbers.
    pub values: Vec<f32>,
}

/// Reads all tensors of a file of `length` bytes, in the order of their bytes. Of a checkpoint, which is a file with
/// checksums, those that its run needs beside the parameters are checked and passed over.
///
/// # Errors
/// `Format`, naming the tensor where one is at fault, as [`super::Reader::open`] does, but for the types; `Size` when there
/// is no memory, `Io` when the source cannot be read.
pub fn read_foreign(mut source: impl Read, length: u64) -> Result<Vec<ForeignTensor>> {
    let (Header { tensors, .. }, sums) = Header::read(&mut source, length, is_known)?;
    let sum = |index: usize| sums.as_ref().map(|sums| sums[index]);
    let mut tensors: Vec<_> = tensors.into_iter().enumerate().map(|(i, tensor)| (tensor, sum(i))).collect();
    tensors.sort_by_key(|((_, info), _)| info.data_offsets);
    let mut read = Vec::new();
    for ((name, info), sum) in tensors {
        let mut bytes = Summed { source: &mut source, sum: Hasher::new() };
        if sum.is_some() && is_of_a_run(&name) {
            pass(&mut bytes, &name, &info)?;
            check_sum(&name, sum, bytes.sum.finalize())?;
        } else {
            let tensor = read_tensor(&mut bytes, name, info)?;
            check_sum(&tensor.name, sum, bytes.sum.finalize())?;
            read.push(tensor);
        }
    }
    Ok(read)
}

/// A source with the checksum of what was read.
struct Summed<R> {
    source: R,
    sum: Hasher,
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(into)?;
        self.sum.update(&into[..count]);
        Ok(count)
    }
}

/// Types of numbers that a model can hold, and of whole numbers.
fn is_known(dtype: Dtype) -> std::result::Result<(), (&'static str, &'static str)> {
    match converter(dtype) {
        Some(_) => Ok(()),
        None if is_whole(dtype) => Ok(()),
        None => Err(("F64, F32, F16, BF16 or whole numbers", "")),
    }
}

fn is_whole(dtype: Dtype) -> bool {
    use Dtype::{BOOL, I8, I16, I32, I64, U8, U16, U32, U64};
    matches!(dtype, BOOL | I8 | I16 | I32 | I64 | U8 | U16 | U32 | U64)
}

/// The width of a number in bytes, and its value rounded to `f32`.
type Converter = (usize, fn(&[u8]) -> f32);

fn converter(dtype: Dtype) -> Option<Converter> {
    match dtype {
        Dtype::F64 => Some((8, |bytes| f64::from_le_bytes(first(bytes)) as f32)),
        Dtype::F32 => Some((4, |bytes| f32::from_le_bytes(first(bytes)))),
        Dtype::F16 => Some((2, |bytes| half(u16::from_le_bytes(first(bytes))))),
        Dtype::BF16 => Some((2, |bytes| f32::from_bits(u32::from(u16::from_le_bytes(first(bytes))) << 16))),
        _ => None,
    }
}

/// The first bytes of a number, which has as many.
fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.first_chunk().copied().unwrap_or([0; N])
}

/// A number of half precision: a sign, 5 bits of an exponent with bias 15, 10 of a fraction.
fn half(bits: u16) -> f32 {
    let [sign, exponent, fraction] = [bits >> 15, (bits >> 10) & 31, bits & 1023].map(u32::from);
    let size = match exponent {
        // Subnormal: so many 2⁻²⁴.
        0 => fraction as f32 / (1 << 24) as f32,
        31 => f32::from_bits((0xff << 23) | (fraction << 13)),
        _ => f32::from_bits(((exponent + 112) << 23) | (fraction << 13)),
    };
    if sign == 0 { size } else { -size }
}

fn read_tensor(source: &mut impl Read, name: String, info: TensorInfo) -> Result<ForeignTensor> {
    let what = || format!("tensor '{name}'");
    let mut values = Vec::new();
    if let Some((width, convert)) = converter(info.dtype) {
        let bytes = size_of_tensor(info.dtype, &info.shape).unwrap_or_default();
        values = zeros(bytes / width, what())?;
        let mut chunk = zeros(CHUNK.min(bytes), what())?;
        for part in values.chunks_mut(CHUNK / width) {
            let chunk = &mut chunk[..part.len() * width];
            fill(source, chunk, what)?;
            for (value, number) in part.iter_mut().zip(chunk.chunks_exact(width)) {
                *value = convert(number);
            }
        }
    } else {
        pass(source, &name, &info)?;
    }
    let TensorInfo { dtype, shape, .. } = info;
    Ok(ForeignTensor { name, shape, dtype: dtype.to_string(), values })
}

/// Reads the bytes of a tensor and leaves them.
fn pass(source: &mut impl Read, name: &str, info: &TensorInfo) -> Result<()> {
    let bytes = size_of_tensor(info.dtype, &info.shape).unwrap_or_default();
    io::copy(&mut source.take(bytes as u64), &mut io::sink())
        .map(|_| ())
        .map_err(|error| Error::io(format!("tensor '{name}': cannot be read: {error}"), &error))
}

#[cfg(test)]
mod tests {
    use safetensors::tensor::TensorView;

    use super::*;
    use crate::Code;

    fn file(tensors: &[(&str, Dtype, &[usize], &[u8])]) -> Vec<u8> {
        let views = tensors.iter().map(|&(name, dtype, shape, bytes)| {
            (name, TensorView::new(dtype, shape.to_vec(), bytes).unwrap())
        });
        safetensors::serialize(views, None).unwrap()
    }

    #[test]
    fn numbers_of_every_width_become_f32() {
        let doubles: Vec<u8> = [0.1f64, 1e300].iter().flat_map(|v| v.to_le_bytes()).collect();
        // 1, -2, the largest, the least normal, the least of all, minus the largest subnormal, infinity, -0.
        let halves: Vec<u8> = [0x3c00u16, 0xc000, 0x7bff, 0x0400, 0x0001, 0x83ff, 0x7c00, 0x8000]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        let bytes = file(&[
            ("half", Dtype::F16, &[8], &halves),
            ("brain", Dtype::BF16, &[1, 2], &[0x80, 0x3f, 0x49, 0x40]),
            ("double", Dtype::F64, &[2], &doubles),
            ("steps", Dtype::I64, &[], &[7; 8]),
            ("mask", Dtype::BOOL, &[3], &[1, 0, 1]),
            ("single", Dtype::F32, &[1], &0.1f32.to_le_bytes()),
        ]);
        let tensors = read_foreign(bytes.as_slice(), bytes.len() as u64).unwrap();
        let of = |name: &str| tensors.iter().find(|it| it.name == name).unwrap();
        let least = 2f32.powi(-24);
        let halves = [1.0, -2.0, 65504.0, 2f32.powi(-14), least, -1023.0 * least, f32::INFINITY, 0.0];
        assert_eq!(of("half").values, halves);
        assert!(of("half").values[7].is_sign_negative());
        assert_eq!(
            (of("brain").values.as_slice(), of("brain").shape.as_slice()),
            (&[1.0, 3.140_625][..], &[1, 2][..])
        );
        assert_eq!(of("double").values, [0.1f32, f32::INFINITY]);
        assert_eq!((of("steps").values.len(), of("steps").dtype.as_str()), (0, "I64"));
        assert_eq!((of("mask").values.len(), of("mask").dtype.as_str()), (0, "BOOL"));
        assert_eq!(of("single").values, [0.1f32]);
    }

    #[test]
    fn a_long_tensor_is_read_in_pieces() {
        let numbers: Vec<f64> = (0..20_001).map(|i| f64::from(i) / 8.0).collect();
        let raw: Vec<u8> = numbers.iter().flat_map(|v| v.to_le_bytes()).collect();
        let bytes = file(&[("long", Dtype::F64, &[3, 6667], &raw)]);
        let [tensor] = read_foreign(bytes.as_slice(), bytes.len() as u64).unwrap().try_into().unwrap();
        assert!(tensor.values.iter().zip(&numbers).all(|(a, b)| f64::from(*a) == *b));
        assert_eq!(tensor.values.len(), numbers.len());
    }

    #[test]
    fn other_types_and_files_cut_off_are_refused() {
        let bytes = file(&[("w", Dtype::F8_E4M3, &[2], &[0; 2])]);
        let error = read_foreign(bytes.as_slice(), bytes.len() as u64).unwrap_err();
        assert_eq!(error.code, Code::Format);
        assert!(
            error.message.contains("tensor 'w': expected F64, F32, F16, BF16 or whole numbers"),
            "{error}"
        );
        let bytes = file(&[("w", Dtype::F16, &[2], &[0; 4]), ("n", Dtype::I32, &[1], &[0; 4])]);
        for length in 0..bytes.len() {
            assert!(read_foreign(&bytes[..length], length as u64).is_err());
        }
        // A declared size that no memory holds.
        let header = r#"{"w":{"dtype":"F16","shape":[4611686018427387904,2],"data_offsets":[0,0]}}"#;
        let bytes = [&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat();
        assert_eq!(read_foreign(bytes.as_slice(), bytes.len() as u64).unwrap_err().code, Code::Format);
    }
}
