import { describe, expect, test } from 'vitest'
import { rowsOf } from '../../ts/data/feed.js'
import type { RowKind } from '../../ts/data/kind.js'
import { Result } from '../../ts/data/result.js'

const rows = (kind: RowKind, data: unknown) => rowsOf('x', { name: 'x', rows: kind }, data)

const sequence: RowKind = { kind: 'sequence', size: 2 }
const tokens: RowKind = { kind: 'tokens' }

describe("data that is anyone's object", () => {
  const refused = (kind: RowKind, data: unknown, message: string) =>
    expect(() => rows(kind, data)).toThrow(message)
  const empty = (length: number) => {
    const array: unknown[] = []
    array.length = length
    return array
  }

  test('an array of nothing ends at its first row, however long', () => {
    refused(sequence, empty(2 ** 32 - 1), 'x[0]: expected an array of steps of 2 numbers')
    refused({ kind: 'vector', size: 2 }, empty(2 ** 32 - 1), 'x[0]: expected an array of 2 numbers')
    refused(sequence, [empty(2 ** 32 - 1)], 'x[0]: expected at most 2147483647 steps')
    refused(tokens, [empty(3)], 'x[0][0]: expected an id, received undefined')
  })

  test('is read by index, as often as it was long', () => {
    const step = Object.assign([1, 2], { [Symbol.iterator]: () => [9, 9, 9].values() })
    class Endless extends Float32Array {
      override *[Symbol.iterator](): ArrayIterator<number> {
        for (;;) yield 9
      }
    }
    expect(rows(sequence, [[step, new Endless([3, 4])]]).all().values).toEqual(
      Float32Array.of(1, 2, 3, 4),
    )
    const shrinking = new Proxy([Float32Array.of(1, 2)], {
      get: (target, key) => (key === '0' ? target.pop() : Reflect.get(target, key)),
    })
    expect(rows(sequence, shrinking).all().values).toEqual(Float32Array.of(1, 2))
  })

  test('a shape has no holes', () => {
    const shape = [2, 0, 2]
    delete shape[1]
    refused(sequence, { values: new Float32Array(0), shape }, 'x shape: expected [rows, time, 2]')
  })
})

describe('every documented form of data', () => {
  const together = {
    name: 'x',
    shape: [3, 2, 2],
    values: Float32Array.of(1, 2, 3, 4, 5, 6),
    lengths: Int32Array.of(2, 1, 0),
  }

  test.each<[string, unknown]>([
    [
      'nested arrays, ragged',
      [
        [
          [1, 2],
          [3, 4],
        ],
        [[5, 6]],
        [],
      ],
    ],
    ['steps as Float32Array', [[Float32Array.of(1, 2), [3, 4]], [[5, 6]], []]],
    ['flat rows', [Float32Array.of(1, 2, 3, 4), Float32Array.of(5, 6), new Float32Array(0)]],
    [
      'a packed array with lengths, NaN in the padding',
      {
        values: Float32Array.of(1, 2, 3, 4, 5, 6, Number.NaN, 9, 9, 9, 9, 9),
        shape: [3, 2, 2],
        lengths: [2, 1, 0],
      },
    ],
  ])('a sequence: %s', (_, data) => {
    expect(rows(sequence, data).all()).toEqual(together)
  })

  test('an array that lies as a batch does is passed where it lies, any other as a copy', () => {
    const values = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8)
    const all = (more: object) => rows(sequence, { values, shape: [2, 2, 2], ...more }).all().values
    expect(all({})).toBe(values)
    expect(all({ lengths: [2, 2] })).toBe(values)
    expect(all({ lengths: [2, 1] })).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6))
    expect(all({ lengths: [1, 1] })).toEqual(Float32Array.of(1, 2, 5, 6))
    expect(values).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8))
  })

  test('one number a step needs no array of its own', () => {
    expect(rows({ kind: 'sequence', size: 1 }, [[1, 2], [3]]).all()).toEqual({
      name: 'x',
      shape: [2, 2, 1],
      values: Float32Array.of(1, 2, 3),
      lengths: Int32Array.of(2, 1),
    })
  })

  test.each<[string, unknown]>([
    ['nested arrays', [[1, 2], [3]]],
    ['rows as Int32Array', [Int32Array.of(1, 2), Int32Array.of(3)]],
    ['packed', { values: Int32Array.of(1, 2, 3, 7), shape: [2, 2], lengths: Int32Array.of(2, 1) }],
  ])('tokens: %s', (_, data) => {
    expect(rows(tokens, data).all()).toEqual({
      name: 'x',
      shape: [2, 2],
      ids: Int32Array.of(1, 2, 3),
      lengths: Int32Array.of(2, 1),
    })
  })

  test('vectors and single tokens', () => {
    const values = Float32Array.of(1, 2, 3, 4)
    const vector = { name: 'x', shape: [2, 2], values }
    const kind: RowKind = { kind: 'vector', size: 2 }
    expect(rows(kind, [[1, 2], Float32Array.of(3, 4)]).all()).toEqual(vector)
    expect(rows(kind, { values, shape: [2, 2] }).all()).toEqual(vector)
    const token = { name: 'x', shape: [3], ids: Int32Array.of(4, 5, 6) }
    expect(rows({ kind: 'token' }, [4, 5, 6]).all()).toEqual(token)
    expect(rows({ kind: 'token' }, Int32Array.of(4, 5, 6)).all()).toEqual(token)
  })

  test('no rows and no steps', () => {
    expect(rows(sequence, []).all()).toEqual({
      name: 'x',
      shape: [0, 0, 2],
      values: new Float32Array(0),
    })
    expect(rows(tokens, [[], []]).all()).toEqual({
      name: 'x',
      shape: [2, 0],
      ids: new Int32Array(0),
    })
  })

  test('chosen rows lie one after the other, of the shape of the longest among them', () => {
    const all = rows(tokens, [[1, 2, 3], [4], [5, 6]])
    expect(all.gather([2, 1])).toEqual({
      name: 'x',
      shape: [2, 2],
      ids: Int32Array.of(5, 6, 4),
      lengths: Int32Array.of(2, 1),
    })
    const packed = rows(tokens, {
      values: Int32Array.of(1, 2, 3, 4, 0, 0, 5, 6, 0),
      shape: [3, 3],
      lengths: [3, 1, 2],
    })
    expect(packed.gather([2, 1])).toEqual(all.gather([2, 1]))
  })
})

