import {
  adam,
  clockwork,
  delayed,
  dense,
  graph,
  last,
  lastStep,
  leaky,
  type Numeric,
  type Sequence,
  scan,
  sequential,
} from 'unrolled'
import { describe, expect, test } from 'vitest'
import { expectSlopes, spread } from '../support/differences.js'
import { numbers, steps } from '../support/networks.js'

const inputs = { x: { sequence: { size: 2 } } } as const
const x = [13, 1, 0, 6].map((length, row) => steps(length, 2, row + 2))
const f = Math.fround

/** The numbers of a parameter. */
const weightsOf = (model: { parameters(): object }, name: string): number[] => {
  const all = model.parameters() as Record<string, { values: Float32Array }>
  return [...(all[name]?.values ?? [])]
}

/** `W v` with `rows` rows. */
const product = (w: readonly number[], v: readonly number[]) =>
  Array.from({ length: w.length / v.length }, (_, row) =>
    v.reduce((sum, value, k) => sum + value * (w[row * v.length + k] ?? 0), 0),
  )

const plus = (...all: readonly (readonly number[])[]) =>
  (all[0] ?? []).map((_, i) => all.reduce((sum, v) => sum + (v[i] ?? 0), 0))

describe('connections that skip steps', () => {
  const delays = [1, 3, 4] as const
  const modelOf = (delays: readonly number[], size = 3) =>
    graph(inputs, ({ x }) => {
      const { output, state } = scan(delayed({ hiddenSize: size, delays }))(x)
      return { y: output, h: state.h }
    })

  test('read the states of so many steps ago', async () => {
    const model = modelOf(delays)
    spread(model)
    const w = (name: string) => weightsOf(model, `scan.${name}`)
    const states: number[][] = []
    for (const [t, step] of (x[0] ?? []).entries()) {
      const before = delays.map((d) => product(w(`delay_${d}.weight`), states[t - d] ?? [0, 0, 0]))
      const sum = plus(product(w('entry.weight'), step), w('entry.bias'), ...before)
      states.push(sum.map(Math.tanh))
    }
    const { y, h } = await model.predict({ x })
    for (const [i, value] of states.flat().entries()) expect(y.values[i]).toBeCloseTo(value, 5)
    expect(y.toNested()[0]?.at(-1)).toEqual(h.toNested()[0])
  })

  test('learn by the slopes of the loss', async () => {
    const model = modelOf([2, 3], 2)
    spread(model)
    const y = { y: [steps(5, 2, 4), steps(5, 2, 7)], h: [numbers(2, 2), numbers(2, 9)] }
    await expectSlopes(model, { x: [steps(5, 2, 3), steps(5, 2, 5)] }, y)
  })

  test('carry all their states from piece to piece, to the bit', async () => {
    const model = modelOf(delays)
    spread(model)
    const row = x[0] ?? []
    const whole = await model.predict({ x: [row] })
    const first = await model.predict({ x: [row.slice(0, 5)] })
    const second = await model.predict({ x: [row.slice(5)] }, { state: first.state })
    expect([...first.y.values, ...second.y.values]).toEqual([...whole.y.values])
    expect(Object.keys(first.state)).toEqual(['scan:h', 'scan:h_2', 'scan:h_3', 'scan:h_4'])
  })

  test('take slopes further back, for the same gain in all', async () => {
    const [TIME, SIZE, GAIN] = [65, 3, 0.8]
    const reach = async (delays: readonly number[]) => {
      const model = graph(inputs, ({ x }) => ({
        y: lastStep()(scan(delayed({ hiddenSize: SIZE, delays }))(x).output),
      }))
      const gain = GAIN / delays.length
      const diagonal = Array.from({ length: SIZE * SIZE }, (_, i) =>
        i % (SIZE + 1) === 0 ? gain : 0,
      )
      const weights = delays.map((d) => [`scan.delay_${d}.weight`, Float32Array.from(diagonal)])
      model.setParameters(Object.fromEntries(weights))
      const rows = [steps(TIME, 2, 1.3).map((step) => step.map((value) => value / 100))]
      const data = { x: { x: rows }, y: { y: [numbers(SIZE, 2)] } }
      const { inputs: found } = await model.gradients(data, { loss: { y: 'meanSquared' } })
      const norm = (t: number) => Math.hypot(...(found.x.toNested()[0]?.[t] ?? []))
      return norm(0) / norm(TIME - 1)
    }
    const [alone, skipping] = [await reach([1]), await reach([1, 4, 8])]
    // 64 factors of 0.8, less what tanh takes.
    expect(alone).toBeLessThan(GAIN ** 64)
    expect(alone).toBeGreaterThan(0.5 * GAIN ** 64)
    expect(skipping).toBeGreaterThan(1000 * alone)
  })
})

