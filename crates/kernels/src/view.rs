//! Checked views of row-major matrices with a row stride. Constructors panic on sizes that do not fit the slice:
//! that is a bug of the caller, never an input.

use std::ops::Range;

/// A matrix to read: `rows` x `columns`, element (i, j) at `i * stride + j`.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, E> {
    data: &'a [E],
    rows: usize,
    columns: usize,
    stride: usize,
}

/// A matrix to write: `rows` x `columns`, element (i, j) at `i * stride + j`.
#[derive(Debug)]
pub struct MatrixMut<'a, E> {
    data: &'a mut [E],
    rows: usize,
    columns: usize,
    stride: usize,
}

/// The elements from the first to behind the last one of such a matrix.
fn extent(rows: usize, columns: usize, stride: usize) -> usize {
    assert!(rows <= 1 || columns <= stride, "{columns} columns do not fit a stride of {stride}");
    if rows == 0 || columns == 0 { 0 } else { (rows - 1) * stride + columns }
}

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

    /// Row `i`.
    #[inline(always)]
    pub fn row(&self, i: usize) -> &[E] {
        self.as_ref().row(i)
    }

    /// Row `i`, to write.
    #[inline(always)]
    pub fn row_mut(&mut self, i: usize) -> &mut [E] {
        assert!(i < self.rows, "row {i} of {}", self.rows);
        if self.columns == 0 { &mut [] } else { &mut self.data[i * self.stride..][..self.columns] }
    }

    /// Element (i, j).
    #[inline(always)]
    pub fn element(&self, i: usize, j: usize) -> E {
        self.row(i)[j]
    }

    /// Some consecutive rows.
    pub fn row_range(self, rows: Range<usize>) -> Self {
        check_range(&rows, self.rows, "rows");
        let start = (rows.start * self.stride).min(self.data.len());
        Self::strided(&mut self.data[start..], rows.len(), self.columns, self.stride)
    }

    /// Some consecutive columns.
    pub fn column_range(self, columns: Range<usize>) -> Self {
        check_range(&columns, self.columns, "columns");
        let start = columns.start.min(self.data.len());
        Self::strided(&mut self.data[start..], self.rows, columns.len(), self.stride)
    }

    /// The same matrix, to read.
    #[inline(always)]
    pub fn as_ref(&self) -> Matrix<'_, E> {
        Matrix { data: self.data, rows: self.rows, columns: self.columns, stride: self.stride }
    }

    /// The same matrix, to write, for a shorter time.
    #[inline(always)]
    pub fn reborrow(&mut self) -> MatrixMut<'_, E> {
        MatrixMut { data: self.data, rows: self.rows, columns: self.columns, stride: self.stride }
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
