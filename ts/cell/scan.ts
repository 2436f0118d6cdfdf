import { callOptions, layer, type Mapping, type Signature, type Signed } from '../graph/layer.js'
import { nameOf } from '../graph/names.js'
import type { Sequence, Token, Tokens, Vector } from '../graph/value.js'
import { checkBoolean, checkOptions } from '../options.js'
import {
  type AnyCell,
  type Cell,
  checkCell,
  type OutputSize,
  type Step,
  type StepInput,
  type Trace,
} from './cell.js'
import { type Entering, entering } from './entering.js'
import type { StateSizes, States } from './state.js'
import { checkStep, outputOf, stepValues } from './step.js'
import {
  type NamedStates,
  type NamedVectors,
  type Unrolled,
  type Unrolling,
  unroll,
} from './unroll.js'

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

/** What a cell with the step input `X` runs along: the sequences and tokens of its steps, or a number of steps. */
export type Along<X> =
  X extends Vector<infer F>
    ? Sequence<F>
    : X extends Token<infer V>
      ? Tokens<V>
      : X extends undefined
        ? number
        : { readonly [K in keyof X]: Along<X[K]> }

/** The layer that {@link scan} makes. */
export interface Scan<F extends number, S, X = Sequence, T = unknown>
  extends Signed<Signature<X extends Sequence | Tokens ? X : never, ScanMapping<F, S, T>, never>> {
  (x: X, options?: Start<S>): Recurrence<F, S, T>
}

/**
 * Unrolls a cell along a sequence: `state, output[t] = step(state, x[t])` over each row's valid
 * steps, parameters shared by all of them. A call gives `{ output, state, trace }`; `sequential` passes on the
 * output. Parameters of layers that the step makes have the scan's name in front, `scan.linear.weight`,
 * and are shared by all calls of the scan, also where the step applies the layer to a vector from
 * outside alone: such a layer runs once a row, before the loop.
 *
 * The step sees one step of what the scan is called with: of a sequence or of tokens, or, by name, of
 * several on one axis, `scan(cell)({ x, ids })`. Called with a number of steps, a cell runs without input,
 * `scan(cell)(10, { initial: { s } })`, on an axis of its own with as many steps in every row.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a tree cell, `ERR_UNROLLED_GRAPH` when the step leaves out a
 * state, `ERR_UNROLLED_SHAPE` when a state has another size, `ERR_UNROLLED_KIND` for sequences of several axes.
 */
export function scan<const S extends StateSizes, R extends Step<S>, X extends StepInput = Vector>(
  given: Cell<S, R, X>,
  options: ScanOptions = {},
): Scan<OutputSize<S, R>, States<S>, Along<X>, Trace<S, R>> {
  checkOptions('scan', options, SCAN_OPTIONS)
  const where = nameOf('scan', options.name)
  const reverse = checkBoolean(`${where} reverse`, options.reverse ?? false)
  const cell = checkCell(`${where} cell`, given)
  const along = layer<Scan<number, NamedStates, Sequence | Tokens>>({
    kind: 'scan',
    name: options.name,
    accepts: ['sequence', 'tokens'],
    build(site, { axis }, call) {
      const { enter, options } = call as unknown as Call
      const initial = initialOf<NamedStates>(where, options, Object.keys(cell.sizes))
      const spec = { where, cell, site, axis, enter, reverse, initial }
      const { output, state, trace } = unrollCell<NamedStates>(spec)
      return { output, state, trace }
    },
  })
  const run = (x: unknown, options?: unknown): unknown => {
    const { leading, enter } = entering(where, x)
    return along(leading, { enter, options } as never)
  }
  // Only the types know the signature; `along` keeps to it.
  return run as unknown as Scan<OutputSize<S, R>, States<S>, Along<X>, Trace<S, R>>
}

/** The call of a scan: the way in which its body takes the step's input, and the caller's options. */
interface Call extends Pick<Entering, 'enter'> {
  readonly options: unknown
}

/** Checks the options of a call, and gives the initial states among them. */
export function initialOf<S extends NamedStates = NamedVectors>(
  where: string,
  call: unknown,
  states: readonly string[],
): Partial<S> {
  callOptions(where, call, START_OPTIONS)
  const initial = (call as Start<S> | undefined)?.initial ?? {}
  checkOptions(`${where} initial`, initial, states, 'state')
  return initial
}

/** A cell to unroll along an axis. */
export interface CellUnrolling
  extends Pick<
    Unrolling<NamedStates, StepInput>,
    'site' | 'axis' | 'enter' | 'reverse' | 'initial'
  > {
  /** The layer in messages. */
  readonly where: string
  readonly cell: AnyCell
}

/** Adds the scan of a cell, under the site's label. */
export function unrollCell<S extends NamedStates = NamedVectors>(spec: CellUnrolling): Unrolled<S> {
  const { where, cell, site } = spec
  const states = Object.keys(cell.sizes)
  return unroll<S, StepInput>({
    ...spec,
    label: site.label,
    sizes: cell.sizes,
    step(state, step, body) {
      const result = cell.step(state as never, step as never)
      const { trace, ...next } = checkStep(where, result, states)
      const output = outputOf(where, next, states)
      return { next: next as unknown as S, output, trace: stepValues(where, trace, states, body) }
    },
  })
}
