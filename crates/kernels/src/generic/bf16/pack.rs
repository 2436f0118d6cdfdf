//! Weights in pairs of bf16 along k: `[units/16][k/2][gates][16]`.

use crate::bf16::pair;
use crate::generic::transpose::transpose;
use crate::lane::Lane;
use crate::line::Line;
use crate::panel::PANEL;
use crate::view::Matrix;

/// Packs W of n x k, to compute A·Wᵀ. Writes only the lines and lanes of W; the rest stays zero.
pub(crate) fn transposed<E: Lane>(
    target: &mut [Line<u32>],
    depth: usize,
    gates: usize,
    source: Matrix<'_, E>,
) {
    let units = source.rows() / gates;
    let mut square = [Line([0; PANEL]); PANEL];
    for first in (0..units).step_by(PANEL) {
        let panel = &mut target[first / PANEL * depth * gates..][..depth * gates];
        let active = PANEL.min(units - first);
        for gate in 0..gates {
            // 16 rows by 16 pairs at a time: rounded along the rows, then transposed.
            for from in (0..source.columns()).step_by(2 * PANEL) {
                for (unit, line) in square.iter_mut().enumerate().take(active) {
                    let row = E::singles(source.row(gate * units + first + unit));
                    round(&row[from..row.len().min(from + 2 * PANEL)], line);
                }
                square[active..].fill(Line([0; PANEL]));
                transpose(&mut square);
                let lines = panel.iter_mut().skip(from / 2 * gates + gate).step_by(gates);
                for (line, row) in lines.zip(&square) {
                    *line = *row;
                }
            }
        }
    }
}

/// Rounds up to 32 numbers to pairs, with zeros behind them.
#[inline(always)]
fn round(row: &[f32], line: &mut Line<u32>) {
    let (pairs, rest) = row.as_chunks::<2>();
    if pairs.len() < PANEL {
        line.0 = [0; PANEL];
    }
    for (word, &[first, second]) in line.0.iter_mut().zip(pairs) {
        *word = pair(first, second);
    }
    if let (Some(word), Some(&last)) = (line.0.get_mut(pairs.len()), rest.first()) {
        *word = pair(last, 0.0);
    }
}

/// Packs W of k x n, to compute A·W; one gate.
pub(crate) fn plain<E: Lane>(target: &mut [Line<u32>], depth: usize, source: Matrix<'_, E>) {
    let zeros = [0.0; PANEL];
    for at in 0..source.rows().div_ceil(2) {
        let first = E::singles(source.row(2 * at));
        let second = if 2 * at + 1 < source.rows() { E::singles(source.row(2 * at + 1)) } else { &[] };
        for (panel, outputs) in first.chunks(PANEL).enumerate() {
            let others = if second.is_empty() { &zeros } else { &second[panel * PANEL..] };
            let line = &mut target[panel * depth + at].0;
            for ((word, &first), &second) in line.iter_mut().zip(outputs).zip(others) {
                *word = pair(first, second);
            }
        }
    }
}