describe('bad data are refused with their place', () => {
  const detached = new Float32Array(4)
  const detachedIds = new Int32Array(4)
  structuredClone(0, { transfer: [detached.buffer, detachedIds.buffer] })
  const shared = new Float32Array(new SharedArrayBuffer(16))

  test.each<[string, RowKind, unknown, string]>([
    [
      'no data',
      tokens,
      undefined,
      'KIND x: expected an array of rows or { values, shape } of [rows, time], received undefined',
    ],
    [
      'a number among steps',
      sequence,
      [[[1, 2], 3]],
      'SHAPE x[0][1]: expected an array of 2 numbers, received 3',
    ],
    [
      'a step of another size',
      sequence,
      [[[1, 2, 3]]],
      'SHAPE x[0][0]: expected an array of 2 numbers, received an array of 3',
    ],
    [
      'a word among numbers',
      sequence,
      [[[1, 'a']]],
      'KIND x[0][0]: expected a number, received "a"',
    ],
    [
      'a flat row of another size',
      sequence,
      [Float32Array.of(1, 2, 3)],
      'KIND x[0]: expected an array of steps of 2 numbers or a Float32Array, received Float32Array(3)',
    ],
    [
      'a row that is none',
      tokens,
      [3],
      'KIND x[0]: expected an array of ids or an Int32Array, received 3',
    ],
    ['half an id', tokens, [[1, 1.5]], 'VALUE x[0][1]: expected a whole id from 0, received 1.5'],
    ['a negative id', tokens, [[-1]], 'VALUE x[0][0]: expected a whole id from 0, received -1'],
    [
      'numbers where ids belong',
      tokens,
      { values: Float32Array.of(1), shape: [1, 1] },
      'KIND x values: expected an Int32Array, received Float32Array(1)',
    ],
    [
      'another rank',
      sequence,
      { values: new Float32Array(4), shape: [2, 2] },
      'SHAPE x shape: expected [rows, time, 2], received [2, 2]',
    ],
    [
      'another size',
      sequence,
      { values: new Float32Array(3), shape: [1, 1, 3] },
      'SHAPE x shape: expected [rows, time, 2], received [1, 1, 3]',
    ],
    [
      'a shape that does not hold the values',
      sequence,
      { values: new Float32Array(4), shape: [1, 3, 2] },
      'SHAPE x: expected 6 values for the shape [1, 3, 2], received 4',
    ],
    [
      'a detached array',
      sequence,
      { values: detached, shape: [1, 2, 2] },
      'STATE x values: expected an array with a buffer of its own, received one whose buffer was transferred away',
    ],
    [
      'a detached row',
      sequence,
      [[], detached],
      'STATE x[1]: expected an array with a buffer of its own, received one whose buffer was transferred away',
    ],
    [
      'detached ids',
      { kind: 'token' },
      detachedIds,
      'STATE x values: expected an array with a buffer of its own, received one whose buffer was transferred away',
    ],
    [
      'a row on shared memory',
      sequence,
      [shared],
      'KIND x[0]: expected an array with a buffer of its own, received one on a SharedArrayBuffer; copy it first',
    ],
    [
      'a step on shared memory',
      sequence,
      [[shared.subarray(2)]],
      'KIND x[0][0]: expected an array with a buffer of its own, received one on a SharedArrayBuffer; copy it first',
    ],
    [
      'more rows without a step than memory holds',
      sequence,
      { values: new Float32Array(0), shape: [2e9, 0, 2] },
      'SIZE x shape: expected at most 16777216 rows without a step, received 2000000000',
    ],
    [
      'a negative id in an array',
      tokens,
      { values: Int32Array.of(1, -9, 1, -1), shape: [2, 2], lengths: [1, 2] },
      'VALUE x[1][1]: expected a whole id from 0, received -1',
    ],
    [
      'a negative id in a row',
      tokens,
      [[1], Int32Array.of(1, -1)],
      'VALUE x[1][1]: expected a whole id from 0, received -1',
    ],
    [
      'a negative token',
      { kind: 'token' },
      Int32Array.of(1, -1),
      'VALUE x[1]: expected a whole id from 0, received -1',
    ],
    [
      'shared memory',
      sequence,
      { values: new Float32Array(new SharedArrayBuffer(16)), shape: [1, 2, 2] },
      'KIND x values: expected an array with a buffer of its own, received one on a SharedArrayBuffer; copy it first',
    ],
    [
      'a length beyond time',
      sequence,
      { values: new Float32Array(4), shape: [1, 2, 2], lengths: [3] },
      'VALUE x lengths[0]: expected a length from 0 to 2, received 3',
    ],
    [
      'a negative length',
      sequence,
      { values: new Float32Array(4), shape: [1, 2, 2], lengths: [-1] },
      'VALUE x lengths[0]: expected a length from 0 to 2, received -1',
    ],
    [
      'another number of lengths',
      sequence,
      { values: new Float32Array(4), shape: [1, 2, 2], lengths: [1, 1] },
      'SHAPE x lengths: expected 1 lengths, received an array of 2',
    ],
  ])('%s', (_, kind, data, expected) => {
    expect(() => rows(kind, data)).toThrow(
      expect.objectContaining({
        code: `ERR_UNROLLED_${expected.slice(0, expected.indexOf(' '))}`,
        message: expected.slice(expected.indexOf(' ') + 1),
      }),
    )
  })
})

