import { isObject, isRecord } from '../brand.js'
import { Described, mismatch } from '../errors.js'
import { callOptions, layer, type Mapping, type Signature, type Signed } from '../graph/layer.js'
import { checkName, nameOf, taken } from '../graph/names.js'
import { isValue, type Scope } from '../graph/scope.js'
import { checkKind, type Sequence, type SizeOf, type Vector } from '../graph/value.js'
import { checkBoolean, checkOptions } from '../options.js'
import {
  type Cell,
  checkCell,
  type OutputSize,
  type States,
  type Step,
  type Trace,
} from './cell.js'
import type { StepValues } from './trace.js'
import { type NamedVectors, type Unrolled, type Unrolling, unroll } from './unroll.js'

/** Options of {@link scan}. */
export interface ScanOptions {
  /** Runs from each row's last valid step to its first; outputs keep the original order. */
  readonly reverse?: boolean
  /** Names the layer and its parameters; `scan` by default. */
  readonly name?: string
}

export const SCAN_OPTIONS = ['reverse', 'name'] as const satisfies readonly (keyof ScanOptions)[]

/** Result of a recurrent layer: the output at every step, and the state after the last. */
export interface Recurrence<F extends number, S, T = unknown> {
  readonly output: Sequence<F>
  readonly state: S
  /** Every state at every step, and what the step gives as `trace`; only what is read is kept. */
  readonly trace: T
}

/** Options of a recurrent layer's call. */
export interface Start<S> {
  /** Initial states; a state left out starts at zero, or at the run's `state`. */
  readonly initial?: Partial<S>
}

export const START_OPTIONS = ['initial'] as const satisfies readonly (keyof Start<unknown>)[]

/** A sequence becomes a {@link Recurrence}. */
export interface ScanMapping<F extends number, S, T> extends Mapping {
  readonly output: Recurrence<F, S, T>
}

/** The layer that {@link scan} makes. */
export interface Scan<F extends number, S, X extends Sequence = Sequence, T = unknown>
  extends Signed<Signature<X, ScanMapping<F, S, T>, never>> {
  (x: X, options?: Start<S>): Recurrence<F, S, T>
}

/**
 * Unrolls a cell along a sequence: `state, output[t] = step(state, x[t])` over each row's valid
 * steps, parameters shared by all of them. A call gives `{ output, state, trace }`; `sequential` passes on the
 * output. Parameters of layers that the step makes have the scan's name in front, `scan.linear.weight`,
 * and are shared by all calls of the scan, also where the step applies the layer to a vector from
 * outside alone: such a layer runs once a row, before the loop.
 *
 * @throws UnrolledError `ERR_UNROLLED_GRAPH` when the step leaves out a state,
 * `ERR_UNROLLED_SHAPE` when a state has another size.
 */
export function scan<
  const S extends Readonly<Record<string, number>>,
  R extends Step<S>,
  X extends Vector = Vector,
>(
  given: Cell<S, R, X>,
  options: ScanOptions = {},
): Scan<OutputSize<S, R>, States<S>, Sequence<SizeOf<X>>, Trace<S, R>> {
  checkOptions('scan', options, SCAN_OPTIONS)
  const where = nameOf('scan', options.name)
  const reverse = checkBoolean(`${where} reverse`, options.reverse ?? false)
  const cell = checkCell(`${where} cell`, given)
  return layer<Scan<OutputSize<S, R>, States<S>, Sequence<SizeOf<X>>, Trace<S, R>>>({
    kind: 'scan',
    name: options.name,
    accepts: ['sequence'],
    build(site, x, call) {
      const initial = initialOf(where, call, Object.keys(cell.sizes))
      const { output, state, trace } = unrollCell({ where, cell, site, x, reverse, initial })
      return { output, state, trace }
    },
  })
}

/** Checks the options of a call, and gives the initial states among them. */
export function initialOf(
  where: string,
  call: unknown,
  states: readonly string[],
): Partial<NamedVectors> {
  callOptions(where, call, START_OPTIONS)
  const initial = (call as Start<NamedVectors> | undefined)?.initial ?? {}
  checkOptions(`${where} initial`, initial, states, 'state')
  return initial
}

/** A cell to unroll along a sequence. */
export interface CellUnrolling extends Pick<Unrolling, 'site' | 'x' | 'reverse' | 'initial'> {
  /** The layer in messages. */
  readonly where: string
  readonly cell: Cell
}

/** Adds the scan of a cell, under the site's label. */
export function unrollCell(spec: CellUnrolling): Unrolled {
  const { where, cell, site } = spec
  const states = Object.keys(cell.sizes)
  return unroll({
    ...spec,
    label: site.label,
    sizes: cell.sizes,
    step(state, step, body) {
      const { trace, ...next } = checkStep(where, cell.step(state, step), states)
      const more = traceOf(where, trace, states, body)
      return { next, output: outputOf(where, next, states), trace: more }
    },
  })
}

/** The result of a cell's step, checked by name. */
type Result = Readonly<Record<string, Vector>> & { readonly trace?: unknown }

function checkStep(where: string, next: unknown, states: readonly string[]): Result {
  if (!isObject(next)) {
    throw mismatch(
      'ERR_UNROLLED_GRAPH',
      `${where} cell result`,
      'an object of the next states',
      next,
    )
  }
  checkOptions(`${where} cell result`, next, [...states, 'output', 'trace'], 'state')
  const given = new Map<string, unknown>(Object.entries(next))
  const missing = states.filter((name) => given.get(name) === undefined)
  if (missing.length > 0) {
    const received = new Described(`only ${[...given.keys()].join(', ') || 'nothing'}`)
    const expected = `the next ${missing.join(' and ')}`
    throw mismatch('ERR_UNROLLED_GRAPH', `${where} cell result`, expected, received)
  }
  return next as Result
}

/** Checks what a step gives as its trace. */
function traceOf(
  where: string,
  trace: unknown,
  states: readonly string[],
  body: Scope,
): StepValues {
  if (trace === undefined) return {}
  const name = `${where} cell trace`
  if (!isRecord(trace)) throw mismatch('ERR_UNROLLED_GRAPH', name, 'an object of values', trace)
  const entries = Object.entries(trace).map(([key, value]) => {
    checkName(name, key)
    if (states.includes(key)) throw taken(name, key)
    if (!isValue(value))
      throw mismatch('ERR_UNROLLED_KIND', `${name} ${key}`, 'a value of the step', value)
    checkKind(`${name} ${key}`, value, ['vector', 'alignment'])
    body.wire(value)
    return [key, () => value] as const
  })
  return Object.fromEntries(entries)
}

function outputOf(
  where: string,
  next: Readonly<Record<string, Vector>>,
  states: readonly string[],
): Vector {
  const only = states.length === 1 ? states[0] : undefined
  const { output, h } = next
  const given = output ?? h ?? (only === undefined ? undefined : next[only])
  if (given === undefined) {
    const received = new Described(`the states ${states.join(', ') || '(none)'}`)
    throw mismatch('ERR_UNROLLED_GRAPH', `${where} cell result`, 'an output or a state h', received)
  }
  return given
}
