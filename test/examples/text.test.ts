import { describe, expect, test } from 'vitest'
import { compressors } from '../../examples/moby-dick/compress.js'
import { batchCount, corpusOf, parallelStreams, windows } from '../../examples/moby-dick/text.js'

test('a text is split by position, its characters numbered in order', () => {
  const { alphabet, train, valid, test } = corpusOf('abcabcabca'.repeat(4))
  expect(alphabet).toEqual(['a', 'b', 'c'])
  expect([train.length, valid.length, test.length]).toEqual([36, 2, 2])
  expect(Array.from(test)).toEqual([2, 0])
})

test('parallel streams go on where the batch before stopped, targets one ahead', () => {
  const ids = Int32Array.from({ length: 23 }, (_, i) => i)
  const batches = [...parallelStreams(ids, 2, 4)]
  expect(batches).toHaveLength(batchCount(ids, 2, 4))
  expect(batches.map(({ x }) => Array.from(x.values))).toEqual([
    [0, 1, 2, 3, 11, 12, 13, 14],
    [4, 5, 6, 7, 15, 16, 17, 18],
  ])
  expect(batches.map(({ y }) => Array.from(y.values))).toEqual([
    [1, 2, 3, 4, 12, 13, 14, 15],
    [5, 6, 7, 8, 16, 17, 18, 19],
  ])
})

describe('windows', () => {
  const ids = (from: number, to: number) =>
    Int32Array.from({ length: to - from }, (_, i) => from + i)

  test('ask for every id of the part once, each after the one before it', () => {
    const { x, y } = windows(ids(0, 50), ids(50, 77), { length: 10, warmup: 4, ignore: 99 })
    const asked = y.flatMap((row, window) =>
      Array.from(row, (id, i) => [x[window]?.[i], id] as const).filter(([, id]) => id !== 99),
    )
    expect(asked).toEqual(Array.from({ length: 27 }, (_, i) => [49 + i, 50 + i]))
    for (const row of y) expect(Array.from(row.subarray(0, 4))).toEqual([99, 99, 99, 99])
  })

  test('begin with what there is', () => {
    const { x, y } = windows(ids(0, 2), ids(2, 5), { length: 2, warmup: 4, ignore: 99 })
    expect(x.map((row) => Array.from(row))).toEqual([
      [0, 1, 2],
      [0, 1, 2, 3],
    ])
    expect(y.map((row) => Array.from(row))).toEqual([
      [99, 2, 3],
      [99, 99, 99, 4],
    ])
  })
})

test('compressors are asked for the part alone and for what it adds', () => {
  const part = 'all work and no play '.repeat(50)
  const [gzip] = compressors(part.repeat(3), part)
  expect(gzip?.name).toBe('gzip -9')
  expect(gzip?.after).toBeLessThan(gzip?.alone ?? 0)
  expect(gzip?.alone).toBeLessThan(1)
})
