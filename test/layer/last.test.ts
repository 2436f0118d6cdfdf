import {
  adam,
  dense,
  graph,
  gru,
  last,
  lastStep,
  lstm,
  pool,
  rnn,
  type Sequence,
  sequential,
} from 'unrolled'
import { describe, expect, test } from 'vitest'
import { steps } from '../support/networks.js'

const KINDS = { rnn, lstm, gru } as const
/** Ragged, with a row of one step and an empty one. */
const ROWS = [steps(7, 2), steps(1, 2), [], steps(4, 2)]

describe.each(['rnn', 'lstm', 'gru'] as const)('the last of a bidirectional %s', (kind) => {
  test.each([1, 3])('of %d layers is the final state of each direction', async (numLayers) => {
    const layer = () => KINDS[kind]({ inputSize: 2, hiddenSize: 3, numLayers, bidirectional: true })
    const model = graph(({ input }) => {
      const { output, state } = layer()(input.sequence('x', { size: 2 }))
      const ends = { last: last()(output), pool: pool('last')(output), final: state.h }
      return { ...ends, step: lastStep()(output), output }
    })
    const y = await model.predict({ x: ROWS })
    const chain = sequential([layer(), last()])
    chain.setParameters(model.parameters())
    const [output, step] = [y.output.toNested() as number[][][], y.step.toNested() as number[][]]
    for (const end of [y.last, y.pool, y.final, (await chain.predict(ROWS)).output]) {
      // Forward's half after the last step, and backward's half after the first.
      const expected = output.map((row) => [
        ...(row.at(-1)?.slice(0, 3) ?? [0, 0, 0]),
        ...(row[0]?.slice(3) ?? [0, 0, 0]),
      ])
      expect(end.toNested()).toEqual(expected)
    }
    expect(step).toEqual(output.map((row) => row.at(-1) ?? [0, 0, 0, 0, 0, 0]))
  })
})

test('the last of one direction, and of a layer above both, is its last step', async () => {
  const model = graph(({ input }) => {
    const x = input.sequence('x', { size: 2 })
    const both = gru({ hiddenSize: 3, bidirectional: true })(x).output
    const ends = (y: Sequence) => [y, last()(y)] as const
    const [backward, b] = ends(gru({ hiddenSize: 3, reverse: true })(x).output)
    const [above, a] = ends(gru({ hiddenSize: 4 })(both).output)
    return { backward, b, above, a }
  })
  const y = await model.predict({ x: ROWS })
  for (const [whole, end] of [
    [y.backward, y.b],
    [y.above, y.a],
  ] as const) {
    const expected = (whole.toNested() as number[][][]).map(
      (row) => row.at(-1) ?? new Array(end.shape[1]).fill(0),
    )
    expect(end.toNested()).toEqual(expected)
  }
})

test('a class that stands in the first of 100 steps is learned through the last', async () => {
  const rows = Array.from({ length: 64 }, (_, row) =>
    steps(100, 1).map(([v], t) => [t === 0 ? 2 * (row % 2) - 1 : (v ?? 0) * ((row % 7) / 7)]),
  )
  const classes = rows.map((_, row) => row % 2)
  const model = sequential(
    [gru({ inputSize: 1, hiddenSize: 4, bidirectional: true }), last(), dense({ size: 2 })],
    { seed: 3 },
  )
  const options = { loss: 'crossEntropy', metrics: ['accuracy'] } as const
  await model.fit(
    { x: rows, y: classes },
    { ...options, optimizer: adam({ learningRate: 0.02 }), epochs: 15, batchSize: 16 },
  )
  const { accuracy } = await model.evaluate({ x: rows, y: classes }, options)
  expect(accuracy).toBe(1)
})
