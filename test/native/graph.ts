import { binding } from '../../ts/native/binding.js'

/** A graph as the addon takes it: `units` recurrent units over sequences of two numbers. */
export function recurrentGraph(units: number): string {
  const linear = (of: string) => ({ linear: { weight: `weight_${of}_l0`, bias: null } })
  const vector = { input: { vector: { size: 2 } } }
  return JSON.stringify({
    version: 1,
    parameters: [
      { name: 'weight_ih_l0', shape: [units, 2], init: 'glorotUniform' },
      { name: 'weight_hh_l0', shape: [units, units], init: { orthogonal: { blocks: 1 } } },
    ],
    nodes: [
      { name: 'x', op: { input: { sequence: { size: 2 } } }, inputs: [] },
      {
        name: 'rnn',
        op: {
          scan: {
            reverse: false,
            initial: [],
            body: {
              nodes: [
                { name: 'x', op: vector, inputs: [] },
                { name: 'h', op: { state: { size: units } }, inputs: [] },
                { name: 'pre', op: linear('ih'), inputs: ['x'] },
                { name: 'rec', op: linear('hh'), inputs: ['h'] },
                { name: 'sum', op: 'add', inputs: ['pre', 'rec'] },
                { name: 'out', op: { activation: 'tanh' }, inputs: ['sum'] },
              ],
              outputs: [
                { name: 'output', from: 'out' },
                { name: 'h', from: 'out' },
              ],
            },
          },
        },
        inputs: ['x'],
      },
    ],
    outputs: [{ name: 'y', from: 'rnn:output' }],
  })
}

/** Options of a training run that drives the outputs of {@link recurrentGraph} to its targets. */
export const TRAINING: string = JSON.stringify({
  losses: [{ output: 'y', loss: { meanSquared: {} } }],
  optimizer: { sgd: {} },
  learningRate: 0.1,
})

/** A batch for {@link recurrentGraph}. */
export function batch(rows: number, time: number, units: number) {
  const filled = (name: string, size: number) => {
    const values = new Float32Array(rows * time * size).fill(0.5)
    return { name, shape: [rows, time, size], values }
  }
  return { inputs: [filled('x', 2)], targets: [filled('y', units)] }
}

/** A model of three units. */
export function smallModel() {
  return new binding.Model(recurrentGraph(3), 1)
}

/** A node as a tuple: its name, its operation, and the wires that it reads. */
export type NodeOf = readonly [name: string, op: unknown, ...inputs: string[]]

/** A parameter that starts at zero. */
export function parameter(name: string, ...shape: number[]) {
  return { name, shape, init: 'zeros' }
}

/** Compiles a graph of these nodes; its output `y` is the last of them, unless others are given. */
export function compile(
  nodes: readonly NodeOf[],
  parameters: readonly object[] = [],
  outputs: readonly object[] = [{ name: 'y', from: nodes.at(-1)?.[0] }],
) {
  const named = nodes.map(([name, op, ...inputs]) => ({ name, op, inputs }))
  return new binding.Model(JSON.stringify({ version: 1, parameters, nodes: named, outputs }), 1)
}

/** Numbers on memory that other threads can write. */
export function sharedValues(count: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(4 * count))
}

/** Numbers whose buffer was transferred away. */
export function transferredValues(count: number): Float32Array {
  const values = new Float32Array(count)
  structuredClone(values.buffer, { transfer: [values.buffer] })
  return values
}
