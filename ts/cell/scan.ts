import { isObject } from '../brand.js'
import { Described, mismatch } from '../errors.js'
import { callOptions, layer, type Mapping, type Signature, type Signed } from '../graph/layer.js'
import { nameOf } from '../graph/names.js'
import type { Sequence, SizeOf, Vector } from '../graph/value.js'
import { checkBoolean, checkOptions } from '../options.js'
import { type Cell, checkCell, type OutputSize, type States, type Step } from './cell.js'
import { unroll } from './unroll.js'

/** Options of {@link scan}. */
export interface ScanOptions {
  /** Runs from each row's last valid step to its first; outputs keep the original order. */
  readonly reverse?: boolean
  /** Names the layer and its parameters; `scan` by default. */
  readonly name?: string
}

export const SCAN_OPTIONS = ['reverse', 'name'] as const satisfies readonly (keyof ScanOptions)[]

/** Result of a recurrent layer: the output at every step, and the state after the last. */
export interface Recurrence<F extends number, S> {
  readonly output: Sequence<F>
  readonly state: S
}

/** Options of a recurrent layer's call. */
export interface Start<S> {
  /** Initial states; a state left out starts at zero, or at the run's `state`. */
  readonly initial?: Partial<S>
}

export const START_OPTIONS = ['initial'] as const satisfies readonly (keyof Start<unknown>)[]

/** A sequence becomes a {@link Recurrence}. */
export interface ScanMapping<F extends number, S> extends Mapping {
  readonly output: Recurrence<F, S>
}

/** The layer that {@link scan} makes. */
export interface Scan<F extends number, S, X extends Sequence = Sequence>
  extends Signed<Signature<X, ScanMapping<F, S>, never>> {
  (x: X, options?: Start<S>): Recurrence<F, S>
}

/**
 * Unrolls a cell along a sequence: `state, output[t] = step(state, x[t])` over each row's valid
 * steps, parameters shared by all of them. A call gives `{ output, state }`; `sequential` passes on the
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
): Scan<OutputSize<S, R>, States<S>, Sequence<SizeOf<X>>> {
  checkOptions('scan', options, SCAN_OPTIONS)
  const where = nameOf('scan', options.name)
  const reverse = checkBoolean(`${where} reverse`, options.reverse ?? false)
  const cell = checkCell(`${where} cell`, given)
  return layer<Scan<OutputSize<S, R>, States<S>, Sequence<SizeOf<X>>>>({
    kind: 'scan',
    name: options.name,
    accepts: ['sequence'],
    build(site, x, call) {
      callOptions(where, call, START_OPTIONS)
      const initial = (call as Start<Record<string, Vector>> | undefined)?.initial ?? {}
      checkOptions(`${where} initial`, initial, Object.keys(cell.sizes), 'state')
      return unroll({
        site,
        label: site.label,
        x,
        sizes: cell.sizes,
        reverse,
        initial,
        step(state, step) {
          const next: Readonly<Record<string, Vector>> = cell.step(state as States<S>, step as X)
          checkStep(where, next, Object.keys(cell.sizes))
          return { next, output: outputOf(where, next, Object.keys(cell.sizes)) }
        },
      })
    },
  })
}

function checkStep(where: string, next: unknown, states: readonly string[]): void {
  if (!isObject(next)) {
    throw mismatch(
      'ERR_UNROLLED_GRAPH',
      `${where} cell result`,
      'an object of the next states',
      next,
    )
  }
  checkOptions(`${where} cell result`, next, [...states, 'output'], 'state')
  const given = new Map<string, unknown>(Object.entries(next))
  const missing = states.filter((name) => given.get(name) === undefined)
  if (missing.length > 0) {
    const received = new Described(`only ${[...given.keys()].join(', ') || 'nothing'}`)
    const expected = `the next ${missing.join(' and ')}`
    throw mismatch('ERR_UNROLLED_GRAPH', `${where} cell result`, expected, received)
  }
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
