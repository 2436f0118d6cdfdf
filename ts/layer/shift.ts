import { START_OPTIONS } from '../cell/scan.js'
import { checkState } from '../cell/unroll.js'
import { mismatch } from '../errors.js'
import { callOptions, type Layer, layer, type Same } from '../graph/layer.js'
import { nameOf } from '../graph/names.js'
import { checkKind, type Sequence, type Tokens, type Vector } from '../graph/value.js'
import { checkCount, checkOptions } from '../options.js'

/** Options of {@link shift}. */
export interface ShiftOptions {
  /** The first id of shifted tokens; only for tokens. */
  readonly start?: number
  /** Names the layer; `shift` by default. */
  readonly name?: string
}

export const SHIFT_OPTIONS = ['start', 'name'] as const satisfies readonly (keyof ShiftOptions)[]

/** The layer that {@link shift} makes. */
export interface Shift extends Layer<Tokens | Sequence, Same> {
  /** `initial`: the first step of a shifted sequence; zeros by default. */
  <X extends Tokens | Sequence>(
    x: X,
    options?: { readonly initial?: X extends Sequence<infer F> ? Vector<F> : never },
  ): X
}

/**
 * Delays a value by one step, for teacher forcing: `y[0] = start`, `y[t] = x[t - 1]`. The last step of
 * a sequence that begins with zeros is a state of the model, `shift:last`, so that pieces and streams
 * go on from it; shifted tokens and a sequence with `initial` have none.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` when tokens have no `start`, or sequences have one.
 */
export function shift(options: ShiftOptions = {}): Shift {
  checkOptions('shift', options, SHIFT_OPTIONS)
  const where = nameOf('shift', options.name)
  const start =
    options.start === undefined ? undefined : checkCount(`${where} start`, options.start, 0)
  return layer<Shift>({
    kind: 'shift',
    name: options.name,
    accepts: ['tokens', 'sequence'],
    build({ scope, label }, x, call) {
      callOptions(where, call, START_OPTIONS)
      checkStart(where, x, start)
      const initial = initialOf(where, x, call)
      const op = { shift: start === undefined ? {} : { start } }
      return scope.value(x, scope.node(label, op, initial === undefined ? [x] : [x, initial]))
    },
  })
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

function initialOf(where: string, x: Tokens | Sequence, call: unknown): Vector | undefined {
  const initial = (call as { initial?: unknown } | undefined)?.initial
  if (initial === undefined) return undefined
  checkKind(`${where} x`, x, ['sequence'])
  return checkState(`${where} initial`, initial, x.size)
}
