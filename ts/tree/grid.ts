import { reserve } from '../native/memory.js'
import { checkCount } from '../options.js'
import { checkNodes, type Tree, unnamed } from './tree.js'

/** The regions of a grid: each the parent of those that it is cut into. */
export interface GridTree extends Tree {
  /** By node: its cell of the grid, `row * columns + column`, for a leaf; -1 for a larger region. */
  readonly cells: Int32Array
}

/** A rectangle of cells; `parts` counts those that it was cut into, 0 before. */
interface Region {
  readonly top: number
  readonly left: number
  readonly rows: number
  readonly columns: number
  readonly parts: number
}

/**
 * The quadtree of a grid, such as an image of `rows` times `columns` patches: the whole is cut into four
 * quarters (upper left, upper right, lower left, lower right), and so on down to the cells. A side of odd
 * length has the larger half first; a region of one row or column is cut into two. Its depth is
 * ⌈log2 max(rows, columns)⌉. Children come before their parents, the root last.
 *
 * Finkel and Bentley (1974), Quad Trees.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT`: no whole numbers of at least 1. `ERR_UNROLLED_SIZE`: more
 * than 2^22 cells.
 */
export function gridTree(rows: number, columns: number): GridTree {
  const cut: Region = {
    top: 0,
    left: 0,
    rows: checkCount('gridTree rows', rows),
    columns: checkCount('gridTree columns', columns),
    parts: 0,
  }
  // A binary cut of c cells takes 2 c - 1 nodes, one into four fewer.
  checkNodes('gridTree', 4 * rows * columns)
  const parents: number[] = []
  const cells: number[] = []
  const tops: number[] = []
  const stack = [cut]
  for (let region = stack.pop(); region !== undefined; region = stack.pop()) {
    const cell = region.rows * region.columns === 1
    if (!cell && region.parts === 0) {
      const parts = partsOf(region)
      stack.push({ ...region, parts: parts.length }, ...parts.reverse())
      continue
    }
    if (!cell) for (const child of tops.splice(-region.parts)) parents[child] = parents.length
    tops.push(parents.length)
    parents.push(-1)
    cells.push(cell ? region.top * columns + region.left : -1)
  }
  const list = (numbers: readonly number[]): Int32Array =>
    reserve('gridTree', numbers.length, () => Int32Array.from(numbers))
  return Object.freeze({ ...unnamed(list(parents)), cells: list(cells) })
}

/** The quarters of a region, or its halves where it is one row or column. */
function partsOf({ columns, left, rows, top }: Region): Region[] {
  const [upper, leftmost] = [Math.ceil(rows / 2), Math.ceil(columns / 2)]
  const parts = [
    { top, left, rows: upper, columns: leftmost },
    { top, left: left + leftmost, rows: upper, columns: columns - leftmost },
    { top: top + upper, left, rows: rows - upper, columns: leftmost },
    {
      top: top + upper,
      left: left + leftmost,
      rows: rows - upper,
      columns: columns - leftmost,
    },
  ]
  return parts
    .filter((part) => part.rows > 0 && part.columns > 0)
    .map((part) => ({ ...part, parts: 0 }))
}
