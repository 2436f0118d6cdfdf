/** Moves of numbers between shapes, as lists of places: for constants, and for the features of a value. */
import { NodeFault } from './fault.js'
import { countOf } from './tensor.js'

/** A new shape, and for each of its numbers the place where it was. */
export interface Move {
  readonly dims: readonly number[]
  readonly from: Int32Array
}

/** The distance between neighbors along each axis. */
function stridesOf(dims: readonly number[]): number[] {
  const strides = dims.map(() => 1)
  for (let i = dims.length - 2; i >= 0; i--) strides[i] = (strides[i + 1] ?? 1) * (dims[i + 1] ?? 1)
  return strides
}

/** Takes from each axis the places that are listed, from axes with given strides. */
function walk(
  places: readonly (readonly number[])[],
  strides: readonly number[],
  most: number,
): Int32Array {
  let from = new Int32Array([0])
  countOf(
    places.map(({ length }) => length),
    most,
  )
  for (const [axis, list] of places.entries()) {
    const stride = strides[axis] ?? 0
    const next = new Int32Array(from.length * list.length)
    let at = 0
    for (const base of from) for (const place of list) next[at++] = base + place * stride
    from = next
  }
  return from
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

export function transposed(dims: readonly number[], permutation: readonly number[]): Move {
  const strides = stridesOf(dims)
  const sizes = permutation.map((axis) => dims[axis] ?? 0)
  return {
    dims: sizes,
    from: walk(
      sizes.map(range),
      permutation.map((axis) => strides[axis] ?? 0),
      countOf(dims, 2 ** 30),
    ),
  }
}

/** Takes the listed places along one axis; `shape` replaces the axis. */
export function taken(
  dims: readonly number[],
  axis: number,
  places: readonly number[],
  shape: readonly number[] = [places.length],
): Move {
  const lists = dims.map((dim, i) => (i === axis ? places : range(dim)))
  const most = Math.max(2 ** 20, countOf(dims, 2 ** 30))
  return {
    dims: [...dims.slice(0, axis), ...shape, ...dims.slice(axis + 1)],
    from: walk(lists, stridesOf(dims), most),
  }
}

/** Repeats along axes of size 1, and along new ones at the front. */
export function expanded(dims: readonly number[], shape: readonly number[]): Move {
  const missing = shape.length - dims.length
  const whole = [...Array.from({ length: Math.max(missing, 0) }, () => 1), ...dims]
  if (missing < 0 || shape.some((dim, i) => whole[i] !== dim && whole[i] !== 1)) {
    throw new NodeFault(`a shape that [${dims.join(', ')}] spreads to`, `[${shape.join(', ')}]`)
  }
  const strides = stridesOf(whole).map((stride, i) => (whole[i] === 1 ? 0 : stride))
  const most = Math.max(2 ** 20, countOf(dims, 2 ** 30))
  // Before there is a list of each axis's places.
  countOf(shape, most)
  return { dims: shape, from: walk(shape.map(range), strides, most) }
}

/** Joins shapes along an axis; places count through the joined numbers of all. */
export function joined(shapes: readonly (readonly number[])[], axis: number): Move {
  const [first = []] = shapes
  const parts: number[] = []
  let start = 0
  const offsets = shapes.map((dims) => {
    const at = start
    start += countOf(dims, 2 ** 30)
    return at
  })
  const outer = countOf(first.slice(0, axis), 2 ** 30)
  for (let row = 0; row < outer; row++) {
    for (const [i, dims] of shapes.entries()) {
      const inner = countOf(dims.slice(axis), 2 ** 30)
      for (let k = 0; k < inner; k++) parts.push((offsets[i] ?? 0) + row * inner + k)
    }
  }
  const along = shapes.reduce((sum, dims) => sum + (dims[axis] ?? 0), 0)
  return { dims: first.map((dim, i) => (i === axis ? along : dim)), from: Int32Array.from(parts) }
}

/** The runs of neighbors in a list of places: where each begins, and how long it is. */
export function runsOf(from: ArrayLike<number>): [start: number, size: number][] {
  const runs: [number, number][] = []
  for (let i = 0; i < from.length; i++) {
    const place = from[i] ?? 0
    const last = runs.at(-1)
    if (last !== undefined && last[0] + last[1] === place) last[1]++
    else runs.push([place, 1])
  }
  return runs
}
