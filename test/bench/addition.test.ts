import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { addition } from '../../bench/reproduce/addition/addition.js'
import { CHARACTERS, drawPairs, sumsOf } from '../../bench/reproduce/addition/sums.js'

test('sums are ids, questions back to front', () => {
  const { questions, answers } = sumsOf(
    [
      [12, 345],
      [999, 999],
      [7, 0],
    ],
    3,
  )
  const text = (rows: readonly number[][]) =>
    rows.map((row) => row.map((id) => CHARACTERS[id]).join(''))
  expect(text(questions)).toEqual([' 543+21', '999+999', '    0+7'])
  expect(text(answers)).toEqual(['357 ', '1998', '7   '])
})

test('pairs come once, short numbers as often as long ones, by the seed', () => {
  const pairs = drawPairs(20_000, 3, 1)
  const keys = pairs.map((pair) => [...pair].sort((a, b) => a - b).join('+'))
  expect(new Set(keys).size).toBe(20_000)
  const numbers = pairs.flat()
  expect(Math.max(...numbers)).toBe(999)
  // A number of one digit has a third of the draws, and parts of those of more digits; pairs of two such run out.
  const short = numbers.filter((n) => n < 10).length / numbers.length
  expect(short).toBeGreaterThan(0.15)
  expect(short).toBeLessThan(0.35)
  expect(drawPairs(50, 3, 1)).toEqual(drawPairs(50, 3, 1))
  expect(drawPairs(50, 3, 2)).not.toEqual(drawPairs(50, 3, 1))
  // A part held out has its share of the pairs of short numbers: 55 of all, a tenth of them or so.
  const tiny = pairs.slice(0, 2000).filter(([a, b]) => a < 10 && b < 10)
  expect(tiny.length).toBeGreaterThan(0)
  expect(tiny.length).toBeLessThan(16)
  expect(drawPairs(55, 1, 1)).toHaveLength(55)
})

test('the reduced form learns', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'unrolled-'))
  const { signal } = new AbortController()
  const say = () => undefined
  const { details, figures } = await addition.run({ reduced: true, seed: 1, folder, signal, say })
  rmSync(folder, { recursive: true })
  const { sums, train, held } = details as {
    sums: { curve: { loss: number; measures: { characters: number; sums: number } }[] }
    train: number
    held: number
  }
  expect([train, held]).toEqual([720, 80])
  const losses = sums.curve.map(({ loss }) => loss)
  expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) * 0.8)
  const [first, last] = [sums.curve[0]?.measures, sums.curve.at(-1)?.measures]
  expect(last?.characters).toBeGreaterThan(first?.characters ?? 100)
  expect(figures.map(({ percent }) => percent)).toEqual([last?.characters, last?.sums])
  // 80 sums of three characters.
  expect(((last?.characters ?? 0) * 240) / 100).toBeCloseTo(
    Math.round(((last?.characters ?? 0) * 240) / 100),
    8,
  )
  for (const { target } of figures) expect(target).toEqual({ atLeast: 99 })
})
