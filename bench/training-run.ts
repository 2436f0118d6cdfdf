// In a process of its own: the two libraries' numbers compared, then their steps timed in turn.
import { sgd } from 'unrolled'
import { report } from './child.js'
import { lstmModel, randomBatch, type Shape, stepOnce, timeStep } from './lstm.js'
import { interleave, type Time } from './measure.js'
import { type Peer, tfjsPeer } from './tfjs.js'

/** What {@link measure} is asked for. */
export interface Order {
  readonly shape: Shape
  readonly rounds: number
  readonly steps: number
}

/** The largest differences on the same weights and batch, and the samples in milliseconds. */
export interface Found {
  readonly peer: Pick<Peer, 'version' | 'backend' | 'simd' | 'threads'>
  readonly difference: { readonly output: number; readonly loss: number; readonly gradient: number }
  readonly samples: { readonly unrolled: Time[]; readonly tfjs: Time[] }
}

async function measure({ shape, rounds, steps }: Order): Promise<Found> {
  const batch = randomBatch(shape)
  const peer = await tfjsPeer(shape, batch)
  const model = lstmModel(shape)
  const difference = await compare(model, peer, shape, batch)
  const samples = await interleave(
    { unrolled: () => timeStep(model, shape, batch, steps), tfjs: () => peer.timeStep() },
    rounds,
  )
  const { version, backend, simd, threads } = peer
  return { peer: { version, backend, simd, threads }, difference, samples }
}

/** Takes the peer's weights over and compares outputs, loss and gradients, these by one large step. */
async function compare(
  model: ReturnType<typeof lstmModel>,
  peer: Peer,
  shape: Shape,
  batch: ReturnType<typeof randomBatch>,
): Promise<Found['difference']> {
  const before = await peer.weights()
  model.setParameters(fromKeras(before, shape))
  const { rows, time, inputSize } = shape
  const { output } = await model.predict({ values: batch.x, shape: [rows, time, inputSize] })
  const outputs = largestDifference(output.values, await peer.predict())
  const rate = 100
  const [ours, theirs] = [
    await stepOnce(model, shape, batch, sgd({ rate })),
    await peer.descend(rate),
  ]
  const after = fromKeras(await peer.weights(), shape)
  const start = fromKeras(before, shape)
  const parameters = model.parameters()
  const gradients = ['lstm.weight_ih_l0', 'lstm.weight_hh_l0', 'lstm.bias_ih_l0'].map((name) => {
    const [from, mine, other] = [start[name], parameters[name]?.values, after[name]]
    if (from === undefined || mine === undefined || other === undefined) return NaN
    return largestDifference(mine, other) / largestDifference(from, other)
  })
  return {
    output: outputs,
    loss: Math.abs(ours - theirs) / theirs,
    gradient: Math.max(...gradients),
  }
}

/** Keras's `[inputs, gates]` kernels as PyTorch's `[gates, inputs]`; one bias as the first of two. */
function fromKeras(
  [kernel, recurrent, bias]: readonly Float32Array[],
  { inputSize, hiddenSize }: Shape,
): Record<string, Float32Array> {
  const gates = 4 * hiddenSize
  return {
    'lstm.weight_ih_l0': transposed(kernel ?? new Float32Array(), inputSize, gates),
    'lstm.weight_hh_l0': transposed(recurrent ?? new Float32Array(), hiddenSize, gates),
    'lstm.bias_ih_l0': Float32Array.from(bias ?? []),
    'lstm.bias_hh_l0': new Float32Array(gates),
  }
}

function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from(
    { length: rows * columns },
    (_, at) => matrix[(at % rows) * columns + Math.floor(at / rows)] ?? NaN,
  )
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return NaN
  return a.reduce((most, value, at) => Math.max(most, Math.abs(value - (b[at] ?? NaN))), 0)
}

await report(measure)