test('the id that does not count may be negative, and no other', () => {
  const port = { name: 'y', rows: tokens, ignored: -100 }
  const ids = Int32Array.of(1, -100)
  for (const data of [[[1, -100]], [ids], { values: ids, shape: [1, 2] }]) {
    expect(rowsOf('y', port, data).all().ids).toEqual(ids)
  }
  const message = 'y[0][0]: expected a whole id from 0 or -100, received -1'
  expect(() => rowsOf('y', port, [[-1]])).toThrow(message)
  expect(() => rowsOf('y', port, [Int32Array.of(-1)])).toThrow(message)
})

describe('results as nested arrays', () => {
  test('of a vector', () => {
    const result = new Result({ name: 'y', shape: [2, 2], values: Float32Array.of(1, 2, 3, 4) })
    expect(result.toNested()).toEqual([
      [1, 2],
      [3, 4],
    ])
  })

  test('of a sequence, without the padding', () => {
    const tensor = { name: 'y', shape: [2, 2, 1], values: Float32Array.of(1, 2, 3, 0) }
    expect(new Result(tensor).toNested()).toEqual([
      [[1], [2]],
      [[3], [0]],
    ])
    expect(new Result({ ...tensor, lengths: Int32Array.of(2, 1) }).toNested()).toEqual([
      [[1], [2]],
      [[3]],
    ])
  })
})
