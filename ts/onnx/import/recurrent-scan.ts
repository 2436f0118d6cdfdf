/** Recurrent nodes that no fused layer computes, as scans of cells: clips, and functions of every kind. */
import {
  add,
  affine,
  type Cell,
  cell,
  concat,
  linear,
  multiply,
  type Numeric,
  parameter,
  type Sequence,
  scan,
  slice,
  type Vector,
} from '../../index.js'
import type { Call } from './call.js'
import { clipped } from './functions.js'
import type { Direction, Gate, Recurrent, Run, States } from './recurrent-weights.js'

/** Runs each direction by a scan, and joins them. */
export function runScans(
  call: Call,
  node: Recurrent,
  x: Sequence,
  initial: States,
  notes: readonly string[],
): Run {
  const name = call.build.unique(call.node.name || node.op.toLowerCase())
  const parameters: Record<string, Float32Array> = {}
  const runs = node.directions.map((direction, d) => {
    const own = direction.reverse ? `${name}_reverse` : name
    Object.assign(parameters, parametersOf(own, node, direction))
    const part = (state: Vector | undefined): Vector | undefined =>
      state && (slice({ start: d * node.hidden, size: node.hidden })(state) as Vector)
    const [h, c] = [part(initial.h), part(initial.c)]
    const layer = scan(cellOf(node, direction) as Cell, { name: own, reverse: direction.reverse })
    const run = layer(x, { initial: { ...(h && { h }), ...(c && { c }) } })
    return { output: run.output, state: run.state as unknown as Run['state'] }
  })
  call.build.match(call.node.name || name, parameters, [
    `a scan with ${node.directions[0]?.functions.map(({ name }) => name).join(', ')}`,
    ...notes,
  ])
  return runs.reduce(beside)
}

function beside(a: Run, b: Run): Run {
  const [c, d] = [a.state.c, b.state.c]
  return {
    output: concat(a.output, b.output),
    state: { h: concat(a.state.h, b.state.h), ...(c && d && { c: concat(c, d) }) },
  }
}

function parametersOf(
  name: string,
  node: Recurrent,
  given: Direction,
): Record<string, Float32Array> {
  const { w, r, bias, peepholes } = given
  const { hidden, coupled } = node
  // Before the product the reset gate leaves a product of its own to the candidate.
  const rows = (node.op === 'GRU' && !node.resetAfter ? 2 : r.length / hidden / hidden) * hidden
  const apart = rows * hidden < r.length
  const gate = (i: number): Float32Array | undefined =>
    peepholes?.slice(i * hidden, (i + 1) * hidden)
  const [i, o, f] = [gate(0), gate(1), gate(2)]
  return {
    [`${name}.ih.weight`]: w,
    [`${name}.hh.weight`]: r.slice(0, rows * hidden),
    ...(apart && { [`${name}.hh_n.weight`]: r.slice(rows * hidden) }),
    ...(bias && { [`${name}.ih.bias`]: bias.w, [`${name}.hh.bias`]: bias.r.slice(0, rows) }),
    ...(bias && apart && { [`${name}.hh_n.bias`]: bias.r.slice(rows) }),
    ...(i && o && { [`${name}.ci`]: i, [`${name}.co`]: o }),
    ...(f && !coupled && { [`${name}.cf`]: f }),
  }
}

/** One step: products of the input and the state, gate by gate. */
interface Step {
  readonly hidden: number
  /** A gate's function of its clipped argument. */
  run(gate: number, x: Numeric): Vector
  /** The function of the cell, which no runtime clips. */
  shown(c: Numeric): Vector
  /** The part of a gate in a product. */
  part(x: Numeric, gate: number): Numeric
  product(name: 'ih' | 'hh', gates: number, x: Numeric): Numeric
}

function stepOf({ hidden, clip }: Recurrent, { functions, bias }: Direction): Step {
  const bound = clip ?? Infinity
  return {
    hidden,
    run: (gate, x) => {
      const { kind, alpha, beta } = functions[gate] as Gate
      return kind.apply(clipped(x, -bound, bound), alpha, beta) as Vector
    },
    shown: (c) => {
      const { kind, alpha, beta } = functions[2] as Gate
      return kind.apply(c, alpha, beta) as Vector
    },
    part: (x, gate) => slice({ start: gate * hidden, size: hidden })(x),
    product: (name, gates, x) => linear(gates * hidden, { bias: bias !== undefined, name })(x),
  }
}

function cellOf(node: Recurrent, direction: Direction): unknown {
  const step = stepOf(node, direction)
  const { hidden } = node
  if (node.op === 'LSTM') return lstmOf(node, direction, step)
  if (node.op === 'GRU') return gruOf(node, step, direction.bias !== undefined)
  return cell({ h: hidden }, ({ h }, x) => ({
    h: step.run(0, add(step.product('ih', 1, x), step.product('hh', 1, h))),
  }))
}

/** Gates i, o, f, c of the file, which is also their order here. */
function lstmOf({ hidden, coupled }: Recurrent, { peepholes }: Direction, step: Step): unknown {
  return cell({ h: hidden, c: hidden }, ({ h, c }, x) => {
    const sums = add(step.product('ih', 4, x), step.product('hh', 4, h))
    const seen = (gate: number, name: string, state: Numeric): Numeric =>
      peepholes === undefined
        ? step.part(sums, gate)
        : add(step.part(sums, gate), multiply(parameter(hidden, { name }), state))
    const i = step.run(0, seen(0, 'ci', c))
    const f = coupled ? affine(i, { scale: -1, shift: 1 }) : step.run(0, seen(2, 'cf', c))
    const next = add(multiply(f, c), multiply(i, step.run(1, step.part(sums, 3)))) as Vector
    const o = step.run(0, seen(1, 'co', next))
    return { h: multiply(o, step.shown(next)) as Vector, c: next }
  })
}

/** Gates z, r, h of the file. */
function gruOf({ hidden, resetAfter }: Recurrent, step: Step, biased: boolean): unknown {
  return cell({ h: hidden }, ({ h }, x) => {
    const own = step.product('ih', 3, x)
    const state = resetAfter
      ? { sums: step.product('hh', 3, h), candidate: undefined }
      : {
          sums: linear(2 * hidden, { bias: biased, name: 'hh' })(h),
          candidate: linear(hidden, { bias: biased, name: 'hh_n' }),
        }
    const gate = (at: number): Vector =>
      step.run(0, add(step.part(own, at), step.part(state.sums, at)))
    const [z, r] = [gate(0), gate(1)]
    const recurrent =
      state.candidate === undefined
        ? multiply(r, step.part(state.sums, 2))
        : state.candidate(multiply(r, h))
    const n = step.run(1, add(step.part(own, 2), recurrent))
    return { h: add(multiply(affine(z, { scale: -1, shift: 1 }), n), multiply(z, h)) as Vector }
  })
}
