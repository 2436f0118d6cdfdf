import { adam, deepTransition, dense, graph, last, type Skip, scan } from 'unrolled'
import { describe, expect, test } from 'vitest'
import { expectSlopes, spread } from '../support/differences.js'
import { steps } from '../support/networks.js'

const inputs = { x: { sequence: { size: 2 } } } as const
const x = [4, 1, 0, 6].map((length, row) => steps(length, 2, row + 2))

const SKIPS: readonly (Skip | undefined)[] = [undefined, 'add', 'concat', 'highway']

describe.each(SKIPS)('deep transitions, skip %s', (skip) => {
  const options = {
    hiddenSize: 3,
    input: [4, 2],
    transition: [4, 3],
    output: [2, 5],
    ...(skip && { skip }),
  } as const
  const model = graph(inputs, ({ x }) => {
    const { output, trace } = scan(deepTransition(options))(x)
    return { y: output, h: trace.h }
  })
  spread(model)

  test('are their equations', async () => {
    const weights = new Map(
      Object.entries(model.parameters()).map(([name, { values }]) => [
        name.slice('scan.'.length),
        [...values],
      ]),
    )
    const map = (name: string, v: readonly number[]): number[] => {
      const [w = [], b] = [weights.get(`${name}.weight`), weights.get(`${name}.bias`)]
      const rows = w.length / v.length
      return Array.from({ length: rows }, (_, row) =>
        v.reduce((sum, value, k) => sum + value * (w[row * v.length + k] ?? 0), b?.[row] ?? 0),
      )
    }
    const plus = (a: readonly number[], b: readonly number[]) => a.map((v, i) => v + (b[i] ?? 0))
    const f = (v: readonly number[]) => v.map(Math.tanh)
    const given = x[3] ?? []
    let h = [0, 0, 0]
    const expected = given.map((step) => {
      const u = f(map('input_1', f(map('input_0', step))))
      const k = f(map('transition_1', f(plus(map('entry', u), map('transition_0', h)))))
      const sum = map('transition_2', skip === 'concat' ? [...k, ...h] : k)
      const n = f(skip === 'add' ? plus(sum, h) : sum)
      const g = plus(map('gate_entry', u), map('gate', h)).map((a) => 1 / (1 + Math.exp(-a)))
      const old = h
      h =
        skip === 'highway'
          ? n.map((v, i) => (g[i] ?? 0) * v + (1 - (g[i] ?? 0)) * (old[i] ?? 0))
          : n
      return { h, y: f(map('output_1', f(map('output_0', h)))) }
    })
    const found = await model.predict({ x: [given] })
    for (const name of ['h', 'y'] as const) {
      const values = expected.flatMap((step) => step[name])
      expect(found[name].values.length).toBe(values.length)
      for (const [i, value] of values.entries()) expect(found[name].values[i]).toBeCloseTo(value, 5)
    }
  })

  test('learn by the slopes of the loss', async () => {
    const y = { y: [steps(3, 5, 4), steps(3, 5, 7)], h: [steps(3, 3, 2), steps(3, 3, 9)] }
    await expectSlopes(model, { x: [steps(3, 2, 3), steps(3, 2, 5)] }, y)
  })

  test('say how long the path from a state to the next is', () => {
    expect(deepTransition(options).shortestPath).toBe(skip === undefined ? 3 : 1)
    expect(deepTransition({ hiddenSize: 3 }).shortestPath).toBe(1)
  })
})

describe('past the transition', () => {
  const TIME = 12
  const modelOf = (skip: Skip | undefined, transition: readonly number[] = [16, 16]) =>
    graph(
      { x: { sequence: { size: 2 } } },
      ({ x }) => {
        const options = { hiddenSize: 16, transition, ...(skip && { skip }) }
        return {
          y: dense({ size: 1 })(last()(scan(deepTransition(options), { name: 'deep' })(x).output)),
        }
      },
      { seed: 4 },
    )
  /** The first number of a row, to be told after the last step. */
  const rows = Array.from({ length: 64 }, (_, r) => steps(TIME, 2, r / 7 + 1.3))
  const data = { x: { x: rows }, y: { y: rows.map((row) => [(row[0]?.[0] ?? 0) > 0 ? 1 : -1]) } }
  const loss = { y: 'meanSquared' } as const

  /** The norm of the loss's slopes by the state after the first step over that after the last but one. */
  const carried = async (skip: Skip | undefined) => {
    const { states } = await modelOf(skip).gradients(data, { loss })
    const { values } = states['deep:h'] ?? { values: new Float32Array() }
    const norm = (t: number) =>
      Math.sqrt(
        rows.reduce((sum, _, row) => {
          const at = (row * TIME + t) * 16
          return values.slice(at, at + 16).reduce((squares, value) => squares + value ** 2, sum)
        }, 0),
      )
    return norm(0) / norm(TIME - 2)
  }

  test('slopes reach further back than through it', async () => {
    const without = await carried(undefined)
    expect(without).toBeGreaterThan(0)
    for (const skip of ['add', 'concat', 'highway'] as const) {
      expect(await carried(skip), skip).toBeGreaterThan(1.5 * without)
    }
  })

  test('a lag is learned that the layers alone miss, and they begin more slowly than one layer', async () => {
    const learned = async (skip: Skip | undefined, transition?: readonly number[]) => {
      const model = modelOf(skip, transition)
      const optimizer = adam({ learningRate: 0.01 })
      const { epochs } = await model.fit(data, { loss, optimizer, epochs: 40, batchSize: 16 })
      return { early: epochs[4]?.loss ?? 0, late: epochs.at(-1)?.loss ?? 0 }
    }
    const [deep, shallow, skipped] = [
      await learned(undefined, [16, 16, 16]),
      await learned(undefined, []),
      await learned('highway', [16, 16, 16]),
    ]
    expect(deep.early).toBeGreaterThan(4 * shallow.early)
    expect(deep.late).toBeGreaterThan(3 * skipped.late)
  })

  test.each<[string, object, string]>([
    ['an unknown skip', { skip: 'gate' }, "deepTransition skip: expected 'add' or 'concat'"],
    ['a size that is no list', { transition: 3 }, 'deepTransition transition: expected an array'],
    [
      'a layer of no units',
      { output: [3, 0] },
      'deepTransition output [1]: expected a whole number',
    ],
    ['a way past no layers', { skip: 'concat' }, 'deepTransition transition: expected layers'],
    ['another option', { layers: 3 }, 'deepTransition: unknown option "layers"'],
  ])('refuses %s', (_, options, message) => {
    expect(() => deepTransition({ hiddenSize: 3, ...options } as never)).toThrow(message)
  })
})
