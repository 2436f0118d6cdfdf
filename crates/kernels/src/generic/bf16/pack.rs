//! Weights in pairs of bf16 along k: `[units/16][k/2][gates][16]`.

use super::scratch::Line;
use crate::PANEL;
use crate::element::Element;
use crate::generic::bf16::scratch::singles;
use crate::generic::transpose::turn;
use crate::operands::pair;
use crate::view::Matrix;

/// From W of n x k, to compute A·Wᵀ. Only lines and lanes of W are written; the rest stays zero.
pub(crate) fn transposed<E: Element>(
    target: &mut [Line<u32>],
    depth: usize,
    gates: usize,
    source: Matrix<'_, E>,
) {
    let units = source.rows() / gates;
    let mut block = [Line([0; PANEL]); PANEL];
    for first in (0..units).step_by(PANEL) {
        let panel = &mut target[first / PANEL * depth * gates..][..depth * gates];
        let active = PANEL.min(units - first);
        for gate in 0..gates {
            // 16 rows by 16 pairs at a time: rounded along the rows, then turned round.
            for from in (0..source.columns()).step_by(2 * PANEL) {
                for (unit, line) in block.iter_mut().enumerate().take(active) {
                    let row = singles(source.row(gate * units + first + unit));
                    round(&row[from..row.len().min(from + 2 * PANEL)], line);
                }
                block[active..].fill(Line([0; PANEL]));
                turn(&mut block);
                let lines = panel.iter_mut().skip(from / 2 * gates + gate).step_by(gates);
                for (line, row) in lines.zip(&block) {
                    *line = *row;
                }
            }
        }
    }
}

/// The pairs of up to 32 numbers, zeros behind.
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

/// From W of k x n, to compute A·W; one gate.
pub(crate) fn plain<E: Element>(target: &mut [Line<u32>], depth: usize, source: Matrix<'_, E>) {
    let zeros = [0.0; PANEL];
    for at in 0..source.rows().div_ceil(2) {
        let first = singles(source.row(2 * at));
        let second = if 2 * at + 1 < source.rows() { singles(source.row(2 * at + 1)) } else { &[] };
        for (panel, outputs) in first.chunks(PANEL).enumerate() {
            let others = if second.is_empty() { &zeros } else { &second[panel * PANEL..] };
            let line = &mut target[panel * depth + at].0;
            for ((word, &first), &second) in line.iter_mut().zip(outputs).zip(others) {
                *word = pair(first, second);
            }
        }
    }
}
