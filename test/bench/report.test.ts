import { expect, test } from 'vitest'
import { chart } from '../../bench/compare/chart.js'
import { verdict } from '../../bench/compare/print.js'
import { between } from '../../bench/compare/report.js'
import type { Duel, Row } from '../../bench/compare/row.js'
import type { Shape } from '../../bench/compare/shape.js'
import { reachedBy } from '../../bench/compare/targets.js'
import { ratioOf, spreadOf } from '../../bench/measure.js'
import { recordText } from '../../bench/record-text.js'

function row(change: Partial<Shape>, name: string, ours: number, theirs: number): Row {
  const shape: Shape = {
    set: 'some',
    cell: 'lstm',
    input: 8,
    hidden: 64,
    layers: 1,
    batch: 1,
    time: 5,
    task: 'train',
    ...change,
  }
  const duel: Duel = {
    name,
    ours: [ours],
    theirs: [theirs],
    oursMs: spreadOf([ours]),
    theirsMs: spreadOf([theirs]),
    ratio: ratioOf([theirs], [ours]),
    processorRatio: theirs / ours,
    gflops: 1,
  }
  return { shape, flops: 1, duels: [duel], left: [] }
}

test('a loss is called one', () => {
  expect(verdict(2)).toBe('2.00x faster')
  expect(verdict(0.5)).toBe('2.00x slower')
})

test('targets take the geometric mean and the lowest of the rows that they are about', () => {
  const rows = [
    row({}, 'torch', 1, 4),
    row({ cell: 'gru' }, 'torch', 2, 1),
    row({ task: 'infer' }, 'torch', 1, 100),
    row({ task: 'step' }, 'onnxruntime', 1, 3),
  ]
  const [all, gruAndRnn, step, ...rest] = reachedBy(rows, 'f32')
  expect(all).toMatchObject({ against: 'torch', rows: 2, lowest: 0.5 })
  expect(all?.geometricMean).toBeCloseTo(Math.SQRT2)
  expect(all?.most).toBeUndefined()
  expect(gruAndRnn).toMatchObject({ geometricMean: 0.5, rows: 1 })
  expect(step).toMatchObject({ against: 'onnxruntime', rows: 1 })
  expect(rest).toEqual([])
  expect(reachedBy(rows, 'bf16')).toEqual([])
})

test('only what is between the marks is replaced', () => {
  const page = 'a\n<!-- x -->\nold\n<!-- /x -->\nb <!-- xy -->\n'
  expect(between(page, 'x', 'new')).toBe('a\n<!-- x -->\n\nnew\n<!-- /x -->\nb <!-- xy -->\n')
  expect(() => between(page, 'z', 'new')).toThrow('has no <!-- z -->')
})

test('the picture shows a loss in another color, to the left of the line', () => {
  const picture = chart([row({}, 'torch', 1, 4), row({}, 'tfjs', 4, 1)], 'a < b')
  const bars = [...picture.matchAll(/<rect x="([\d.]+)" y="\d+" width="([\d.]+)" .*fill="(#\w+)"/g)]
  const [win, loss] = bars.map(([, x, width, fill]) => ({
    x: Number(x),
    width: Number(width),
    fill,
  }))
  // From a quarter to four: the line of 1 is in the middle of 250..800.
  expect(win).toEqual({ x: 525, width: 275, fill: '#2a7f62' })
  expect(loss).toEqual({ x: 250, width: 275, fill: '#c8452d' })
  expect(picture).toContain('a &lt; b')
})

test('a record keeps six digits and puts numbers on one line', () => {
  const record = { a: [1 / 3, 2e-9 / 3, 1234567], b: { c: Number.NaN, d: 'one, 2' } }
  const text = recordText(record)
  expect(text).toContain('"a": [0.333333,6.66667e-10,1234567]')
  expect(JSON.parse(text)).toEqual({
    a: [0.333333, 6.66667e-10, 1234567],
    b: { c: null, d: 'one, 2' },
  })
})
