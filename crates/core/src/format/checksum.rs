//! Checksums (CRC-32) in the header of a file: of the header itself, and of each tensor in the order of the header.
//!
//! A header with checksums has one form: the one that [`Header::seal`] writes. So every byte before the data is checked, the
//! spaces and the checksums among them.

use super::header::Header;
use crate::{Error, Result};

/// The key of the checksums in the metadata.
const CHECKSUMS: &str = "unrolled.checksums";

impl Header {
    /// Takes the checksums of the tensors into the metadata, with that of the header, and gives the header's text.
    pub(super) fn seal(&mut self, tensors: &[u32]) -> Result<Vec<u8>> {
        let tensors: String = tensors.iter().map(|sum| format!(" {sum:08x}")).collect();
        self.metadata.insert(CHECKSUMS.to_owned(), format!("{:08x}{tensors}", 0));
        let own = crc32fast::hash(&self.text()?);
        self.metadata.insert(CHECKSUMS.to_owned(), format!("{own:08x}{tensors}"));
        self.text()
    }

    /// The checksums of the tensors, if the file has any and the header's own is right.
    pub(super) fn checksums(&mut self, text: &[u8]) -> Result<Option<Vec<u32>>> {
        let Some(words) = self.metadata.get(CHECKSUMS) else { return Ok(None) };
        let damaged = || {
            Error::format("header: expected the checksum of its bytes, received another; the file is damaged")
        };
        let sums = words
            .split(' ')
            .map(|word| u32::from_str_radix(word, 16))
            .collect::<std::result::Result<Vec<_>, _>>();
        match sums.map_err(|_| damaged())?.split_first() {
            Some((_, tensors)) if tensors.len() == self.tensors.len() && self.seal(tensors)? == text => {
                Ok(Some(tensors.to_vec()))
            }
            _ => Err(damaged()),
        }
    }
}

/// Refuses a tensor whose bytes have another checksum than the header says, if the header says one.
pub(super) fn check_sum(name: &str, expected: Option<u32>, sum: u32) -> Result<()> {
    match expected.filter(|&expected| expected != sum) {
        None => Ok(()),
        Some(expected) => Err(Error::format(format!(
            "tensor '{name}': expected checksum {expected:08x}, received {sum:08x}; the file is damaged"
        ))),
    }
}

/// True for a tensor that a training run needs beside the parameters, none of which has a ":" in its name. Names of other
/// libraries may have one (`lstm/kernel:0`): this tells of files with checksums alone, which only runs write.
#[must_use]
pub fn is_of_a_run(name: &str) -> bool {
    name.contains(':')
}
