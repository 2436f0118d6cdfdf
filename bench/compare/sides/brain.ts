// Runs brain.js in a process of its own; its plain recurrent network with relu is ours.
import { createRequire } from 'node:module'
import type { Work } from '../protocol.js'
import { type Contender, type Numbers, serve, timeLoop } from '../serve.js'
import { layersOf } from '../weights.js'

/** The part of brain.js 1.6 that is used; it brings no types. */
interface Matrix {
  weights: Float32Array | number[]
}

interface Network {
  initialize(): void
  bindEquation(): void
  run(rows: readonly (readonly number[] | number)[]): ArrayLike<number>
  readonly model: {
    readonly hiddenLayers: readonly { weight: Matrix; transition: Matrix; bias: Matrix }[]
    readonly outputConnector: Matrix
    readonly output: Matrix
  }
}

const require = createRequire(import.meta.url)
const brain: {
  readonly recurrent: { readonly RNNTimeStep: new (options: object) => Network }
} = require('brain.js')

async function open({ shape }: Work, numbers: Numbers): Promise<Contender> {
  const { input, hidden, layers, time } = shape
  const network = new brain.recurrent.RNNTimeStep({
    inputSize: input,
    outputSize: hidden,
    hiddenLayers: Array.from({ length: layers }, () => hidden),
  })
  network.initialize()
  network.bindEquation()
  for (const [at, layer] of layersOf(shape, numbers.weights).entries()) {
    const own = network.model.hiddenLayers[at]
    if (own === undefined) throw new Error(`brain.js has no layer ${at}`)
    own.weight.weights = Float32Array.from(layer.weightIh)
    own.transition.weights = Float32Array.from(layer.weightHh)
    own.bias.weights = layer.biasIh.map((value, row) => value + (layer.biasHh[row] ?? NaN))
  }
  // It always has a layer of outputs: as the identity it shows the hidden state.
  network.model.outputConnector.weights = identity(hidden)
  network.model.output.weights = new Float32Array(hidden)
  const rows = Array.from({ length: time }, (_, step) =>
    Array.from(numbers.x.subarray(step * input, (step + 1) * input)),
  )
  return {
    // A run gives its last output alone.
    async outputs() {
      const outputs = new Float32Array(time * hidden)
      for (let step = 0; step < time; step++) {
        outputs.set(Float32Array.from(network.run(rows.slice(0, step + 1))), step * hidden)
      }
      return outputs
    },
    gradients: () => Promise.reject(new Error('it trains by a rule of its own')),
    sample: (count) => timeLoop(count, () => void network.run(rows)),
    close: () => undefined,
  }
}

function identity(size: number): Float32Array {
  const matrix = new Float32Array(size * size)
  for (let at = 0; at < size; at++) matrix[at * size + at] = 1
  return matrix
}

const { version } = require('brain.js/package.json')

await serve({
  hello: () => Promise.resolve({ version, about: 'one thread' }),
  refuse({ shape, precision }) {
    const { cell, task, batch, input } = shape
    if (precision !== 'f32') return 'it computes in f32 alone'
    if (task === 'train') return 'it trains by clipped steps of its own, a sequence at a time'
    if (task === 'step') return 'it takes whole sequences'
    if (cell === 'lstm') return 'its LSTM has no cell state: the forget gate keeps the last output'
    if (cell === 'gru') return 'its GRU resets before the product, which is another cell'
    if (shape.activation !== 'relu') return 'its plain cell has relu'
    if (batch !== 1 || input === 1) return 'it takes one sequence of several numbers a step'
    return undefined
  },
  open,
})
