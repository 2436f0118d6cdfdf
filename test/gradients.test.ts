import {
  add,
  cell,
  concat,
  crossEntropy,
  dense,
  dropout,
  embedding,
  graph,
  gru,
  last,
  linear,
  lstm,
  type Numeric,
  type Result,
  rnn,
  type Sequence,
  scan,
  sequential,
  tanh,
} from 'unrolled'
import { describe, expect, test } from 'vitest'
import { numbers, rows, steps } from './support/networks.js'

const own = cell({ h: 4 }, ({ h }, x) => ({ h: tanh(linear(4)(concat(h, x))) }))

const taggers = {
  lstm: () => sequential([lstm({ inputSize: 2, hiddenSize: 4 }), dense({ size: 2 })], { seed: 3 }),
  gru: () => sequential([gru({ inputSize: 2, hiddenSize: 4 }), dense({ size: 2 })], { seed: 3 }),
  own: () =>
    graph(({ input }) => ({
      output: dense({ size: 2 })(scan(own)(input.sequence('input', { size: 2 })).output),
    })),
}

const LENGTHS = [5, 1, 3]
const x = LENGTHS.map((length, row) => steps(length, 2, row + 2))
const y = LENGTHS.map((length, row) => steps(length, 2, row + 5))
const weights = LENGTHS.map((length, row) =>
  Array.from({ length }, (_, t) => ((row + t) % 3) + 0.5),
)
const STEP = 5e-3

/** The numbers of a sequence, `[row][step][number]`. */
const nested = (result?: Result<Numeric>) => (result as Result<Sequence>).toNested()

describe.each(Object.entries(taggers))('of %s', (kind, build) => {
  test('the slopes of the loss by parameters, by differences', async () => {
    const model = build()
    const before = model.parameters()
    const { loss, parameters } = await model.gradients({ x, y, weights }, { loss: 'meanSquared' })
    expect(model.parameters()).toEqual(before)
    const measure = async () =>
      (await model.evaluate({ x, y, weights }, { loss: 'meanSquared' })).loss
    expect(loss).toBeCloseTo(await measure(), 10)
    expect(Object.keys(parameters)).toEqual(Object.keys(before))
    for (const [name, { values, shape }] of Object.entries(before)) {
      expect(parameters[name]?.shape).toEqual(shape)
      for (const at of values.keys()) {
        const moved = async (by: number) => {
          model.setParameters({ [name]: values.map((value, i) => (i === at ? value + by : value)) })
          return measure()
        }
        const slope = ((await moved(STEP)) - (await moved(-STEP))) / (2 * STEP)
        expect(parameters[name]?.values[at]).toBeCloseTo(slope, 3)
      }
      model.setParameters({ [name]: values })
    }
  })

  test('the slopes by inputs and initial states, by differences; zero in padding', async () => {
    const model = build()
    const { state } = await model.predict([steps(2, 2, 9), steps(3, 2, 7), steps(1, 2, 4)])
    const options = { loss: 'meanSquared', state } as const
    const found = await model.gradients({ x, y, weights }, options)
    const measure = async (inputs: number[][][], from: typeof state) => {
      const { output } = await model.predict(inputs, { state: from })
      let [sum, whole] = [0, 0]
      for (const [row, outputs] of nested(output).entries()) {
        for (const [t, values] of outputs.entries()) {
          const weight = weights[row]?.[t] ?? 0
          for (const [k, value] of values.entries()) {
            sum += weight * (value - (y[row]?.[t]?.[k] ?? 0)) ** 2
            whole += weight
          }
        }
      }
      return sum / whole
    }
    const { input } = found.inputs
    expect(input?.shape).toEqual([3, 5, 2])
    expect(Array.from(input?.lengths ?? [])).toEqual(LENGTHS)
    expect(Array.from(input?.values.slice(12, 20) ?? [])).toEqual(
      Array.from({ length: 8 }, () => 0),
    )
    for (const [row, steps] of nested(input).entries()) {
      for (const [t, values] of steps.entries()) {
        for (const [k, value] of values.entries()) {
          const moved = (by: number) => {
            const copy = structuredClone(x)
            const step = copy[row]?.[t] ?? []
            step[k] = (step[k] ?? 0) + by
            return measure(copy, state)
          }
          const slope = ((await moved(STEP)) - (await moved(-STEP))) / (2 * STEP)
          expect(value).toBeCloseTo(slope, 3)
        }
      }
    }
    expect(Object.keys(found.initial)).toEqual(Object.keys(state))
    for (const [name, { values }] of Object.entries(found.initial)) {
      for (const [at, value] of values.entries()) {
        const moved = (by: number) => {
          const given = (state[name]?.values ?? []).slice()
          given[at] = (given[at] ?? 0) + by
          return measure(x, { ...state, [name]: { values: given, shape: [3, 4] } } as never)
        }
        const slope = ((await moved(STEP)) - (await moved(-STEP))) / (2 * STEP)
        expect(value).toBeCloseTo(slope, 3)
      }
    }
  })

  test('the slopes by the state after a step: the output there, and the rest from that state', async () => {
    const model = build()
    const [sequence, target] = [steps(6, 2, 3), steps(6, 2, 4)]
    const loss = { kind: { meanSquared: {} }, reduction: 'sum', weight: 1 } as const
    const { states } = await model.gradients({ x: [sequence], y: [target] }, { loss })
    const { values: weight = new Float32Array() } = model.parameters()['dense.weight'] ?? {}
    const [hidden] = Object.keys(states)
    expect(Object.keys(states)).toHaveLength(kind === 'lstm' ? 2 : 1)
    for (const t of [0, 2, 4, 5]) {
      const { output, state } = await model.predict([sequence.slice(0, t + 1)])
      const there = nested(output)[0]?.[t] ?? []
      const rest = async (given: object) => {
        if (t === 5) return 0
        const run = await model.predict([sequence.slice(t + 1)], { state: given as never })
        const all = target.slice(t + 1).flat()
        return run.output.values.reduce((sum, value, i) => sum + (value - (all[i] ?? 0)) ** 2, 0)
      }
      for (const [name, result] of Object.entries(states)) {
        expect(result.shape).toEqual([1, 6, 4])
        for (let unit = 0; unit < 4; unit++) {
          const moved = (by: number) => {
            const values = (state[name]?.values ?? []).slice()
            values[unit] = (values[unit] ?? 0) + by
            return rest({ ...state, [name]: { values, shape: [1, 4] } })
          }
          const slope = ((await moved(STEP)) - (await moved(-STEP))) / (2 * STEP)
          const direct = there.map(
            (value, k) => 2 * (value - (target[t]?.[k] ?? 0)) * (weight[k * 4 + unit] ?? 0),
          )
          const own = name === hidden ? direct.reduce((sum, d) => sum + d, 0) : 0
          expect(result.values[t * 4 + unit]).toBeCloseTo(own + slope, 2)
        }
      }
    }
  })
})

