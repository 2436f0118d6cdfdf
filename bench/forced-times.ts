// Times both forms of an output-to-hidden recurrence in a process of its own.
import {
  adam,
  add,
  cell,
  constant,
  graph,
  linear,
  type Model,
  multiply,
  scan,
  tanh,
} from 'unrolled'
import { report } from './child.js'
import { ADAM, randomBatch } from './lstm.js'
import { interleave, type Time } from './measure.js'
import { timeSteps } from './steps.js'

/** The sizes of a batch: numbers of an input, an output and the hidden layer. */
export interface Sizes {
  readonly rows: number
  readonly time: number
  readonly size: number
}

/** Milliseconds of a step of training, round by round. */
export interface ForcedTimes {
  readonly loop: readonly number[]
  readonly together: readonly number[]
}

await report<Sizes & { readonly rounds: number }>(async ({ rounds, ...sizes }) => {
  const [loop, together] = [model(sizes, true), model(sizes, false)]
  const data = dataOf(sizes)
  await check(loop, together, data)
  const samples = await interleave(
    { loop: () => timeStep(loop, data), together: () => timeStep(together, data) },
    rounds,
  )
  const walls = (times: readonly Time[]) => times.map(({ wall }) => wall)
  return { loop: walls(samples.loop), together: walls(samples.together) }
})

/**
 * `h_t = tanh(W x_t + U y_{t-1} + b)`, `y_t = V h_t + c` under teacher forcing: the state is the target. In the loop it is
 * the target and zero times the output, so that a step waits for the one before it and has the same numbers.
 */
function model({ size }: Sizes, loop: boolean): Model {
  const inputs = { x: { sequence: { size } }, target: { sequence: { size } } } as const
  return graph(
    inputs,
    ({ x, target }) => {
      const step = cell({ y: size }, ({ y }, now: { x: typeof y; target: typeof y }) => {
        const back = linear(size, { name: 'back', bias: false })(y)
        const output = linear(size, { name: 'out' })(
          tanh(add(linear(size, { name: 'in' })(now.x), back)),
        )
        const nothing = () => multiply(constant(new Array<number>(size).fill(0)), output)
        return { y: loop ? add(now.target, nothing()) : now.target, output }
      })
      return { y: scan(step)({ x, target }).output }
    },
    { seed: 1 },
  ) as Model
}

function dataOf({ rows, time, size }: Sizes): object {
  const { x, y } = randomBatch({ rows, time, inputSize: size, hiddenSize: size })
  const shaped = (values: Float32Array) => ({ values, shape: [rows, time, size] })
  return { x: { x: shaped(x), target: shaped(y) }, y: shaped(y) }
}

/** Gradients of both forms must be the same. */
async function check(loop: Model, together: Model, data: object): Promise<void> {
  const of = (it: Model) => it.gradients(data as never, { loss: 'meanSquared' } as never)
  const [expected, actual] = [await of(loop), await of(together)]
  for (const [name, { values }] of Object.entries(expected.parameters)) {
    const found = actual.parameters[name]?.values ?? []
    if (!values.every((value, i) => Math.abs(value - (found[i] ?? NaN)) <= 1e-6))
      throw new Error(`${name}: expected the gradients of the loop, received others`)
  }
}

/** The mean of three steps of training, after one that is not counted. */
async function timeStep(model: Model, data: object): Promise<Time> {
  const [steps, batches] = [3, new Array(4).fill(data)]
  const run = model.train(batches as never, { loss: 'meanSquared', optimizer: adam(ADAM) } as never)
  return timeSteps(run, steps)
}
