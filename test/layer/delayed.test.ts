import { delayed, graph, lastStep, scan } from 'unrolled'
import { describe, expect, test } from 'vitest'
import { expectSlopes, spread } from '../support/differences.js'
import { numbers, steps } from '../support/networks.js'
import { plus, product, weightsOf } from '../support/plain.js'

const inputs = { x: { sequence: { size: 2 } } } as const
const x = [13, 1, 0, 6].map((length, row) => steps(length, 2, row + 2))

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

describe('refused', () => {
  const untyped = (value: unknown) => value as never
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
  ])('%s', (_, build, message) => {
    expect(build).toThrow(message)
  })
})
