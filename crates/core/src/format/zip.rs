//! Zip archives of stored entries, whose data begin at multiples of 64 bytes as in PyTorch's.

use crate::{Error, Result};

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const ALIGNMENT: usize = 64;
/// Bytes of an entry's header without its name.
const HEADER: usize = 30;
/// The id and the length of the extra field that fills up to the data; PyTorch's id.
const PADDING: (&[u8; 2], usize) = (b"FB", 4);
/// 1 January 1980: the same bytes for the same content.
const DATE: u16 = 0x21;
/// More than headers, names and padding of an entry take.
const OVERHEAD: usize = 1 << 10;

/// An archive that is being written.
pub(super) struct Archive {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    count: u16,
}

impl Archive {
    /// An empty archive with room for the data.
    ///
    /// # Errors
    /// `Size` when there is no memory.
    pub(super) fn with_room(data: usize) -> Result<Self> {
        let mut bytes = Vec::new();
        bytes
            .try_reserve(data + OVERHEAD)
            .map_err(|_| Error::size(format!("no memory for a file of {data} bytes")))?;
        Ok(Self { bytes, directory: Vec::new(), count: 0 })
    }

    /// Adds an entry, whose bytes `fill` appends.
    ///
    /// # Errors
    /// `Size` beyond 4 GiB and 65,534 entries.
    pub(super) fn add(&mut self, name: &str, fill: impl FnOnce(&mut Vec<u8>)) -> Result<()> {
        let header = self.bytes.len();
        let (id, least) = PADDING;
        let before = header + HEADER + name.len() + least;
        let padding = before.next_multiple_of(ALIGNMENT) - before;
        let start = before + padding;
        self.bytes.resize(start, 0);
        fill(&mut self.bytes);
        let contents = &self.bytes[start..];
        let (checksum, size) = (crc32fast::hash(contents), number(contents.len())?);
        let local = [
            &LOCAL.to_le_bytes()[..],
            &fields(checksum, size, name),
            &((least + padding) as u16).to_le_bytes(),
            name.as_bytes(),
            id,
            &(padding as u16).to_le_bytes(),
        ]
        .concat();
        self.bytes[header..header + local.len()].copy_from_slice(&local);
        // Made by version 2.0; after the fields no extra, no comment, the first disk, no attributes.
        self.directory.extend(CENTRAL.to_le_bytes());
        self.directory.extend(20u16.to_le_bytes());
        self.directory.extend(fields(checksum, size, name));
        self.directory.extend([0; 14 - 2]);
        self.directory.extend(number(header)?.to_le_bytes());
        self.directory.extend(name.as_bytes());
        self.count = self.count.checked_add(1).filter(|&count| count < u16::MAX).ok_or_else(too_large)?;
        Ok(())
    }

    /// The whole archive.
    ///
    /// # Errors
    /// `Size` beyond 4 GiB.
    pub(super) fn finish(self) -> Result<Vec<u8>> {
        let Self { mut bytes, directory, count } = self;
        let (start, size) = (number(bytes.len())?, number(directory.len())?);
        bytes.extend(directory);
        bytes.extend(END.to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
        bytes.extend([size.to_le_bytes(), start.to_le_bytes()].concat());
        bytes.extend([0; 2]);
        Ok(bytes)
    }
}

/// The fields that both headers have: version, flags (names in UTF-8), stored, time, date, checksum, sizes, length of the
/// name.
fn fields(checksum: u32, size: u32, name: &str) -> Vec<u8> {
    let numbers = [20u16, 1 << 11, 0, 0, DATE].map(u16::to_le_bytes).concat();
    let sizes = [checksum, size, size].map(u32::to_le_bytes).concat();
    [&numbers[..], &sizes, &(name.len() as u16).to_le_bytes()].concat()
}

/// A size or place, below the number that says it stands elsewhere.
fn number(size: usize) -> Result<u32> {
    u32::try_from(size).ok().filter(|&size| size < u32::MAX).ok_or_else(too_large)
}

fn too_large() -> Error {
    Error::size(
        "file: expected less than 4 GiB in PyTorch's format, received more; save it as safetensors"
            .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_an_archive_holds_is_refused() {
        assert!(number(u32::MAX as usize).is_err() && number(u32::MAX as usize - 1).is_ok());
        let mut archive = Archive::with_room(0).unwrap();
        archive.count = u16::MAX - 1;
        assert!(archive.add("a", |_| {}).is_err());
    }
}
