import {
  attention,
  cell,
  concat,
  encoderDecoder,
  graph,
  gruCell,
  linear,
  type Outputs,
  type Sequence,
  scan,
  sum,
  tanh,
  type Vector,
} from 'unrolled'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { plus, product, weightsOf } from '../support/plain.js'

const SOURCE = [3, 1, 0, 4]
const TARGET = [4, 3, 2, 0]
const numbers = (rows: readonly number[], size: number, seed: number) =>
  rows.map((length, row) =>
    Array.from({ length }, (_, t) =>
      Array.from({ length: size }, (_, k) => Math.sin(seed + 3 * row + 5 * t + 7 * k)),
    ),
  )
const [steps, memories] = [numbers(TARGET, 3, 1), numbers(SOURCE, 2, 2)]

/** A cell whose state asks, with coverage. */
const covering = () =>
  graph(
    {
      x: { sequence: { size: 3, axis: 'target' } },
      m: { sequence: { size: 2, axis: 'source' } },
    },
    ({ x, m }) => {
      const look = attention({ size: 5, coverage: true, name: 'look' })
      const next = linear(4, { name: 'next' })
      const step = cell({ h: 4 }, ({ h }, x) => {
        const { context, weights, coverageLoss } = look(h, m)
        return { h: tanh(next(concat(x, context, h))), trace: { weights, coverageLoss } }
      })
      const { output, trace } = scan(step)(x)
      return { h: output, weights: trace.weights, again: trace.coverageLoss }
    },
    { seed: 6 },
  )

test('is that of its formula, step by step', async () => {
  const model = covering()
  const bias = Float32Array.of(0.5, -1, 0.25, 2, -0.125)
  model.setParameters({
    'scan.look.bias': bias,
    'scan.look.weight_c': Float32Array.of(2, -3, 1, 4, -2),
  })
  const weight = (name: string) => weightsOf(model, `scan.${name}`)
  const [wq, wk, b, v, wc] = ['weight_q', 'weight_k', 'bias', 'weight_v', 'weight_c'].map((name) =>
    weight(`look.${name}`),
  ) as [number[], number[], number[], number[], number[]]
  const found = await model.predict({ x: steps, m: memories })
  const [states, weights, losses] = [found.h, found.weights, found.again].map((result) =>
    result.toNested(),
  ) as [number[][][], number[][][], number[][][]]
  for (const [row, own] of steps.entries()) {
    const memory = memories[row] ?? []
    let [h, coverage] = [[0, 0, 0, 0], memory.map(() => 0)]
    for (const [t, x] of own.entries()) {
      const query = plus(product(wq, h), b)
      const exps = memory.map((key, j) => {
        const energy = plus(
          query,
          product(wk, key),
          wc.map((w) => w * (coverage[j] ?? 0)),
        ).map(Math.tanh)
        return Math.exp(energy.reduce((all, e, k) => all + e * (v[k] ?? 0), 0))
      })
      const shares = exps.map((e) => e / exps.reduce((all, one) => all + one, 0))
      const loss = shares.reduce((all, w, j) => all + Math.min(w, coverage[j] ?? 0), 0)
      coverage = plus(coverage, shares)
      const context = [0, 1].map((k) =>
        shares.reduce((all, w, j) => all + w * (memory[j]?.[k] ?? 0), 0),
      )
      h = plus(product(weight('next.weight'), [...x, ...context, ...h]), weight('next.bias')).map(
        Math.tanh,
      )
      h.forEach((value, k) => {
        expect(states[row]?.[t]?.[k]).toBeCloseTo(value, 5)
      })
      shares.forEach((value, j) => {
        expect(weights[row]?.[t]?.[j]).toBeCloseTo(value, 5)
      })
      expect(losses[row]?.[t]?.[0]).toBeCloseTo(loss, 5)
    }
  }
})

test('the types know the loss', () => {
  const look = attention({ coverage: true })
  expectTypeOf(look<Vector<3>, 4>).returns.toHaveProperty('coverageLoss')
  expectTypeOf(attention()<Vector<3>, 4>).returns.not.toHaveProperty('coverageLoss')
})

describe('what does not fit is refused', () => {
  const make = (declare: (values: { x: Sequence; m: Sequence }) => Outputs) =>
    graph(
      {
        x: { sequence: { size: 3, axis: 'target' } },
        m: { sequence: { size: 3, axis: 'source' } },
      },
      declare as never,
    )
  const inside = (axis: 'x' | 'm') =>
    make((values) => {
      const look = attention({ coverage: true })
      const step = cell({ h: 3 }, ({ h }) => ({
        h: gruCell(3)({ h }, look(h, values[axis]).context).h,
      }))
      return { y: sum(scan(step)(values.x).output) }
    })

  test.each<[string, () => unknown, string, string]>([
    [
      'no step before',
      () => make(({ x, m }) => ({ y: attention({ coverage: true })(x, m).coverageLoss })),
      'GRAPH',
      'attention coverage: expected a query of the step of a cell, which has steps before, received one from outside of a cell',
    ],
    [
      'the own axis of a cell',
      () => inside('x'),
      'KIND',
      'cell: expected a vector, the step of its own input, or a sequence of another axis',
    ],
    ...(['dot', 'scaled', 'general'] as const).map(
      (score): [string, () => unknown, string, string] => [
        score,
        () => attention({ score, coverage: true }),
        'ARGUMENT',
        `attention coverage: expected the score 'additive', received "${score}"`,
      ],
    ),
    [
      'no yes or no',
      () => attention({ coverage: 1 as never }),
      'ARGUMENT',
      'attention coverage: expected',
    ],
    [
      'a dot score of an encoder-decoder',
      () =>
        encoderDecoder({
          source: { size: 2 },
          target: { size: 2 },
          hiddenSize: 3,
          attention: { score: 'dot', coverage: true },
        }),
      'ARGUMENT',
      'attention coverage: expected the score ',
    ],
  ])('%s', (_, act, code, message) => {
    expect(act).toThrow(expect.objectContaining({ code: `ERR_UNROLLED_${code}` }))
    expect(act).toThrow(message)
  })

  test('another axis is none of it', () => {
    expect(inside('m').parameters()).toHaveProperty(['scan.attention.weight_c'])
  })
})
