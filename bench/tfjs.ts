import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { setWasmPaths, version_wasm } from '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs-core'
import * as layers from '@tensorflow/tfjs-layers'
import { ADAM, type Batch, type Shape } from './lstm.js'
import { startWatch, type Time } from './measure.js'

/** TensorFlow.js's LSTM layer on its WebAssembly backend, trained on one batch. */
export interface Peer {
  readonly version: string
  readonly backend: string
  readonly simd: boolean
  readonly threads: string
  /** The kernel, the recurrent kernel and the bias, gates in the order i, f, c, o. */
  weights(): Promise<readonly Float32Array[]>
  predict(): Promise<Float32Array>
  /** One step of gradient descent; gives the loss before it. */
  descend(rate: number): Promise<number>
  /** What one step of Adam takes, from tensors on the backend to updated weights. */
  timeStep(): Promise<Time>
}

/** Loads the backend and builds the model of a shape; the batch is on the backend beforehand. */
export async function tfjsPeer(shape: Shape, batch: Batch): Promise<Peer> {
  await chooseWasm()
  const { rows, time, inputSize, hiddenSize } = shape
  const model = layers.sequential()
  model.add(
    layers.layers.lstm({
      units: hiddenSize,
      inputShape: [time, inputSize],
      returnSequences: true,
      // tfjs's default is the hard sigmoid.
      recurrentActivation: 'sigmoid',
      recurrentInitializer: 'glorotUniform',
    }),
  )
  const x = tf.tensor3d(batch.x, [rows, time, inputSize])
  const y = tf.tensor3d(batch.y, [rows, time, hiddenSize])
  const step = async (): Promise<number> => Number(await model.trainOnBatch(x, y))
  const compile = (optimizer: tf.Optimizer): void =>
    model.compile({ optimizer, loss: 'meanSquaredError' })
  const adam = tf.train.adam(ADAM.rate, ADAM.beta1, ADAM.beta2, ADAM.epsilon)
  compile(adam)
  return {
    version: `${tf.version_core} (layers ${layers.version_layers}, wasm ${version_wasm})`,
    backend: tf.getBackend(),
    simd: (await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')) === true,
    threads: (await tf.env().getAsync('WASM_HAS_MULTITHREAD_SUPPORT')) ? 'several' : 'one',
    weights: () =>
      Promise.all(model.getWeights().map(async (w) => (await w.data()) as Float32Array)),
    async predict() {
      const output = model.predictOnBatch(x) as tf.Tensor
      return (await output.data()) as Float32Array
    },
    async descend(rate) {
      compile(tf.train.sgd(rate))
      const loss = await step()
      compile(adam)
      return loss
    },
    async timeStep() {
      const watch = startWatch()
      await step()
      return watch()
    },
  }
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
