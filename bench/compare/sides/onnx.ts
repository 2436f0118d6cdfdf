// Runs onnxruntime-node, which infers, in a process of its own.
import { createRequire } from 'node:module'
import * as ort from 'onnxruntime-node'
import type { Work } from '../protocol.js'
import { type Contender, type Numbers, serve, swapped, timeCalls } from '../serve.js'
import type { Shape } from '../shape.js'
import { onnxModel, stateNames } from './onnx-model.js'

const { UNROLLED_THREADS } = process.env
const THREADS = Number(UNROLLED_THREADS)

async function open({ shape }: Work, numbers: Numbers): Promise<Contender> {
  const session = await ort.InferenceSession.create(onnxModel(shape, numbers.weights), {
    intraOpNumThreads: THREADS,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
  })
  const task =
    shape.task === 'step' ? steps(session, shape, numbers.x) : whole(session, shape, numbers.x)
  return {
    ...task,
    gradients: () => Promise.reject(new Error('it does not train')),
    close: () => void session.release(),
  }
}

type Calls = Pick<Contender, 'outputs' | 'sample'>

/** The whole sequence in one call; the inputs lie in the order that the operators take, time first. */
function whole(session: ort.InferenceSession, shape: Shape, rows: Float32Array): Calls {
  const { batch, time, input, hidden } = shape
  const x = new ort.Tensor('float32', swapped(rows, batch, time, input), [time, batch, input])
  return {
    async outputs() {
      const { y } = await session.run({ x })
      return swapped(floats(y), time, batch, hidden)
    },
    sample: (count) => timeCalls(count, () => session.run({ x })),
  }
}

/** A step a call: the states that come out go in again. */
function steps(session: ort.InferenceSession, shape: Shape, rows: Float32Array): Calls {
  const { time, input, hidden } = shape
  const xs = Array.from({ length: time }, (_, at) => {
    return new ort.Tensor('float32', rows.slice(at * input, (at + 1) * input), [1, 1, input])
  })
  const names = stateNames(shape)
  const zeros = names.map((): ort.Tensor => {
    return new ort.Tensor('float32', new Float32Array(hidden), [1, 1, hidden])
  })
  const push = async (at: number, states: readonly ort.Tensor[]) => {
    const feeds = Object.fromEntries(names.map((name, index) => [name.in, states[index]]))
    const result = await session.run({
      x: xs[at % time],
      ...feeds,
    } as ort.InferenceSession.FeedsType)
    const { y } = result
    return { y, states: names.map(({ out }) => result[out] as ort.Tensor) }
  }
  return {
    async outputs() {
      const outputs = new Float32Array(time * hidden)
      let states: readonly ort.Tensor[] = zeros
      for (let at = 0; at < time; at++) {
        const result = await push(at, states)
        states = result.states
        outputs.set(floats(result.y), at * hidden)
      }
      return outputs
    },
    sample(count) {
      let at = 0
      let states: readonly ort.Tensor[] = zeros
      return timeCalls(count, async () => {
        states = (await push(at, states)).states
        at += 1
      })
    },
  }
}

function floats(tensor: ort.Tensor | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) throw new Error('onnxruntime gave no f32 tensor')
  return tensor.data
}

const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json')

await serve({
  hello: () => Promise.resolve({ version, about: `CPU, ${THREADS} threads` }),
  refuse({ shape, precision }) {
    if (shape.task === 'train') return 'it does not train'
    if (precision !== 'f32') return 'its recurrent operators compute in f32 alone'
    return undefined
  },
  open,
})
