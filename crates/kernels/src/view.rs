//! Checked views of row-major matrices with a row stride. Constructors panic on sizes that do not fit the slice: such sizes
//! are a bug of the caller, never an input.

use std::marker::PhantomData;
use std::ops::Range;
use std::ptr::NonNull;

/// A matrix to read: `rows` x `columns`, element (i, j) at `i * stride + j`.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, E> {
    data: &'a [E],
    rows: usize,
    columns: usize,
    stride: usize,
}

/// A matrix to write: `rows` x `columns`, element (i, j) at `i * stride + j`.
///
/// Holds a pointer, not a slice, so that each member of a team can have a view of its own columns.
#[derive(Debug)]
pub struct MatrixMut<'a, E> {
    data: NonNull<E>,
    rows: usize,
    columns: usize,
    stride: usize,
    elements: PhantomData<&'a mut [E]>,
}

// SAFETY: the matrix stands for a `&mut [E]`.
unsafe impl<E: Send> Send for MatrixMut<'_, E> {}
// SAFETY: as above.
unsafe impl<E: Sync> Sync for MatrixMut<'_, E> {}

/// Elements that a matrix spans, from its first to its last.
#[inline]
fn extent(rows: usize, columns: usize, stride: usize) -> usize {
    assert!(
        rows <= 1 || columns <= stride,
        "a matrix: expected a stride of at least {columns}, received {stride}"
    );
    if rows == 0 || columns == 0 {
        return 0;
    }
    let last = (rows - 1).checked_mul(stride).and_then(|last| last.checked_add(columns));
    last.unwrap_or_else(|| panic!("a matrix: {rows} rows with stride {stride} do not fit into memory"))
}

#[inline]
fn check(length: usize, rows: usize, columns: usize, stride: usize) {
    let needed = extent(rows, columns, stride);
    assert!(
        needed <= length,
        "a {rows} x {columns} matrix with stride {stride}: expected {needed} elements, received {length}"
    );
}

fn check_range(range: &Range<usize>, length: usize, what: &str) {
    assert!(
        range.start <= range.end && range.end <= length,
        "{what} of a matrix: expected a range in 0..{length}, received {}..{}",
        range.start,
        range.end
    );
}

impl<'a, E: Copy> Matrix<'a, E> {
    /// A contiguous matrix.
    pub fn new(data: &'a [E], rows: usize, columns: usize) -> Self {
        Self::strided(data, rows, columns, columns)
    }

    /// A matrix whose rows start `stride` elements apart.
    pub fn strided(data: &'a [E], rows: usize, columns: usize, stride: usize) -> Self {
        check(data.len(), rows, columns, stride);
        Self { data, rows, columns, stride }
    }

    /// Number of rows.
    #[inline(always)]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    #[inline(always)]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Elements from one row to the next.
    #[inline(always)]
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// `count` elements of row `i` from column `from` on.
    #[inline(always)]
    pub fn stretch(&self, i: usize, from: usize, count: usize) -> &'a [E] {
        assert!(
            i < self.rows && from <= self.columns && count <= self.columns - from,
            "a stretch of a matrix"
        );
        let start = if self.columns == 0 { 0 } else { i * self.stride + from };
        // SAFETY: the constructor checked that all rows lie in the slice; a stretch without columns is empty.
        unsafe { self.data.get_unchecked(start..start + count) }
    }

    /// Row `i`.
    #[inline(always)]
    pub fn row(&self, i: usize) -> &'a [E] {
        assert!(i < self.rows, "row {i} of {}", self.rows);
        if self.columns == 0 { &[] } else { &self.data[i * self.stride..][..self.columns] }
    }

    /// Element (i, j).
    #[inline(always)]
    pub fn element(&self, i: usize, j: usize) -> E {
        self.row(i)[j]
    }

    /// Some consecutive rows.
    pub fn row_range(&self, rows: Range<usize>) -> Self {
        check_range(&rows, self.rows, "rows");
        let start = (rows.start * self.stride).min(self.data.len());
        Self::strided(&self.data[start..], rows.len(), self.columns, self.stride)
    }

    /// Some consecutive columns.
    pub fn column_range(&self, columns: Range<usize>) -> Self {
        check_range(&columns, self.columns, "columns");
        let start = columns.start.min(self.data.len());
        Self::strided(&self.data[start..], self.rows, columns.len(), self.stride)
    }

    #[inline(always)]
    pub(crate) fn as_ptr(&self) -> *const E {
        self.data.as_ptr()
    }
}

impl<'a, E: Copy> MatrixMut<'a, E> {
    /// A contiguous matrix.
    pub fn new(data: &'a mut [E], rows: usize, columns: usize) -> Self {
        Self::strided(data, rows, columns, columns)
    }

    /// A matrix whose rows start `stride` elements apart.
    pub fn strided(data: &'a mut [E], rows: usize, columns: usize, stride: usize) -> Self {
        check(data.len(), rows, columns, stride);
        let data = NonNull::from(data).cast();
        Self { data, rows, columns, stride, elements: PhantomData }
    }

    /// Number of rows.
    #[inline(always)]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    #[inline(always)]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Address of `count` elements of row `i` from column `from` on; panics unless all are in the matrix.
    #[inline(always)]
    fn stretch_start(&self, i: usize, from: usize, count: usize) -> NonNull<E> {
        assert!(
            i < self.rows && from <= self.columns && count <= self.columns - from,
            "a stretch of a matrix"
        );
        // SAFETY: the constructor checked that all rows lie in its slice; a stretch without columns is empty.
        unsafe { self.data.add(if self.columns == 0 { 0 } else { i * self.stride + from }) }
    }

