import { expect, test } from 'vitest'
import type { Shape } from '../../bench/compare/shape.js'
import { onnxModel, stateNames } from '../../bench/compare/sides/onnx-model.js'
import { layersOf, numbersOf } from '../../bench/compare/weights.js'
import { gru, lstm, rnn, sequential } from '../../ts/index.js'

const ort = await import('onnxruntime-node').catch(() => undefined)
if (ort === undefined) console.warn('onnxruntime-node is not installed: its models are not run')

const CASES: readonly Pick<Shape, 'cell' | 'layers' | 'activation'>[] = [
  { cell: 'lstm', layers: 1 },
  { cell: 'lstm', layers: 2 },
  { cell: 'gru', layers: 1 },
  { cell: 'gru', layers: 3 },
  { cell: 'rnn', layers: 2 },
  { cell: 'rnn', layers: 1, activation: 'relu' },
]

/** Odd sizes, which no two gates or states share. */
const SIZES = { set: '', input: 3, hidden: 5, time: 7 }

function ours(shape: Shape, weights: Float32Array) {
  const { cell, input: inputSize, hidden: hiddenSize, layers: numLayers } = shape
  const sizes = { inputSize, hiddenSize, numLayers, name: 'cell' }
  const { activation = 'tanh' } = shape
  const layer = {
    lstm: () => lstm(sizes),
    gru: () => gru(sizes),
    rnn: () => rnn({ ...sizes, activation }),
  }
  const model = sequential([layer[cell]()])
  for (const [at, { weightIh, weightHh, biasIh, biasHh }] of layersOf(shape, weights).entries()) {
    model.setParameters({
      [`cell.weight_ih_l${at}`]: weightIh,
      [`cell.weight_hh_l${at}`]: weightHh,
      [`cell.bias_ih_l${at}`]: biasIh,
      [`cell.bias_hh_l${at}`]: biasHh,
    })
  }
  return model
}

function expectClose(given: Float32Array, wanted: Float32Array): void {
  expect(given.length).toBe(wanted.length)
  for (const [at, value] of wanted.entries()) expect(given[at]).toBeCloseTo(value, 6)
}

test.skipIf(ort === undefined).each(CASES)(
  'a sequence of $cell, $layers layers, $activation',
  async (kind) => {
    const shape: Shape = { ...SIZES, ...kind, batch: 1, task: 'infer' }
    const { weights, x } = numbersOf(shape)
    const model = ours(shape, weights)
    const { output } = await model.predict({ values: x, shape: [1, shape.time, shape.input] })
    const session = await ort?.InferenceSession.create(onnxModel(shape, weights))
    const input = ort && new ort.Tensor('float32', x, [shape.time, 1, shape.input])
    const { y } = (await session?.run(input === undefined ? {} : { x: input })) ?? {}
    expectClose(y?.data as Float32Array, output.values)
  },
)

test.skipIf(ort === undefined).each(CASES)(
  'step by step: $cell, $layers layers, $activation',
  async (kind) => {
    if (ort === undefined) return
    const shape: Shape = { ...SIZES, ...kind, batch: 1, task: 'step' }
    const { weights, x } = numbersOf(shape)
    using stream = ours(shape, weights).stream()
    const session = await ort.InferenceSession.create(onnxModel(shape, weights))
    const zeros = new Float32Array(shape.hidden)
    let states = stateNames(shape).map(() => new ort.Tensor('float32', zeros, [1, 1, shape.hidden]))
    for (let at = 0; at < 3; at++) {
      const step = x.slice(at * shape.input, (at + 1) * shape.input)
      const feeds = { x: new ort.Tensor('float32', step, [1, 1, shape.input]) }
      const names = stateNames(shape)
      const given = names.map((name, index) => [name.in, states[index]])
      const result = await session.run({ ...feeds, ...Object.fromEntries(given) })
      const { y } = result
      expectClose(y?.data as Float32Array, stream.push(step).output)
      states = names.map(({ out }) => result[out] as (typeof states)[number])
    }
  },
)