describe('leaky units', () => {
  const ofRow = async (alpha: number, row: readonly number[], learned = false) => {
    const model = graph({ x: { sequence: { size: 1 } } }, ({ x }) => ({
      y: leaky(alpha, { learned })(x).output,
    }))
    return [...(await model.predict({ x: [row.map((value) => [value])] })).y.values]
  }

  test.each([0.5, 0.9, 0, 1])('an impulse fades as %s^k', async (alpha) => {
    const response = await ofRow(alpha, [1, ...Array<number>(12).fill(0)])
    let expected = f(1 - alpha)
    for (const value of response) {
      expect(value).toBe(expected)
      expected = f(f(alpha) * expected)
    }
    if (alpha === 0.5) expect(response).toEqual(response.map((_, k) => 2 ** (-k - 1)))
  })

  test('learned, they begin at alpha and have one rate a number', async () => {
    const row = numbers(7, 3)
    const [fixed, learned] = [await ofRow(0.75, row), await ofRow(0.75, row, true)]
    for (const [i, value] of learned.entries()) expect(value).toBeCloseTo(fixed[i] ?? 0, 6)
    const model = graph(inputs, ({ x }) => {
      const { output, state } = leaky(0.6, { learned: true })(x)
      return { y: output, h: state.h }
    })
    expect(model.parameters()).toMatchObject({ 'leaky.rate': { shape: [2] } })
    model.setParameters({ 'leaky.rate': Float32Array.of(0.5, -1) })
    const y = { y: [steps(4, 2, 4), steps(4, 2, 7)], h: [numbers(2, 2), numbers(2, 9)] }
    await expectSlopes(model, { x: [steps(4, 2, 3), steps(4, 2, 5)] }, y)
  })

  test('find the rate that the data have', async () => {
    const rows = Array.from({ length: 32 }, (_, r) => steps(12, 1, r / 3 + 1.1))
    const means = rows.map((row) => {
      let h = 0
      return row.map(([value = 0]) => {
        h = 0.8 * h + 0.2 * value
        return [h]
      })
    })
    const model = sequential([leaky(0.3, { learned: true })], { input: { sequence: { size: 1 } } })
    const optimizer = adam({ learningRate: 0.05 })
    await model.fit(
      { x: rows, y: means },
      { loss: 'meanSquared', optimizer, epochs: 150, batchSize: 32 },
    )
    const [rate = 0] = weightsOf(model, 'leaky.rate')
    expect(1 / (1 + Math.exp(-rate))).toBeCloseTo(0.8, 2)
  })

  test('run backwards, and begin with a state', async () => {
    const model = graph({ ...inputs, h: { vector: { size: 2 } } }, ({ x, h }) => ({
      y: leaky(0.5, { reverse: true })(x, { initial: { h } }).output,
    }))
    const { y } = await model.predict({
      x: [
        [
          [2, 4],
          [0, 0],
          [8, 16],
        ],
      ],
      h: [[4, 8]],
    })
    expect(y.toNested()).toEqual([
      [
        [2.5, 5],
        [3, 6],
        [6, 12],
      ],
    ])
  })
})

