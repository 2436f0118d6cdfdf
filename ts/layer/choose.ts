import { Described, mismatch } from '../errors.js'
import { isValue, scopeOf } from '../graph/scope.js'
import {
  checkKind,
  checkSize,
  describe,
  type Numeric,
  type Sequence,
  type SizeOf,
  type Token,
  type Tokens,
  type Vector,
} from '../graph/value.js'
import { checkNumber, checkOptions, checkWord } from '../options.js'
import { commonAxis } from './combine.js'

/** Options of {@link choose}. */
export interface ChooseOptions {
  /**
   * The choice among the scores while training: the largest (default), or a sample of `softmax(scores)`. Otherwise it is
   * the largest.
   */
  readonly by?: 'argmax' | 'sample'
  /** The ids of a teacher, such as the targets. */
  readonly teacher?: Token | Tokens
  /**
   * The probability of the teacher's id, drawn for each row and step while training; 1 by default. A value of one number
   * a row or step counts in training and outside of it, where 0.5 and more takes the teacher's id.
   */
  readonly ratio?: number | Numeric
  /** The ids outside of training: the model's own, `'free'` (default), or the teacher's, `'forced'`. */
  readonly evaluation?: 'free' | 'forced'
}

export const CHOOSE_OPTIONS = [
  'by',
  'teacher',
  'ratio',
  'evaluation',
] as const satisfies readonly (keyof ChooseOptions)[]

/** A token for each step of the scores, or of the teacher. */
export type Chosen<X extends Numeric, T> = X extends Sequence
  ? Tokens<SizeOf<X>>
  : T extends Tokens
    ? Tokens<SizeOf<X>>
    : Token<SizeOf<X>>

/**
 * Chooses an id for each row or step: the number of the largest score, or an id of a teacher. Of equal scores the
 * first counts. No gradient passes.
 *
 * In the step of a cell whose state holds the token, the next step reads what this one chose: output-to-hidden
 * recurrence that runs freely, with teacher forcing (`ratio: 1`) or with scheduled sampling between the two (Bengio et
 * al., 2015).
 *
 * ```ts
 * const decoder = cell({ h: 64, y: { vocabularySize: 30 } }, ({ h, y }, { next }: { next: Token<30> }) => {
 *   const state = tanh(linear(64)(concat(embedding({ size: 16 })(y), h)))
 *   const output = linear(30)(state)
 *   return { h: state, y: choose(output, { teacher: next, ratio: 0.75 }), output }
 * })
 * ```
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, or one without a teacher; `ERR_UNROLLED_SHAPE` for a
 * teacher of another vocabulary than there are scores; `ERR_UNROLLED_KIND` for a value of another kind or axis.
 */
export function choose<X extends Numeric, T extends Token | Tokens | undefined = undefined>(
  scores: X,
  options?: ChooseOptions & { readonly teacher?: T },
): Chosen<X, T>
export function choose(scores: Numeric, options: ChooseOptions = {}): Token | Tokens {
  checkOptions('choose', options, CHOOSE_OPTIONS)
  const by = checkWord('choose by', options.by ?? 'argmax', ['argmax', 'sample'])
  const evaluation = checkWord('choose evaluation', options.evaluation ?? 'free', [
    'free',
    'forced',
  ])
  const { teacher, ratio = 1 } = options
  if (teacher === undefined) checkAlone(options)
  const given = typeof ratio === 'number' ? undefined : ratio
  const fixed = typeof ratio === 'number' ? checkNumber('choose ratio', ratio, 0, 1) : 1
  const values = [scores, ...(teacher ? [teacher] : []), ...(given ? [given] : [])]
  const scope = scopeOf('choose', values)
  checkKind('choose', scores, ['vector', 'sequence'])
  if (teacher !== undefined) checkTeacher(scores, teacher)
  if (given !== undefined) checkRatio(given, options.evaluation)
  const axis = commonAxis('choose', values)
  const wire = scope.node('choose', { choose: { by, ratio: fixed, evaluation } }, values)
  const vocabularySize = scores.size
  return axis === undefined
    ? scope.value<Token>({ kind: 'token', vocabularySize }, wire)
    : scope.value<Tokens>({ kind: 'tokens', vocabularySize, axis }, wire)
}

function checkAlone({ ratio, evaluation }: ChooseOptions): void {
  for (const [name, value] of Object.entries({ ratio, evaluation })) {
    if (value !== undefined) {
      throw mismatch('ERR_UNROLLED_ARGUMENT', `choose ${name}`, 'none without a teacher', value)
    }
  }
}

function checkTeacher(scores: Numeric, teacher: unknown): void {
  if (!isValue(teacher)) {
    throw mismatch('ERR_UNROLLED_KIND', 'choose teacher', 'a token or tokens', teacher)
  }
  checkKind('choose teacher', teacher, ['token', 'tokens'])
  if (teacher.vocabularySize !== scores.size) {
    const expected = `ids below ${scores.size}, the number of scores`
    const received = new Described(describe(teacher))
    throw mismatch('ERR_UNROLLED_SHAPE', 'choose teacher', expected, received)
  }
}

function checkRatio(ratio: unknown, evaluation: unknown): asserts ratio is Vector | Sequence {
  if (!isValue(ratio)) {
    const expected = 'a number from 0 to 1 or a value of one number'
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'choose ratio', expected, ratio)
  }
  checkKind('choose ratio', ratio, ['vector', 'sequence'])
  checkSize('choose ratio', ratio, 1)
  if (evaluation !== undefined) {
    const expected = 'none beside a ratio that is a value, which counts outside of training too'
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'choose evaluation', expected, evaluation)
  }
}
