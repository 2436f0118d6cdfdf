//! The tiles of AMX in software: patches, tails, strides and shapes on any CPU.

use ndarray::Array2;

use super::bf16::nearest;
use super::support::{Padded, array, assert_close, bits};
use crate::generic::bf16::outer::in_tiles;
use crate::generic::bf16::product::multiply;
use crate::generic::bf16::round::left_operand;
use crate::generic::bf16::tile_dots::TileDots;
use crate::generic::operand::Panels;
use crate::generic::tile::Epilogue;
use crate::operands::{Format, Operands};
use crate::simd::Simd;
use crate::tiles::{Configuration, Tiles};
use crate::{Packed, Rows, reference};

/// Eight tiles, by the manual of the instructions.
#[derive(Default)]
struct Software {
    /// Rows, and bytes of a row; zeros before `configure`.
    shapes: [(usize, usize); 8],
    words: [[[u32; 16]; 16]; 8],
}

impl Software {
    fn shape(&self, tile: usize) -> (usize, usize) {
        let (rows, bytes) = self.shapes[tile];
        assert!(rows > 0 && bytes > 0, "tile {tile} has no shape");
        (rows, bytes / 4)
    }
}

fn halves(word: u32) -> [f32; 2] {
    [f32::from_bits(word << 16), f32::from_bits(word & 0xffff_0000)]
}

impl Tiles for Software {
    fn configure(&mut self, shapes: &Configuration) {
        for (tile, shape) in self.shapes.iter_mut().enumerate() {
            *shape = (shapes.rows[tile].into(), shapes.row_bytes[tile].into());
            assert!(shape.0 <= 16 && shape.1 <= 64, "palette 1");
        }
        self.words = Default::default();
    }

    unsafe fn load<const T: usize>(&mut self, start: *const u8, stride: usize) {
        let (rows, columns) = self.shape(T);
        for row in 0..rows {
            let line = start.wrapping_add(row * stride).cast::<u32>();
            for column in 0..columns {
                // SAFETY: the caller says that the rows are readable.
                self.words[T][row][column] = unsafe { line.add(column).read() };
            }
        }
    }

    unsafe fn store<const T: usize>(&mut self, start: *mut u8, stride: usize) {
        let (rows, columns) = self.shape(T);
        for row in 0..rows {
            let line = start.wrapping_add(row * stride).cast::<u32>();
            for column in 0..columns {
                // SAFETY: the caller says that the rows are writable.
                unsafe { line.add(column).write(self.words[T][row][column]) };
            }
        }
    }

    fn dot<const C: usize, const A: usize, const B: usize>(&mut self) {
        let ((rows, columns), (left_rows, depth), (right_rows, right_columns)) =
            (self.shape(C), self.shape(A), self.shape(B));
        assert_eq!((rows, depth, columns), (left_rows, right_rows, right_columns), "C += A·B");
        for row in 0..rows {
            let mut even_odd = [[0.0_f32; 2]; 16];
            for k in 0..depth {
                let a = halves(self.words[A][row][k]);
                for (column, sums) in even_odd.iter_mut().enumerate().take(columns) {
                    let b = halves(self.words[B][k][column]);
                    sums[0] = a[0].mul_add(b[0], sums[0]);
                    sums[1] = a[1].mul_add(b[1], sums[1]);
                }
            }
            for (word, [even, odd]) in self.words[C][row].iter_mut().zip(even_odd).take(columns) {
                *word = (f32::from_bits(*word) + (even + odd)).to_bits();
            }
        }
    }

    fn release(&mut self) {
        self.shapes = Default::default();
    }
}

/// The widest vector that every CPU has.
type V = <f32 as Simd>::Scalar;

/// Adds sums to an array, gate by gate.
struct AddTo<'a> {
    c: &'a mut Array2<f64>,
    units: usize,
}

