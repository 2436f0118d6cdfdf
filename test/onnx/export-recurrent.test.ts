import { graph, gru, lstm, rnn } from 'unrolled'
import { describe, test } from 'vitest'
import { expectSame } from '../support/exported.js'

const RAGGED = { time: [4, 7, 1, 0, 6] }
const FULL = { time: [7, 7, 7] }
const LAYERS = { rnn, lstm, gru }
const x = { sequence: { size: 3 } } as const

const grid = (['rnn', 'lstm', 'gru'] as const).flatMap((cell) =>
  [1, 2].flatMap((numLayers) =>
    [false, true].flatMap((bidirectional) =>
      [false, true].map((bias) => ({ cell, numLayers, bidirectional, bias })),
    ),
  ),
)

describe.each(grid)(
  '$cell of $numLayers, both ways $bidirectional, bias $bias',
  ({ cell, ...options }) => {
    const model = () =>
      graph({ x }, ({ x }) => {
        const { output, state } = LAYERS[cell]({ hiddenSize: 5, ...options })(x)
        return { output, ...state }
      })

    test('full', async () => {
      await expectSame(model(), FULL)
      await expectSame(model(), { time: [1] })
    })
    test('ragged', async () => expectSame(model(), RAGGED))
  },
)
