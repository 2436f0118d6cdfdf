// Runs TensorFlow.js's layers on the WebAssembly backend, in a process of its own.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { setWasmPaths, version_wasm } from '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs-core'
import * as layers from '@tensorflow/tfjs-layers'
import { ADAM, type Work } from '../protocol.js'
import { type Contender, type Numbers, serve, timeCalls } from '../serve.js'
import { fromKeras, toKeras } from './keras.js'

/** A step of gradient descent so long that the weights before it do not round the gradient away. */
const RATE = 2 ** 14

async function open({ shape }: Work, numbers: Numbers): Promise<Contender> {
  const { batch, time, input, hidden, task } = shape
  const model = modelOf(shape)
  const setWeights = (): void => {
    const tensors = toKeras(shape, numbers.weights).map(({ values, dims }) =>
      tf.tensor(values, dims),
    )
    model.setWeights(tensors)
    tf.dispose(tensors)
  }
  setWeights()
  const x = tf.tensor3d(numbers.x, [batch, time, input])
  const y = tf.tensor3d(task === 'train' ? numbers.y : [], [
    task === 'train' ? batch : 0,
    time,
    hidden,
  ])
  const compile = (optimizer: tf.Optimizer): void =>
    model.compile({ optimizer, loss: 'meanSquaredError' })
  const adam = tf.train.adam(ADAM.learningRate, ADAM.beta1, ADAM.beta2, ADAM.epsilon)
  compile(adam)
  const predict = async (): Promise<Float32Array> => {
    const output = model.predictOnBatch(x) as tf.Tensor
    const values = (await output.data()) as Float32Array
    output.dispose()
    return values
  }
  const train = async (): Promise<number> => Number(await model.trainOnBatch(x, y))
  return {
    outputs: predict,
    async gradients() {
      compile(tf.train.sgd(RATE))
      const loss = await train()
      compile(adam)
      const kernels = await Promise.all(model.getWeights().map((weight) => weight.data()))
      const after = fromKeras(shape, kernels as Float32Array[])
      const before = fromKeras(
        shape,
        toKeras(shape, numbers.weights).map(({ values }) => values),
      )
      setWeights()
      return { loss, gradients: before.map((value, at) => (value - (after[at] ?? NaN)) / RATE) }
    },
    sample: (count) => timeCalls(count, task === 'train' ? train : predict),
    close() {
      tf.dispose([x, y])
      model.dispose()
    },
  }
}

function modelOf({ cell, input, hidden, layers: count, time, activation }: Work['shape']) {
  const model = layers.sequential()
  for (let layer = 0; layer < count; layer++) {
    const options = {
      units: hidden,
      returnSequences: true,
      recurrentInitializer: 'glorotUniform' as const,
      ...(layer === 0 && { inputShape: [time, input] }),
    }
    // tfjs's default for gates is the hard sigmoid.
    if (cell === 'lstm') {
      model.add(layers.layers.lstm({ ...options, recurrentActivation: 'sigmoid' }))
    } else {
      model.add(layers.layers.simpleRNN({ ...options, activation: activation ?? 'tanh' }))
    }
  }
  return model
}

async function chooseWasm(): Promise<void> {
  addMethods()
  const require = createRequire(import.meta.url)
  setWasmPaths(join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm')), '/'))
  if (!(await tf.setBackend('wasm'))) throw new Error('the wasm backend did not start')
  await tf.ready()
}

/** tfjs-layers calls operations as methods of tensors, which only the union package adds to them. */
function addMethods(): void {
  const methods: Record<string, unknown> = {
    ...tf,
    flatten: (x: tf.Tensor) => tf.reshape(x, [x.size]),
  }
  for (const [name, operation] of Object.entries(methods)) {
    if (typeof operation !== 'function' || name in tf.Tensor.prototype) continue
    Object.defineProperty(tf.Tensor.prototype, name, {
      value(this: tf.Tensor, ...rest: unknown[]): unknown {
        return operation(this, ...rest)
      },
    })
  }
}

await chooseWasm()
await serve({
  async hello() {
    const simd = (await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')) === true
    const several = (await tf.env().getAsync('WASM_HAS_MULTITHREAD_SUPPORT')) === true
    return {
      version: `${tf.version_core} (layers ${layers.version_layers}, wasm ${version_wasm})`,
      about: `SIMD ${simd}, ${several ? 'several threads' : 'one thread'}`,
    }
  },
  refuse({ shape, precision }) {
    if (precision !== 'f32') return 'it computes in f32 alone'
    if (shape.task === 'step') return 'its layers take whole sequences'
    if (shape.cell === 'gru') return 'its GRU resets before the product, which is another cell'
    return undefined
  },
  open,
})
