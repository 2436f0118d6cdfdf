import { dense, embedding, graph, gru, layerNorm, lstm, mean, rnn, sequential } from 'unrolled'
import { exportOnnx, importOnnx } from 'unrolled/onnx'
import { expect, test } from 'vitest'
import { differs, expectSame, shuffled } from '../support/exported.js'
import { importCase, readCases } from '../support/onnx.js'

const LAYERS = { rnn, lstm, gru }
const steps = (rows: number, time: number) =>
  Array.from({ length: rows }, (_, row) =>
    Array.from({ length: time }, (_, t) =>
      [0, 1, 2].map((k) => Math.sin(1 + 3 * row + 5 * t + 7 * k)),
    ),
  )

const grid = (['rnn', 'lstm', 'gru'] as const).flatMap((cell) =>
  [1, 2].flatMap((numLayers) =>
    [false, true].flatMap((bidirectional) =>
      [false, true].map((lengths) => ({ cell, numLayers, bidirectional, lengths })),
    ),
  ),
)

test.each(grid)(
  '$cell of $numLayers layers, both ways $bidirectional, lengths $lengths',
  async ({ cell, lengths, ...options }) => {
    const inputs = { x: { sequence: { size: 3 } } } as const
    const model = shuffled(
      graph(inputs, ({ x }) => {
        const { output, state } = LAYERS[cell]({ hiddenSize: 4, ...options })(x)
        return { y: output, h: state.h }
      }),
    )
    const { model: copy, report } = await importOnnx(exportOnnx(model, { lengths }))
    expect(report.leftOver).toEqual([])
    const x = lengths ? [...steps(2, 5), ...steps(1, 1), ...steps(1, 3), []] : steps(3, 5)
    const [ours, theirs] = [await model.predict({ x }), await copy.predict({ x })]
    for (const name of ['y', 'h'] as const) {
      expect(differs(ours[name].values, theirs[name]?.values ?? []), name).toBe(0)
    }
  },
)

test.each([false, true])('a model around its layers, lengths %s', async (lengths) => {
  const model = shuffled(
    sequential([
      embedding({ vocabularySize: 7, size: 3 }),
      gru({ hiddenSize: 4, bidirectional: true }),
      layerNorm(),
      mean(),
      dense({ size: 2, activation: 'softmax' }),
    ]),
  )
  const { model: copy } = await importOnnx(exportOnnx(model, { lengths }))
  const x = lengths ? [[1, 4, 0, 6], [2], [5, 3]] : [[1, 4, 0, 6]]
  const { output } = await model.predict(x)
  const { output: same } = await copy.predict(x)
  expect(differs(output.values, same?.values ?? [])).toBe(0)
})

test.each(['cells', 'variants', 'activations'])(
  '%s of other files are written again',
  async (group) => {
    const failed: Record<string, string> = {}
    for (const it of readCases(group)) {
      const { model } = await importCase(it)
      await expectSame(model, { time: [3, 6, 1] }).catch((error: unknown) => {
        failed[it.name] = String(error)
      })
      model.dispose()
    }
    expect(failed).toEqual({})
  },
)
