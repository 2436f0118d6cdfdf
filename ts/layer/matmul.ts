import { Described, mismatch } from '../errors.js'
import { scopeOf } from '../graph/scope.js'
import { checkKind, describe, type Numeric } from '../graph/value.js'
import { checkCount, checkOptions, checkWord } from '../options.js'
import { commonAxis, type Joined } from './combine.js'

/** Options of {@link matmul}. */
export interface MatmulOptions {
  /** Rows of the product. */
  readonly rows: number
  /** Columns of the first factor and rows of the second, over which the product sums. */
  readonly inner: number
  /** Columns of the product. */
  readonly columns: number
  /** The factor that is held transposed: `'a'` as `[inner, rows]`, `'b'` as `[columns, inner]`. */
  readonly transpose?: 'a' | 'b'
}

export const MATMUL_OPTIONS = [
  'rows',
  'inner',
  'columns',
  'transpose',
] as const satisfies readonly (keyof MatmulOptions)[]

/**
 * Multiplies two small matrices that each row, or each step, holds flat, row by row: `Y = A B` with
 * `Y[i, j] = Σ_k A[i, k] B[k, j]`. `a` has `rows · inner` numbers, `b` has `inner · columns`, the result
 * `rows · columns`; a vector goes with every step of a sequence. Learned weights that all rows share
 * are a matter of {@link linear}, which is faster.
 *
 * ```ts
 * const outer = matmul(key, value, { rows: 8, inner: 1, columns: 16 }) // key valueᵀ, a fast weight
 * const read = matmul(memory, query, { rows: 16, inner: 8, columns: 1, transpose: 'a' })
 * ```
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option, `ERR_UNROLLED_SHAPE` for a value of another
 * size, `ERR_UNROLLED_KIND` for tokens or two axes.
 */
export function matmul<A extends Numeric, B extends Numeric>(
  a: A,
  b: B,
  options: MatmulOptions,
): Joined<readonly [A, B], number>
export function matmul(a: Numeric, b: Numeric, options: MatmulOptions): Numeric {
  checkOptions('matmul', options, MATMUL_OPTIONS)
  const [rows, inner, columns] = (['rows', 'inner', 'columns'] as const).map((name) =>
    checkCount(`matmul ${name}`, options[name]),
  ) as [number, number, number]
  const transpose =
    options.transpose === undefined
      ? null
      : checkWord('matmul transpose', options.transpose, ['a', 'b'])
  const scope = scopeOf('matmul', [a, b])
  checkMatrix('a', a, rows, inner)
  checkMatrix('b', b, inner, columns)
  const axis = commonAxis('matmul', [a, b])
  const wire = scope.node('matmul', { matmul: { rows, inner, columns, transpose } }, [a, b])
  const size = rows * columns
  return axis === undefined
    ? scope.value({ kind: 'vector', size }, wire)
    : scope.value({ kind: 'sequence', size, axis }, wire)
}

function checkMatrix(name: string, value: Numeric, high: number, wide: number): void {
  checkKind(`matmul ${name}`, value, ['vector', 'sequence'])
  if (value.size !== high * wide) {
    const expected = `size ${high * wide}, ${high} by ${wide} numbers`
    const received = new Described(describe(value))
    throw mismatch('ERR_UNROLLED_SHAPE', `matmul ${name}`, expected, received)
  }
}
