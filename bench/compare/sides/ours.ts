// Runs this library in a process of its own, from arrays in JavaScript to arrays in JavaScript.
import { adam, gru, lstm, rnn, sequential, sgd, version } from 'unrolled'
import { timeSteps } from '../../steps.js'
import { ADAM, type Count, type Sample, type Work } from '../protocol.js'
import { type Contender, type Numbers, serve, timeCalls, timeLoop } from '../serve.js'
import type { Shape } from '../shape.js'
import { type LayerWeights, layersOf } from '../weights.js'

const { UNROLLED_THREADS } = process.env

type Model = ReturnType<typeof modelOf>

/** A step of gradient descent so long that the weights before it do not round the gradient away. */
const RATE = 2 ** 14

function modelOf({ shape, precision }: Work) {
  const { cell, input: inputSize, hidden: hiddenSize, layers: numLayers, activation } = shape
  const sizes = { inputSize, hiddenSize, numLayers, name: 'cell' }
  const options = { seed: 1, ...(precision === 'bf16' && { precision }) }
  if (cell === 'lstm') return sequential([lstm(sizes)], options)
  if (cell === 'gru') return sequential([gru(sizes)], options)
  return sequential([rnn({ ...sizes, activation: activation ?? 'tanh' })], options)
}

async function open(work: Work, numbers: Numbers): Promise<Contender> {
  const { shape, lengths } = work
  const model = modelOf(work)
  setWeights(model, shape, numbers.weights)
  const { batch, time, input, hidden } = shape
  const x = { values: numbers.x, shape: [batch, time, input], lengths }
  const y = { values: numbers.y, shape: [batch, time, hidden], lengths }
  return {
    async outputs() {
      if (shape.task === 'step') return streamed(model, shape, numbers.x)
      const { output } = await model.predict(x)
      return output.values
    },
    async gradients() {
      const optimizer = sgd({ learningRate: RATE })
      const { epochs } = await model.fit([{ x, y }], { loss: 'meanSquared', optimizer })
      const after = weightsOf(model, shape)
      setWeights(model, shape, numbers.weights)
      const gradients = numbers.weights.map((before, at) => (before - (after[at] ?? NaN)) / RATE)
      return { loss: epochs[0]?.loss ?? Number.NaN, gradients }
    },
    async sample(count) {
      if (shape.task === 'train') return trainSteps(model, { x, y }, count.calls)
      if (shape.task === 'step') return pushes(model, shape, numbers.x, count)
      return timeCalls(count, () => model.predict(x))
    },
    close: () => model.dispose(),
  }
}

/** Steps of `train` over batches ready made. */
async function trainSteps(
  model: Model,
  one: { x: Batch; y: Batch },
  calls: number,
): Promise<Sample> {
  const batches = new Array(calls + 1).fill(one)
  const run = model.train(batches, { loss: 'meanSquared', optimizer: adam(ADAM) })
  return timeSteps(run, calls)
}

interface Batch {
  readonly values: Float32Array
  readonly shape: readonly number[]
  readonly lengths: readonly number[]
}

/** `push` in a loop; the state goes on, over the inputs again and again. */
function pushes(
  model: Model,
  { input, time }: Shape,
  values: Float32Array,
  count: Count,
): Promise<Sample> {
  const steps = Array.from({ length: time }, (_, at) => values.slice(at * input, (at + 1) * input))
  using stream = model.stream()
  let at = 0
  return timeLoop(count, () => {
    stream.push(steps[at] ?? 0)
    at = at + 1 === time ? 0 : at + 1
  })
}

function streamed(model: Model, { input, hidden, time }: Shape, x: Float32Array): Float32Array {
  using stream = model.stream()
  const outputs = new Float32Array(time * hidden)
  for (let at = 0; at < time; at++) {
    outputs.set(stream.push(x.slice(at * input, (at + 1) * input)).output, at * hidden)
  }
  return outputs
}

/** The names of a layer's parameters. */
function named(weights: LayerWeights, layer: number): [string, Float32Array][] {
  return [
    [`cell.weight_ih_l${layer}`, weights.weightIh],
    [`cell.weight_hh_l${layer}`, weights.weightHh],
    [`cell.bias_ih_l${layer}`, weights.biasIh],
    [`cell.bias_hh_l${layer}`, weights.biasHh],
  ]
}

function setWeights(model: Model, shape: Shape, flat: Float32Array): void {
  model.setParameters(Object.fromEntries(layersOf(shape, flat).flatMap(named)))
}

function weightsOf(model: Model, shape: Shape): Float32Array {
  const parameters = model.parameters()
  const flat = new Float32Array(model.parameterCount)
  for (const [name, view] of layersOf(shape, flat).flatMap(named)) {
    view.set(parameters[name]?.values ?? [])
  }
  return flat
}

await serve({
  hello: () =>
    Promise.resolve({
      version,
      about: `${UNROLLED_THREADS} threads`,
    }),
  refuse: () => undefined,
  open,
})
