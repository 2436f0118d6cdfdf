import { dense, graph, gru, type Model, pool, rnn, sgd, shift } from 'unrolled'
import { describe, expect, test } from 'vitest'

/** Outputs that no piece of a sequence decides. */
const whole = {
  'both ways': gru({ hiddenSize: 2, bidirectional: true, name: 'other' }),
  mean: pool('mean'),
} as const

const inputs = { x: { sequence: { size: 2 } } } as const
const trained = rnn({ hiddenSize: 3, name: 'trained' })
const head = dense({ size: 1, name: 'head' })

/** A model of one output `a`, and one with an output `b` beside it. */
function pair(name: keyof typeof whole): [Model, Model] {
  const alone = graph(inputs, ({ x }) => ({ a: head(trained(x).output) }), { seed: 5 })
  const other = whole[name]
  const beside = graph(
    inputs,
    ({ x }) => {
      const result = other(x)
      return { a: head(trained(x).output), b: 'output' in result ? result.output : result }
    },
    { seed: 6 },
  )
  beside.setParameters(alone.parameters())
  return [alone, beside]
}

const sequence = (row: number, length: number) =>
  Array.from({ length }, (_, step) => [Math.sin(row + step), Math.cos(row * step)])
const x = [sequence(1, 12), sequence(2, 12)]
const a = x.map((row) => row.map(([value = 0]) => [value]))
const pieces = [0, 4, 8].map((start) => ({
  x: x.map((row) => row.slice(start, start + 4)),
  y: { a: a.map((row) => row.slice(start, start + 4)) },
}))
const options = {
  loss: { a: 'meanSquared' },
  optimizer: sgd({ learningRate: 0.1 }),
  epochs: 3,
} as const

describe.each(Object.keys(whole) as (keyof typeof whole)[])(
  'an output without a loss: %s',
  (name) => {
    test('leaves truncation and carried states to the outputs that are trained', async () => {
      for (const [data, more] of [
        [{ x, y: { a } }, { truncate: { k1: 4, k2: 4 } }],
        [{ x, y: { a } }, { truncate: { k1: 3, k2: 6 } }],
        [pieces, { carry: true }],
      ] as const) {
        const [alone, beside] = pair(name)
        const untouched = beside.parameters()
        const history = await alone.fit(data, { ...options, ...more })
        const other = await beside.fit(data, { ...options, ...more })
        expect(other.epochs.map(({ loss }) => loss)).toEqual(history.epochs.map(({ loss }) => loss))
        const after = beside.parameters()
        for (const [key, { values }] of Object.entries(after)) {
          const expected = alone.parameters()[key] ?? untouched[key]
          expect(values).toEqual(expected?.values)
        }
      }
    })

    test('is refused with a metric that sees it, and by a stream', async () => {
      const [, model] = pair(name)
      const metrics = [{ name: 'mine', compute: () => 1 }]
      await expect(model.fit(pieces, { ...options, carry: true, metrics })).rejects.toThrow(
        'fit carry: expected false with a metric that sees every output, since node ',
      )
      expect(() => model.stream()).toThrow('stream: expected a model that goes on from its states')
    })
  },
)

test('an output with a loss that reads what another output does not is still refused', async () => {
  const model = graph(inputs, ({ x }) => {
    const back = gru({ hiddenSize: 2, reverse: true })(shift()(x)).output
    return { a: head(back), b: trained(x).output }
  })
  const run = model.fit({ x, y: { a } }, { ...options, truncate: { k1: 4, k2: 4 } })
  await expect(run).rejects.toThrow('truncate: expected a model that goes on from its states alone')
})
