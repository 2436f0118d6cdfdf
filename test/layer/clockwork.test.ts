import { clockwork, graph, scan } from 'unrolled'
import { describe, expect, test } from 'vitest'
import { expectSlopes, spread } from '../support/differences.js'
import { numbers, steps } from '../support/networks.js'
import { plus, product, weightsOf } from '../support/plain.js'

const inputs = { x: { sequence: { size: 2 } } } as const
const x = [13, 1, 0, 6].map((length, row) => steps(length, 2, row + 2))

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
  test.each<[string, () => unknown, string]>([
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
