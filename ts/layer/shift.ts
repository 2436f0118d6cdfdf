import { START_OPTIONS } from '../cell/scan.js'
import { checkState } from '../cell/state.js'
import { mismatch } from '../errors.js'
import { callOptions, type Layer, layer, type Same } from '../graph/layer.js'
import { nameOf } from '../graph/names.js'
import type { Scope } from '../graph/scope.js'
import { checkKind, type Sequence, type Tokens, type Vector } from '../graph/value.js'
import { checkCount, checkOptions } from '../options.js'

/** Options of {@link shift}. */
export interface ShiftOptions<D extends number = number> {
  /** The steps of the delay; 1 by default. */
  readonly by?: D
  /** The first id of shifted tokens; only for tokens. */
  readonly start?: number
  /** Names the layer; `shift` by default. */
  readonly name?: string
}

export const SHIFT_OPTIONS = [
  'by',
  'start',
  'name',
] as const satisfies readonly (keyof ShiftOptions)[]

/** The layer that {@link shift} makes. */
export interface Shift<D extends number = 1> extends Layer<Tokens | Sequence, Same> {
  /** `initial`: the first steps of a shifted sequence, one after the other; zeros by default. */
  <X extends Tokens | Sequence>(
    x: X,
    options?: {
      readonly initial?: X extends Sequence<infer F> ? Vector<D extends 1 ? F : number> : never
    },
  ): X
}

/**
 * Delays a value, for teacher forcing or connections that skip steps: `y[t] = x[t - by]`, and `start`, zeros or
 * `initial` for `t < by`. The last steps of a value that begins without `initial` are states of the model,
 * `shift:last` (one for each step of the delay, the later ones `shift_1:last` and so on), so that pieces and streams go
 * on from them; a sequence with `initial` has none.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` when tokens have no `start`, or sequences have one; `ERR_UNROLLED_SHAPE`
 * when `initial` has not `by` steps of the sequence's size.
 */
export function shift<D extends number = 1>(options: ShiftOptions<D> = {}): Shift<D> {
  checkOptions('shift', options, SHIFT_OPTIONS)
  const where = nameOf('shift', options.name)
  const by = checkCount(`${where} by`, options.by ?? 1, 1, MOST_STEPS)
  const start =
    options.start === undefined ? undefined : checkCount(`${where} start`, options.start, 0)
  return layer<Shift<D>>({
    kind: 'shift',
    name: options.name,
    accepts: ['tokens', 'sequence'],
    build({ scope, label }, x, call) {
      callOptions(where, call, START_OPTIONS)
      checkStart(where, x, start)
      const initial = initialOf(where, x, by, call)
      const op = { shift: start === undefined ? {} : { start } }
      // Each shift by one step is the node of a step of the delay; the last one gives the first step.
      const steps = Array.from({ length: by }, (_, i) => by - 1 - i)
      return steps.reduce((late, step) => {
        const first = initial && x.kind === 'sequence' ? [part(scope, initial, step, x.size)] : []
        return scope.value(x, scope.node(label, op, [late, ...first]))
      }, x)
    },
  })
}

/** The most steps of a delay, each of which is a node. */
const MOST_STEPS = 1000

/** Gives the numbers of one of the first steps. */
function part(scope: Scope, initial: Vector, step: number, size: number): Vector {
  if (initial.size === size) return initial
  const wire = scope.node('slice', { slice: { start: step * size, size } }, [initial])
  return scope.value<Vector>({ kind: 'vector', size }, wire)
}

function checkStart(where: string, x: Tokens | Sequence, start: number | undefined): void {
  if (x.kind === 'sequence' && start !== undefined) {
    const advice = 'a sequence begins with zeros or with `initial`'
    throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} start`, 'none', start, advice)
  }
  if (x.kind === 'tokens' && (start === undefined || start >= x.vocabularySize)) {
    const expected = `an id below ${x.vocabularySize}`
    throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} start`, expected, start)
  }
}

function initialOf(
  where: string,
  x: Tokens | Sequence,
  by: number,
  call: unknown,
): Vector | undefined {
  const initial = (call as { initial?: unknown } | undefined)?.initial
  if (initial === undefined) return undefined
  checkKind(`${where} x`, x, ['sequence'])
  return checkState(`${where} initial`, initial, by * x.size)
}