test.each([
  ['lstm', 16, sequential([lstm({ inputSize: 2, hiddenSize: 4 }), dense({ size: 2 })])],
  ['gru', 12, sequential([gru({ inputSize: 2, hiddenSize: 4 }), dense({ size: 2 })])],
  ['rnn', 4, sequential([rnn({ inputSize: 2, hiddenSize: 4 }), dense({ size: 2 })])],
] as const)('the gates of an %s sum to the gradient of its bias', async (kind, size, model) => {
  const { gates, parameters } = await model.gradients({ x, y }, { loss: 'meanSquared' })
  const [[name, gate] = []] = Object.entries(gates)
  expect(Object.keys(gates)).toHaveLength(1)
  expect(name).toContain(kind)
  expect(gate?.shape).toEqual([3, 5, size])
  const bias = parameters[`${kind}.bias_ih_l0`]?.values ?? []
  expect(bias).toHaveLength(size)
  for (const [unit, value] of bias.entries()) {
    const all = Array.from(gate?.values ?? []).filter((_, at) => at % size === unit)
    expect(all.reduce((sum, d) => sum + d, 0)).toBeCloseTo(value, 6)
  }
})

test('losses of rows and steps sum to the loss', async () => {
  const model = graph(({ input }) => {
    const { output } = lstm({ hiddenSize: 4 })(
      embedding({ size: 3 })(input.tokens('ids', { vocabularySize: 5 })),
    )
    const v = input.vector('v', { size: 2 })
    return {
      tags: dense({ size: 3 })(dropout({ rate: 0.5 })(output)),
      flag: dense({ size: 1, name: 'flag' })(add(last()(output), linear(4)(v))),
      other: dense({ size: 1, name: 'other' })(v),
    }
  })
  const ids = [[0, 1, 2], [3], [4, 4]]
  const data = {
    x: { ids, v: [numbers(2), numbers(2, 2), numbers(2, 3)] },
    y: { tags: [[0, 1, 2], [1], [2, 0]], flag: [[1], [0], [1]] },
    weights: { tags: [[1, 0, 3], [1], [2, 0.5]] },
  }
  const loss = {
    tags: crossEntropy({ classWeights: [1, 2, 3], weight: 2 }),
    flag: 'binaryCrossEntropy',
  } as const
  const found = await model.gradients(data, { loss })
  const { tags, flag, ...rest } = found.losses
  expect(rest).toEqual({})
  const sum = (values?: Float64Array) => values?.reduce((total, value) => total + value, 0) ?? 0
  expect(tags?.shape).toEqual([3, 3])
  expect(Array.from(tags?.lengths ?? [])).toEqual([3, 1, 2])
  for (const [row, value] of tags?.rows.entries() ?? []) {
    expect(sum(tags?.steps.slice(3 * row, 3 * row + 3))).toBeCloseTo(value, 12)
  }
  expect([4, 5, 8].map((at) => tags?.steps[at])).toEqual([0, 0, 0])
  expect(tags?.steps[1]).toBe(0)
  expect(tags?.weight).toBe(1 * 1 + 3 * 3 + 1 * 2 + 2 * 3 + 0.5 * 1)
  expect(flag?.shape).toEqual([3])
  expect(flag?.steps).toEqual(flag?.rows)
  const whole = (2 * sum(tags?.rows)) / (tags?.weight ?? 0) + sum(flag?.rows) / 3
  expect(found.loss).toBeCloseTo(whole, 12)
  expect(found.loss).toBeCloseTo((await model.evaluate(data, { loss })).loss, 12)
  // Ids have no gradient; neither has a parameter of an output without a loss.
  expect(Object.keys(found.inputs)).toEqual(['v'])
  expect(found.parameters['other.weight']?.values).toEqual(new Float32Array(2))
})