    /// `count` elements of row `i` from column `from` on.
    #[inline(always)]
    pub fn stretch(&self, i: usize, from: usize, count: usize) -> &[E] {
        // SAFETY: the elements lie in the matrix, which is borrowed.
        unsafe { std::slice::from_raw_parts(self.stretch_start(i, from, count).as_ptr(), count) }
    }

    /// `count` elements of row `i` from column `from` on, to write.
    #[inline(always)]
    pub fn stretch_mut(&mut self, i: usize, from: usize, count: usize) -> &mut [E] {
        // SAFETY: the elements lie in the matrix, which is borrowed for writing.
        unsafe { std::slice::from_raw_parts_mut(self.stretch_start(i, from, count).as_ptr(), count) }
    }

    /// `count` elements from `from` on of each of the `G` gates side by side in row `i`, to write. One check for all.
    #[inline(always)]
    pub fn gates_mut<const G: usize>(&mut self, i: usize, from: usize, count: usize) -> [&mut [E]; G] {
        let units = self.columns / G;
        assert!(units * G == self.columns && from <= units && count <= units - from, "a stretch of gates");
        let start = self.stretch_start(i, from, count);
        // SAFETY: the elements lie in the matrix, which is borrowed for writing; `count` fits a gate, so no element is in two
        // slices.
        std::array::from_fn(|g| unsafe {
            std::slice::from_raw_parts_mut(start.add(g * units).as_ptr(), count)
        })
    }

    /// Row `i`.
    #[inline(always)]
    pub fn row(&self, i: usize) -> &[E] {
        self.stretch(i, 0, self.columns)
    }

    /// Row `i`, to write.
    #[inline(always)]
    pub fn row_mut(&mut self, i: usize) -> &mut [E] {
        self.stretch_mut(i, 0, self.columns)
    }

    /// Element (i, j).
    #[inline(always)]
    pub fn element(&self, i: usize, j: usize) -> E {
        self.row(i)[j]
    }

    /// Some consecutive rows.
    pub fn row_range(self, rows: Range<usize>) -> Self {
        check_range(&rows, self.rows, "rows");
        let empty = rows.is_empty() || self.columns == 0;
        // SAFETY: the first of the rows lies in the matrix.
        let data = if empty { self.data } else { unsafe { self.data.add(rows.start * self.stride) } };
        Self { data, rows: rows.len(), ..self }
    }

    /// Some consecutive columns.
    pub fn column_range(self, columns: Range<usize>) -> Self {
        check_range(&columns, self.columns, "columns");
        let empty = columns.is_empty() || self.rows == 0;
        // SAFETY: the first of the columns lies in the matrix.
        let data = if empty { self.data } else { unsafe { self.data.add(columns.start) } };
        Self { data, columns: columns.len(), ..self }
    }

    /// The same matrix, to read.
    #[inline(always)]
    pub fn as_ref(&self) -> Matrix<'_, E> {
        let length = extent(self.rows, self.columns, self.stride);
        // SAFETY: the constructor checked that its slice, which is borrowed, has `length` elements.
        let data = unsafe { std::slice::from_raw_parts(self.data.as_ptr(), length) };
        Matrix { data, rows: self.rows, columns: self.columns, stride: self.stride }
    }

    /// A second view of the same matrix.
    ///
    /// # Safety
    /// - No other view reads or writes an element while the second view writes the element.
    pub(crate) unsafe fn alias(&self) -> MatrixMut<'_, E> {
        MatrixMut { elements: PhantomData, ..*self }
    }
}

/// Rows chosen from a matrix by a list of indices, in the order of the list. With a second matrix of the same width, indices
/// go on from the rows of the first to those of the second.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a, E> {
    first: Matrix<'a, E>,
    second: Option<Matrix<'a, E>>,
    indices: &'a [u32],
}

impl<'a, E: Copy> Rows<'a, E> {
    /// The rows of `matrix` at `indices`.
    pub fn new(matrix: Matrix<'a, E>, indices: &'a [u32]) -> Self {
        Self { first: matrix, second: None, indices }
    }

    /// The rows at `indices` of `first` with `second` below.
    pub fn stacked(first: Matrix<'a, E>, second: Matrix<'a, E>, indices: &'a [u32]) -> Self {
        assert_eq!(first.columns(), second.columns(), "stacked matrices are equally wide");
        Self { first, second: Some(second), indices }
    }

    /// Some consecutive columns.
    pub fn column_range(&self, columns: Range<usize>) -> Self {
        let second = self.second.map(|second| second.column_range(columns.clone()));
        Self { first: self.first.column_range(columns), second, indices: self.indices }
    }

    /// Number of rows.
    #[inline(always)]
    pub fn count(&self) -> usize {
        self.indices.len()
    }

    /// Number of columns.
    #[inline(always)]
    pub fn columns(&self) -> usize {
        self.first.columns()
    }

    /// Row number `i` of the list.
    #[inline(always)]
    pub fn row(&self, i: usize) -> &'a [E] {
        let index = self.indices[i] as usize;
        match self.second {
            Some(second) if index >= self.first.rows() => second.row(index - self.first.rows()),
            _ => self.first.row(index),
        }
    }
}
