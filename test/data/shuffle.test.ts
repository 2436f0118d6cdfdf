import { describe, expect, test } from 'vitest'
import { permutation } from '../../ts/data/source.js'

const order = (count: number, seed: number, epoch: number) =>
  Array.from(permutation(count, seed, epoch))

describe('the order of rows', () => {
  // Worked out by a program of its own, in whole numbers of any size: SplitMix32 and Fisher-Yates.
  test.each([
    [7, 0, 1, [1, 4, 0, 3, 6, 2, 5]],
    [7, 0, 2, [0, 6, 4, 2, 5, 1, 3]],
    [7, 1, 1, [1, 3, 5, 0, 4, 6, 2]],
    [7, -1, 1, [5, 3, 1, 4, 2, 0, 6]],
  ])('%i rows, seed %i, epoch %i', (count, seed, epoch, expected) => {
    expect(order(count, seed, epoch)).toEqual(expected)
  })

  test('many rows, where every bit of the random numbers tells', () => {
    const rows = order(3000, 3, 2)
    expect(rows.slice(0, 4)).toEqual([1817, 1028, 2175, 1479])
    expect(rows.reduce((sum, row, place) => sum + place * row, 0)).toBe(6_769_367_454)
  })

  test.each([0, 1, 2, 3, 100])('%i rows come once each', (count) => {
    const all = Array.from({ length: count }, (_, row) => row)
    expect(order(count, 5, 3).toSorted((a, b) => a - b)).toEqual(all)
  })

  test('every order of 3 rows is as likely as another, over seeds and over epochs', () => {
    const runs = 6000
    for (const of of [(n: number) => order(3, n, 1), (n: number) => order(3, 0, n)]) {
      const counts = new Map<string, number>()
      for (let n = 1; n <= runs; n++) {
        const key = of(n).join()
        counts.set(key, (counts.get(key) ?? 0) + 1)
      }
      expect(counts.size).toBe(6)
      // Five deviations: √(6000 · 1/6 · 5/6) is 29.
      for (const count of counts.values()) expect(Math.abs(count - runs / 6)).toBeLessThan(145)
    }
  })

  test('a pair of rows stays in place about every second epoch', () => {
    const kept = Array.from({ length: 1000 }, (_, epoch) => order(2, 9, epoch + 1)[0] === 0)
    expect(Math.abs(kept.filter(Boolean).length - 500)).toBeLessThan(80)
  })
})
