/** Recurrent layers in plain loops over numbers, to compare with. */

export type Kind = 'rnn' | 'relu' | 'lstm' | 'gru' | 'gruBefore'
export type Rows = readonly (readonly (readonly number[])[])[]
/** The states of one layer, each by name and row. */
export type States = Readonly<Record<string, readonly (readonly number[])[]>>
/** The states of one row. */
type State = Readonly<Record<string, readonly number[]>>

/** The parameters of one layer in one direction; biases are zeros where it has none. */
export interface Weights {
  readonly ih: readonly number[]
  readonly hh: readonly number[]
  readonly bi: readonly number[]
  readonly bh: readonly number[]
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))
const at = (values: readonly number[], index: number) => {
  const value = values[index]
  if (value === undefined) throw new Error(`no element ${index} of ${values.length}`)
  return value
}

/** `bias + W v`, as many numbers as there are biases. */
function map(weight: readonly number[], bias: readonly number[], v: readonly number[]): number[] {
  return bias.map((start, row) =>
    v.reduce((sum, value, k) => sum + at(weight, row * v.length + k) * value, start),
  )
}

/** One step of one row: the states after it. */
function step(kind: Kind, w: Weights, x: readonly number[], state: State): State {
  const { h = [], c: old = [] } = state
  const [pre, rec] = [map(w.ih, w.bi, x), map(w.hh, w.bh, h)]
  const units = h.map((_, unit) => unit)
  const sum = (gate: number, unit: number) =>
    at(pre, gate * h.length + unit) + at(rec, gate * h.length + unit)
  switch (kind) {
    case 'rnn':
      return { h: units.map((j) => Math.tanh(sum(0, j))) }
    case 'relu':
      return { h: units.map((j) => Math.max(0, sum(0, j))) }
    case 'lstm': {
      const c = units.map(
        (j) => sigmoid(sum(1, j)) * at(old, j) + sigmoid(sum(0, j)) * Math.tanh(sum(2, j)),
      )
      return { h: units.map((j) => sigmoid(sum(3, j)) * Math.tanh(at(c, j))), c }
    }
    default: {
      const r = units.map((j) => sigmoid(sum(0, j)))
      // The product of the state that was reset, or what is left of the state's product.
      const before = map(
        w.hh,
        w.bh,
        units.map((j) => at(r, j) * at(h, j)),
      )
      const n = units.map((j) => {
        const k = 2 * h.length + j
        const part = kind === 'gru' ? at(r, j) * at(rec, k) : at(before, k)
        return Math.tanh(at(pre, k) + part)
      })
      return {
        h: units.map((j) => {
          const z = sigmoid(sum(1, j))
          return (1 - z) * at(n, j) + z * at(h, j)
        }),
      }
    }
  }
}

/** A layer in one direction from `initial`: its outputs in the order of the input, and the last states. */
export function run(
  kind: Kind,
  w: Weights,
  rows: Rows,
  initial: States,
  reverse: boolean,
): { output: number[][][]; states: States } {
  const ends: State[] = []
  const output = rows.map((row, r) => {
    let state: State = Object.fromEntries(
      Object.entries(initial).map(([name, values]) => [name, values[r] ?? []]),
    )
    const steps = reverse ? row.toReversed() : row
    const outputs = steps.map((x) => {
      state = step(kind, w, x, state)
      const { h = [] } = state
      return [...h]
    })
    ends.push(state)
    return reverse ? outputs.toReversed() : outputs
  })
  const states = Object.keys(initial).map((name) => [name, ends.map((end) => end[name] ?? [])])
  return { output, states: Object.fromEntries(states) }
}

/** Two lists of rows, side by side. */
export function beside<T>(a: readonly (readonly T[])[], b: readonly (readonly T[])[]): T[][] {
  return a.map((row, r) => [...row, ...(b[r] ?? [])])
}
