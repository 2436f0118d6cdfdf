//! C += Σ aᵀb with the operands rounded to bf16, in pairs.

use std::cell::Cell;

use super::gather::gather;
use super::product;
use super::tile_dots::TileDots;
use crate::generic::operand::Panels;
use crate::generic::tile::{Epilogue, multiply};
use crate::lane::Lane;
use crate::line::{Line, words, words_mut};
use crate::operands::Operands;
use crate::panel::PANEL;
use crate::tiles::Tiles;
use crate::vector::Vector;
use crate::view::{Matrix, Rows};

thread_local! {
    static BUFFER: Cell<Vec<Line<u32>>> = const { Cell::new(Vec::new()) };
}

/// Lines of pairs.
type Pairs = [Line<u32>];

/// Both operands of a sum, gathered in pairs in the thread's buffer, and some room behind them.
struct Gathered {
    buffer: Vec<Line<u32>>,
    left: usize,
    right: usize,
    room: usize,
}

impl Gathered {
    /// Gathers the rows of `a` and `b` in panels of `depth` lines.
    #[inline(always)]
    fn new<E: Lane>(depth: usize, a: Rows<'_, E>, b: Rows<'_, E>, room: usize) -> Self {
        let [left, right] = [a, b].map(|rows| rows.columns().div_ceil(PANEL) * depth);
        let mut buffer = BUFFER.take();
        if buffer.len() < left + right + room {
            buffer.resize(left + right + room, Line([0; PANEL]));
        }
        gather(&mut buffer[..left], depth, E::single_rows(a));
        gather(&mut buffer[left..left + right], depth, E::single_rows(b));
        Self { buffer, left, right, room }
    }

    /// The lines of both operands, and the room.
    #[inline(always)]
    fn split(&mut self) -> (&Pairs, &Pairs, &mut Pairs) {
        let (left, rest) = self.buffer.split_at_mut(self.left);
        let (right, rest) = rest.split_at_mut(self.right);
        (left, right, &mut rest[..self.room])
    }

    /// Returns the buffer to the thread.
    fn release(self) {
        BUFFER.set(self.buffer);
    }
}

/// Σ aᵢᵀbᵢ over the rows of `a` and `b` by dot products of vectors, given to `epilogue`.
#[inline(always)]
pub(crate) fn in_vectors<V: Vector, P: Epilogue<V, 1>>(
    operands: Operands<V::Element>,
    a: Rows<'_, V::Element>,
    b: Rows<'_, V::Element>,
    epilogue: &mut P,
) {
    let depth = operands.depth(a.count());
    let mut gathered = Gathered::new(depth, a, b, 0);
    let (left, right, _) = gathered.split();
    let left = panels::<V>(operands, left, a.columns(), depth);
    let right = panels::<V>(operands, right, b.columns(), depth);
    multiply::<V, _, _, P, 1>(left, right, false, epilogue);
    gathered.release();
}

/// The same sums by tiles.
#[inline(always)]
pub(crate) fn in_tiles<V: Vector, P: Epilogue<V, 1>, T: Tiles>(
    dots: &mut TileDots<T>,
    operands: Operands<V::Element>,
    a: Rows<'_, V::Element>,
    b: Rows<'_, V::Element>,
    epilogue: &mut P,
) {
    let (p, depth) = (a.columns(), operands.depth(a.count()));
    // Whole tiles of 16 x 16 words, for the rows of the transposed operand.
    let stride = depth.next_multiple_of(PANEL);
    let mut gathered = Gathered::new(depth, a, b, p.next_multiple_of(PANEL) * stride / PANEL);
    let (left, right, room) = gathered.split();
    let transposed = words_mut(room);
    transpose(transposed, stride, left, depth);
    let left = Matrix::strided(V::Element::from_pairs(transposed), p, depth, stride);
    let right = panels::<V>(operands, right, b.columns(), depth);
    product::multiply::<V, P, T, 1>(dots, left, right, false, epilogue);
    gathered.release();
}

/// Gathered lines as the panels of `columns` units.
#[inline(always)]
fn panels<V: Vector>(
    operands: Operands<V::Element>,
    lines: &Pairs,
    columns: usize,
    depth: usize,
) -> Panels<'_, V::Element, true> {
    Panels::in_pairs(operands, V::Element::from_pairs(words(lines)), columns, 1, depth)
}

/// Copies panels to rows of `stride` words, one row for each column. The words of a row behind `depth` keep their values.
#[inline(always)]
fn transpose(target: &mut [u32], stride: usize, source: &Pairs, depth: usize) {
    for (panel, rows) in source.chunks_exact(depth).zip(target.chunks_exact_mut(PANEL * stride)) {
        for (at, lines) in panel.chunks(PANEL).enumerate() {
            for (column, row) in rows.chunks_exact_mut(stride).enumerate() {
                for (word, line) in row[at * PANEL..].iter_mut().zip(lines) {
                    *word = line.0[column];
                }
            }
        }
    }
}
