//! Tile registers: the interface of AMX. `arch/amx.rs` implements it by assembly, the tests in software.

/// Eight registers of up to 16 rows by 64 bytes, numbered as a [`Configuration`] shapes them.
pub(crate) trait Tiles {
    /// Gives the registers their shapes; their contents are lost.
    fn configure(&mut self, shapes: &Configuration);
    /// Loads the rows of tile `T` from memory, `stride` bytes apart.
    ///
    /// # Safety
    /// - Each of the rows is readable.
    unsafe fn load<const T: usize>(&mut self, start: *const u8, stride: usize);
    /// Stores the rows of tile `T` to memory, `stride` bytes apart.
    ///
    /// # Safety
    /// - Each of the rows is writable.
    unsafe fn store<const T: usize>(&mut self, start: *mut u8, stride: usize);
    /// C += A·B: 16 pairs of each row of A with the 16 rows of B, which are 16 outputs wide.
    fn dot<const C: usize, const A: usize, const B: usize>(&mut self);
    /// Leaves the registers without shapes.
    fn release(&mut self);
}

/// The operand of `ldtilecfg`.
#[repr(C, align(64))]
pub(crate) struct Configuration {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    pub(crate) row_bytes: [u16; 16],
    pub(crate) rows: [u8; 16],
}

impl Configuration {
    /// Shapes the tile of each (tile, rows) into rows of 64 bytes; a tile of no rows, or not named, has no shape.
    pub(crate) fn new(shapes: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let (mut row_bytes, mut rows) = ([0; 16], [0; 16]);
        for (tile, count) in shapes.into_iter().filter(|&(_, count)| count > 0) {
            row_bytes[tile] = 64;
            rows[tile] = count as u8;
        }
        Self { palette: 1, start_row: 0, reserved: [0; 14], row_bytes, rows }
    }
}