describe('clockwork', () => {
  const groups = [
    { size: 2, period: 1 },
    { size: 3, period: 2 },
    { size: 1, period: 5 },
  ] as const
  const modelOf = () =>
    graph(inputs, ({ x }) => {
      const { output, state, trace } = scan(clockwork({ groups }))(x)
      return { y: output, h: state.h, clock: trace.clock }
    })
  const starts = [0, 2, 5, 6]

  test('a group changes at multiples of its period alone', async () => {
    const model = modelOf()
    spread(model)
    const rows = (await model.predict({ x })).y.toNested()
    expect(rows[0]).toHaveLength(13)
    for (const row of rows) {
      for (const [t, state] of row.entries()) {
        for (const [i, { period }] of groups.entries()) {
          const part = (it: readonly number[] = []) => it.slice(starts[i], starts[i + 1])
          const before = part(row[t - 1] ?? Array<number>(6).fill(0))
          if (t % period === 0) expect(part(state)).not.toEqual(before)
          else expect(part(state)).toEqual(before)
        }
      }
    }
  })

  test('a group reads itself and the slower ones', async () => {
    const model = modelOf()
    spread(model)
    const w = (name: string) => weightsOf(model, `scan.${name}`)
    let h = Array<number>(6).fill(0)
    const expected = (x[0] ?? []).map((step, t) => {
      const entry = plus(product(w('entry.weight'), step), w('entry.bias'))
      const next = groups.flatMap(({ period }, i) => {
        const [start = 0, end = 0] = [starts[i], starts[i + 1]]
        if (t % period !== 0) return h.slice(start, end)
        const read = product(w(`group_${i}.weight`), h.slice(start))
        return plus(entry.slice(start, end), read).map(Math.tanh)
      })
      h = next
      return h
    })
    const { y } = await model.predict({ x: x.slice(0, 1) })
    for (const [i, value] of expected.flat().entries()) expect(y.values[i]).toBeCloseTo(value, 5)
  })

  test('learns by the slopes of the loss', async () => {
    const model = modelOf()
    spread(model)
    const y = { y: [steps(4, 6, 4), steps(4, 6, 7)], h: [numbers(6, 2), numbers(6, 9)] }
    await expectSlopes(model, { x: [steps(4, 2, 3), steps(4, 2, 5)] }, y)
  })

  test('keeps the time from piece to piece, and in a stream', async () => {
    const model = modelOf()
    spread(model)
    const row = x[0] ?? []
    const whole = await model.predict({ x: [row] })
    expect([...(whole.clock.toNested()[0]?.map((it) => it[2]) ?? [])]).toEqual([
      1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3,
    ])
    const first = await model.predict({ x: [row.slice(0, 7)] })
    const second = await model.predict({ x: [row.slice(7)] }, { state: first.state })
    expect([...first.y.values, ...second.y.values]).toEqual([...whole.y.values])
    const stream = model.stream()
    expect(row.flatMap((step) => [...stream.push({ x: step }).y])).toEqual([...whole.y.values])
  })
})

describe('refused', () => {
  const untyped = (value: unknown) => value as never
  const declared = (build: (x: Sequence<2>) => unknown) => () =>
    graph(inputs, ({ x }) => ({ y: build(x) as Numeric }))
  test.each<[string, () => unknown, string]>([
    [
      'no delays',
      () => delayed({ hiddenSize: 3, delays: [] }),
      'delayed delays: expected at least one',
    ],
    [
      'a delay twice',
      () => delayed({ hiddenSize: 3, delays: [2, 2] }),
      'at least one delay, each once',
    ],
    [
      'a delay of 0',
      () => delayed({ hiddenSize: 3, delays: [1, 0] }),
      'delayed delays [1]: expected a whole number from 1 to 1024, received 0',
    ],
    [
      'delays by name',
      () => delayed(untyped({ hiddenSize: 3, delays: 'all' })),
      'delays: expected an array',
    ],
    [
      'a rate above 1',
      () => leaky(1.5),
      'leaky alpha: expected a number from 0 to 1, received 1.5',
    ],
    [
      'a learned rate of 1',
      () => leaky(1, { learned: true }),
      'leaky alpha: expected a number between',
    ],
    [
      'a state of another name',
      declared((x) => leaky(0.5)(x, { initial: untyped({ mean: x }) }).output),
      'leaky initial: unknown state "mean"',
    ],
    ['no groups', () => clockwork({ groups: [] }), 'clockwork groups: expected at least one group'],
    [
      'periods out of order',
      () =>
        clockwork({
          groups: [
            { size: 2, period: 4 },
            { size: 2, period: 4 },
          ],
        }),
      'clockwork groups [1] period: expected more than the period before, 4, received 4',
    ],
    [
      'a group with another option',
      () => clockwork({ groups: [untyped({ size: 2, periods: 4 })] }),
      'clockwork groups [0]: unknown option "periods"; did you mean period?',
    ],
  ])('%s', (_, build, message) => {
    expect(build).toThrow(message)
  })
})

test('a leaky layer stands in a chain', async () => {
  const model = sequential([leaky(0.5), last(), dense({ size: 3 })], {
    input: { sequence: { size: 2 } },
  })
  expect((await model.predict(x)).output.shape).toEqual([4, 3])
})
