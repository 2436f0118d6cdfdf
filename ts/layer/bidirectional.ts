import {
  type AnyCell,
  type Cell,
  checkCell,
  type OutputSize,
  type Step,
  type Trace,
} from '../cell/cell.js'
import { initialOf, type Scan, unrollCell } from '../cell/scan.js'
import type { StateSizes, States } from '../cell/state.js'
import { Described, mismatch } from '../errors.js'
import { layer } from '../graph/layer.js'
import { nameOf } from '../graph/names.js'
import type { Scope } from '../graph/scope.js'
import type { Sum } from '../graph/sizes.js'
import type { Sequence, SizeOf, Vector } from '../graph/value.js'
import { checkOptions } from '../options.js'
import { bothWays, checkMerge, type Merge, type Merged } from './merge.js'
import type { RecurrentLayer } from './recurrent.js'
import { recurrentLayer, recurrentOf } from './stack.js'

/** Options of {@link bidirectional}. */
export interface BidirectionalOptions<M extends Merge = Merge> {
  /** Joins the outputs of both ways; `'concat'` by default, as in {@link lstm}. */
  readonly merge?: M
  /** The cell from the last step to the first; the same cell by default. For cells alone. */
  readonly backward?: AnyCell
  /** Names the layer and its parameters; `bidirectional` by default. For cells alone. */
  readonly name?: string
}

export const BIDIRECTIONAL_OPTIONS = [
  'merge',
  'backward',
  'name',
] as const satisfies readonly (keyof BidirectionalOptions)[]

/** States of both directions, side by side. */
export type BothStates<S> = {
  readonly [K in keyof S]: S[K] extends Vector<infer F> ? Vector<Sum<F, F>> : S[K]
}

/** Values of both directions at every step, side by side. */
export type BothTraces<T> = {
  readonly [K in keyof T]: T[K] extends Sequence<infer F> ? Sequence<Sum<F, F>> : T[K]
}

/**
 * Runs a recurrent layer, or a cell, along a sequence both ways: from the first step of each row to its last, and from
 * its last valid step to its first, so that the output at a step depends on the whole row (Schuster, Paliwal 1997). Outputs
 * of both ways are merged in the order of the input; states stand side by side, forward first.
 *
 * ```ts
 * const { output } = bidirectional(gru({ hiddenSize: 64 }))(x)
 * const own = bidirectional(cell({ h: 64 }, ({ h }, x) => ({ h: … })), { merge: 'sum' })(x)
 * ```
 *
 * `bidirectional(gru(…))` is `gru({ …, bidirectional: true })`. Each way of a cell has parameters of its own, of the
 * layers that its step makes: `bidirectional.forward.linear.weight`, `bidirectional.backward.linear.weight`.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for something that is neither, a layer that has a direction already,
 * or a bad option; `ERR_UNROLLED_SHAPE` for two cells of different sizes.
 */
export function bidirectional<
  F extends number,
  S,
  I extends number | undefined,
  T,
  M extends Merge = 'concat',
>(
  given: RecurrentLayer<F, S, I, T>,
  options?: BidirectionalOptions<M>,
): RecurrentLayer<Merged<F, M>, BothStates<S>, I, BothTraces<T>>
export function bidirectional<
  const S extends Readonly<Record<string, number>>,
  R extends Step<S>,
  X extends Vector = Vector,
  M extends Merge = 'concat',
>(
  given: Cell<S, R, X>,
  options?: BidirectionalOptions<M>,
): Scan<
  Merged<OutputSize<S, R>, M>,
  BothStates<States<S>>,
  Sequence<SizeOf<X>>,
  BothTraces<Trace<S, R>>
>
export function bidirectional(given: object, options: BidirectionalOptions = {}): unknown {
  checkOptions('bidirectional', options, BIDIRECTIONAL_OPTIONS)
  if (typeof given === 'function') return ofLayer(given, options)
  return ofCell(given, options)
}

function ofLayer(given: object, options: BidirectionalOptions): unknown {
  const recurrent = recurrentOf(given)
  const where = nameOf('bidirectional', options.name)
  if (recurrent === undefined) {
    const received = new Described('another function')
    const advice = 'a scan takes its cell: bidirectional(cell(…))'
    const expected = 'a cell, or a layer of rnn, lstm or gru'
    throw mismatch('ERR_UNROLLED_ARGUMENT', where, expected, received, advice)
  }
  const { settings, name } = recurrent
  if (settings.bidirectional || settings.reverse) {
    const received = new Described(settings.reverse ? 'a reverse one' : 'one that runs both ways')
    throw mismatch('ERR_UNROLLED_ARGUMENT', where, 'a layer that runs forward', received)
  }
  for (const own of ['backward', 'name'] as const) {
    const { [own]: value } = options
    if (value === undefined) continue
    throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} ${own}`, 'none with a layer', value)
  }
  const merge = checkMerge(where, options.merge)
  const both = { ...settings, bidirectional: true, merge }
  return recurrentLayer({ ...recurrent, settings: both, name })
}

function ofCell(given: object, options: BidirectionalOptions): unknown {
  const where = nameOf('bidirectional', options.name)
  const forward = checkCell(`${where} cell`, given as Cell)
  const backward = checkCell(`${where} backward`, (options.backward ?? given) as Cell)
  const merge = checkMerge(where, options.merge)
  const sizes = vectorSizes(where, forward.sizes)
  checkSizes(where, sizes, vectorSizes(where, backward.sizes))
  return layer<Scan<number, unknown>>({
    kind: 'bidirectional',
    name: options.name,
    accepts: ['sequence'],
    build: (site, x, call) =>
      bothWays({
        where,
        site,
        label: site.label,
        merge,
        sizes,
        initial: initialOf(where, call, Object.keys(sizes)),
        run(reverse, initial) {
          const way = reverse ? 'backward' : 'forward'
          const own = { ...site, name: `${site.name}.${way}`, label: `${site.label}.${way}` }
          const cell = reverse ? backward : forward
          const enter = (body: Scope) => body.bind(x, 'x')
          return unrollCell({ where, cell, site: own, axis: x.axis, enter, reverse, initial })
        },
      }),
  })
}

type Sizes = Readonly<Record<string, number>>

/** Refuses states that hold a token, which no merge joins. */
function vectorSizes(where: string, sizes: StateSizes): Sizes {
  const named = Object.entries(sizes).map(([name, size]) => {
    if (typeof size === 'number') return [name, size] as const
    const received = new Described('one that holds a token')
    throw mismatch('ERR_UNROLLED_KIND', `${where} state ${name}`, 'a state of numbers', received)
  })
  return Object.fromEntries(named)
}

function checkSizes(where: string, forward: Sizes, backward: Sizes): void {
  const list = (sizes: Sizes) =>
    Object.entries(sizes)
      .map(([name, size]) => `${name} of ${size}`)
      .sort()
      .join(', ')
  if (list(forward) === list(backward)) return
  const received = new Described(list(backward))
  throw mismatch('ERR_UNROLLED_SHAPE', `${where} backward`, `states ${list(forward)}`, received)
}