test('inputs and states that the loss does not depend on have gradients of zero', async () => {
  const model = graph(({ input }) => {
    const { output } = gru({ hiddenSize: 3 })(input.sequence('s', { size: 2 }))
    return {
      a: dense({ size: 1 })(output),
      b: dense({ size: 1, name: 'b' })(input.vector('v', { size: 2 })),
    }
  })
  const x = { s: [steps(3, 2), steps(1, 2)], v: [numbers(2), numbers(2, 3)] }
  const found = await model.gradients({ x, y: { b: [[1], [2]] } }, { loss: { b: 'meanSquared' } })
  const { s, v } = found.inputs
  expect(s?.shape).toEqual([2, 3, 2])
  expect(s?.values).toEqual(new Float32Array(12))
  expect(v?.values.every((d) => d !== 0)).toBe(true)
  const [initial] = Object.values<Result<Numeric>>(found.initial)
  expect(initial?.values).toEqual(new Float32Array(6))
  expect(found.states).toEqual({})
})

test('it does not disturb a run, and refuses what evaluate and predict do', async () => {
  const model = sequential([
    lstm({ inputSize: 1, hiddenSize: 3, bidirectional: true }),
    last(),
    dense({ size: 1 }),
  ])
  const data = rows(7)
  const code = (name: string) => expect.objectContaining({ code: `ERR_UNROLLED_${name}` })
  const wrong = (examples: unknown, options: unknown) =>
    model.gradients(examples as never, options as never)
  const { state } = await model.predict(data.x)
  await expect(wrong(data, {})).rejects.toThrow(code('ARGUMENT'))
  await expect(wrong(data, { loss: 'meanSquared', batchSize: 3 })).rejects.toThrow(code('ARGUMENT'))
  await expect(wrong(data, { loss: 'meanSquared', state })).rejects.toMatchObject({
    message: expect.stringContaining('gradients state'),
  })
  await expect(wrong({ x: [], y: [] }, { loss: 'meanSquared' })).rejects.toThrow(code('VALUE'))
  await expect(wrong({ ...data, y: [[1]] }, { loss: 'meanSquared' })).rejects.toThrow(code('SHAPE'))
  const bad = { ...data, y: data.y.map(() => [Number.NaN]) }
  await expect(wrong(bad, { loss: 'meanSquared' })).rejects.toThrow(code('NON_FINITE'))
  const found = await model.gradients(data, { loss: 'meanSquared' })
  // Both directions have their states and gates.
  expect(Object.keys(found.states)).toHaveLength(4)
  expect(Object.keys(found.gates)).toHaveLength(2)
})
