//! Checked views of row-major matrices with a row stride. Constructors panic on sizes that do not fit the slice:
//! that is a bug of the caller, never an input.

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
/// It holds a pointer, not a slice, so that members of a team can each have a view of their own columns.
#[derive(Debug)]
pub struct MatrixMut<'a, E> {
    data: NonNull<E>,
    rows: usize,
    columns: usize,
    stride: usize,
    elements: PhantomData<&'a mut [E]>,
}

// SAFETY: it stands for a `&mut [E]`.
unsafe impl<E: Send> Send for MatrixMut<'_, E> {}
// SAFETY: as above.
unsafe impl<E: Sync> Sync for MatrixMut<'_, E> {}

/// The elements from the first to behind the last one of such a matrix.
#[inline]
fn extent(rows: usize, columns: usize, stride: usize) -> usize {
    assert!(rows <= 1 || columns <= stride, "{columns} columns do not fit a stride of {stride}");
    if rows == 0 || columns == 0 {
        return 0;
    }
    let last = (rows - 1).checked_mul(stride).and_then(|last| last.checked_add(columns));
    last.unwrap_or_else(|| panic!("{rows} rows {stride} apart do not fit into memory"))
}

#[inline]
fn check(length: usize, rows: usize, columns: usize, stride: usize) {
    let needed = extent(rows, columns, stride);
    assert!(
        needed <= length,
        "a {rows} x {columns} matrix with stride {stride} needs {needed} elements, the slice has {length}"
    );
}

fn check_range(range: &Range<usize>, length: usize, what: &str) {
    assert!(
        range.start <= range.end && range.end <= length,
        "{what} {}..{} of a matrix with {length}",
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
        assert!(i < self.rows && from <= self.columns && count <= self.columns - from, "a part of a matrix");
        let start = if self.columns == 0 { 0 } else { i * self.stride + from };
        // SAFETY: all rows were checked to lie in the slice, or this one is empty.
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

    /// `count` elements of row `i` from column `from` on: in the matrix, or panics.
    #[inline(always)]
    fn stretch_start(&self, i: usize, from: usize, count: usize) -> NonNull<E> {
        assert!(i < self.rows && from <= self.columns && count <= self.columns - from, "a part of a matrix");
        // SAFETY: all rows lie in the slice that this was made from, or this one is empty.
        unsafe { self.data.add(if self.columns == 0 { 0 } else { i * self.stride + from }) }
    }

    /// `count` elements of row `i` from column `from` on.
    #[inline(always)]
    pub fn stretch(&self, i: usize, from: usize, count: usize) -> &[E] {
        // SAFETY: they lie in the matrix, which is borrowed.
        unsafe { std::slice::from_raw_parts(self.stretch_start(i, from, count).as_ptr(), count) }
    }

    /// `count` elements of row `i` from column `from` on, to write.
    #[inline(always)]
    pub fn stretch_mut(&mut self, i: usize, from: usize, count: usize) -> &mut [E] {
        // SAFETY: they lie in the matrix, which is borrowed for writing.
        unsafe { std::slice::from_raw_parts_mut(self.stretch_start(i, from, count).as_ptr(), count) }
    }

    /// `count` elements from `from` on of each of the `G` equal parts of row `i`, to write: one check for all.
    #[inline(always)]
    pub fn gates_mut<const G: usize>(&mut self, i: usize, from: usize, count: usize) -> [&mut [E]; G] {
        let units = self.columns / G;
        assert!(units * G == self.columns && from <= units && count <= units - from, "parts of gates");
        let start = self.stretch_start(i, from, count);
        // SAFETY: they lie in the matrix, which is borrowed for writing, and `count` of them in each part: none twice.
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
        // SAFETY: so many elements were checked to be in the slice that this was made from, which is borrowed.
        let data = unsafe { std::slice::from_raw_parts(self.data.as_ptr(), length) };
        Matrix { data, rows: self.rows, columns: self.columns, stride: self.stride }
    }

    /// The same matrix once more.
    ///
    /// # Safety
    /// - While this is used, no other view reads or writes the elements that this one writes.
    pub(crate) unsafe fn alias(&self) -> MatrixMut<'_, E> {
        MatrixMut { elements: PhantomData, ..*self }
    }
}

/// Rows chosen from a matrix by a list of places, in the order of the list. Places from the number of its rows on
/// lie in a second matrix of the same width, if there is one.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a, E> {
    first: Matrix<'a, E>,
    second: Option<Matrix<'a, E>>,
    places: &'a [u32],
}

impl<'a, E: Copy> Rows<'a, E> {
    /// The rows of one matrix at `places`.
    pub fn new(matrix: Matrix<'a, E>, places: &'a [u32]) -> Self {
        Self { first: matrix, second: None, places }
    }

    /// The rows at `places` of `first` with `second` below it.
    pub fn stacked(first: Matrix<'a, E>, second: Matrix<'a, E>, places: &'a [u32]) -> Self {
        assert_eq!(first.columns(), second.columns(), "stacked matrices are equally wide");
        Self { first, second: Some(second), places }
    }

    /// Some consecutive columns.
    pub fn column_range(&self, columns: Range<usize>) -> Self {
        let second = self.second.map(|second| second.column_range(columns.clone()));
        Self { first: self.first.column_range(columns), second, places: self.places }
    }

    /// How many there are.
    #[inline(always)]
    pub fn count(&self) -> usize {
        self.places.len()
    }

    /// Number of columns.
    #[inline(always)]
    pub fn columns(&self) -> usize {
        self.first.columns()
    }

    /// The `i`-th of them.
    #[inline(always)]
    pub fn row(&self, i: usize) -> &'a [E] {
        let place = self.places[i] as usize;
        match self.second {
            Some(second) if place >= self.first.rows() => second.row(place - self.first.rows()),
            _ => self.first.row(place),
        }
    }
}