impl<const G: usize> Epilogue<V, G> for AddTo<'_> {
    fn start(&mut self, row: usize, unit: usize, active: usize) -> [V; G] {
        use crate::vector::Vector;
        std::array::from_fn(|gate| {
            let start: Vec<f32> =
                (0..active).map(|i| self.c[(row, gate * self.units + unit + i)] as f32).collect();
            V::read(&start)
        })
    }

    fn finish(&mut self, row: usize, unit: usize, active: usize, sums: [V; G]) {
        use crate::vector::Vector;
        for (gate, sum) in sums.into_iter().enumerate() {
            let mut lanes = vec![0.0_f32; active];
            sum.write(&mut lanes);
            for (i, lane) in lanes.into_iter().enumerate() {
                self.c[(row, gate * self.units + unit + i)] = lane.into();
            }
        }
    }
}

fn operands() -> Operands<f32> {
    // SAFETY: these tests pack and multiply in software only.
    unsafe { Operands::new(Format::Tiles) }
}

fn product<const G: usize>(start: &Array2<f64>, a: &Array2<f64>, w: &Array2<f64>) -> Vec<f32> {
    let mut packed = Packed::<f32>::transposed(w.nrows(), w.ncols(), G).with_operands(operands());
    packed.pack(Padded::new(w.view()).view());
    let mut c = start.clone();
    let mut sums = AddTo { c: &mut c, units: w.nrows() / G };
    let mut dots = TileDots::new(Software::default());
    let (a, mut buffer) = (Padded::new(a.view()), Vec::new());
    let a = left_operand(a.view(), operands(), &mut buffer);
    multiply::<V, _, _, G>(&mut dots, a, Panels::of(&packed), false, &mut sums);
    c.iter().map(|&x| x as f32).collect()
}

fn check<const G: usize>(m: usize, units: usize, k: usize) {
    let (start, a, w) = (array(1, m, G * units), array(2, m, k), array(3, G * units, k));
    let result = product::<G>(&start, &a, &w);
    let expected = reference::product(start.view(), a.mapv(nearest).view(), w.mapv(nearest).t());
    assert_close(&result, expected.iter(), 4.0 + k as f64);
}

#[test]
fn products_for_every_size() {
    for n in 1..=67 {
        check::<1>(n, n * 5 % 71 + 1, n * 3 % 70);
        check::<1>(n * 7 % 40 + 1, n, n);
        check::<4>(n * 11 % 50 + 1, n * 3 % 40 + 1, n);
    }
    check::<3>(33, 37, 65);
    check::<1>(193, 17, 40);
    check::<1>(0, 5, 3);
    check::<1>(5, 3, 0);
}

#[test]
fn a_row_alone_has_the_bits_of_the_batch() {
    let (m, n, k) = (41, 50, 77);
    let (start, a, w) = (array(1, m, n), array(2, m, k), array(3, n, k));
    let batch = product::<1>(&start, &a, &w);
    for i in 0..m {
        let row = |x: &Array2<f64>| x.slice(ndarray::s![i..i + 1, ..]).to_owned();
        let alone = product::<1>(&row(&start), &row(&a), &w);
        assert_eq!(bits(&alone), bits(&batch[i * n..][..n]), "row {i}");
    }
}

#[test]
fn outer_for_every_size() {
    for n in 1..=67_usize {
        let (p, q) = (n, n * 5 % 43 + 1);
        let rows: Vec<u32> = (0..n as u32 * 3 % 70 + 1).map(|r| r * 7 % 70).collect();
        let (a, b, start) = (array(1, 70, p), array(2, 70, q), array(3, p, q));
        let mut c = start.clone();
        let (a_view, b_view) = (Padded::new(a.view()), Padded::new(b.view()));
        let mut dots = TileDots::new(Software::default());
        let mut sums = AddTo { c: &mut c, units: q };
        let (a_rows, b_rows) = (Rows::new(a_view.view(), &rows), Rows::new(b_view.view(), &rows));
        in_tiles::<V, _, _>(&mut dots, operands(), a_rows, b_rows, &mut sums);
        let result: Vec<f32> = c.iter().map(|&x| x as f32).collect();
        let indices: Vec<usize> = rows.iter().map(|&r| r as usize).collect();
        let (a, b) = (a.mapv(nearest), b.mapv(nearest));
        let expected = reference::outer(start.view(), a.view(), b.view(), &indices);
        assert_close(&result, expected.iter(), 4.0 + rows.len() as f64);
    }
}
