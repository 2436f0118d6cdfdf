import {
  add,
  concat,
  crossEntropy,
  dense,
  graph,
  linear,
  type Model,
  multiply,
  sigmoid,
  slice,
  tanh,
  type Vector,
} from 'unrolled'
import { SIZES } from './protocol.js'

/** A model of one tree, its batch of one row, and its losses. */
export interface TreeWork {
  readonly model: Model
  readonly batch: { readonly x: object; readonly y: object }
  readonly loss: object
}

/** Names of a tree's parameters by those of the model of all trees. */
const NAMES: Readonly<Record<string, string>> = {
  'treeLstm.input.weight': 'input.weight',
  'treeLstm.input.bias': 'input.bias',
  'treeLstm.places.weight': 'places.weight',
  'dense.weight': 'dense.weight',
  'dense.bias': 'dense.bias',
}

/** The name in the model of one tree of a parameter of the model of all. */
export function nameInTree(name: string): string {
  return NAMES[name] ?? name
}

/** Values of a node. */
interface State {
  readonly h: Vector
  readonly c: Vector
}

/**
 * One tree as a graph of its own, in which each node is a call of the same cell: nothing is batched. Losses
 * are weighed so that their sum over all trees is the mean over all nodes.
 */
export function unrolledTree(
  parents: readonly number[],
  classes: readonly number[],
  values: Float32Array,
): TreeWork {
  const { input, rows } = SIZES
  const named = <T>(make: (node: number) => T): Record<string, T> =>
    Object.fromEntries(parents.map((_, node) => [`n${node}`, make(node)]))
  const model = graph({ x: { vector: { size: parents.length * input } } }, ({ x }) => {
    const cell = cellOf()
    const score = dense({ size: SIZES.classes })
    const states: State[] = []
    for (const node of parents.keys()) {
      const children = states.filter((_, child) => parents[child] === node)
      states.push(cell(slice({ start: node * input, size: input })(x), children))
    }
    return Object.fromEntries(states.map(({ h }, node) => [`n${node}`, score(h)]))
  }) as Model
  const weight = 1 / (rows * parents.length)
  return {
    model,
    batch: { x: { x: [values] }, y: named((node) => [classes[node]]) },
    loss: named(() => crossEntropy({ weight })),
  }
}

/** The cell of a Tree-LSTM of two places, to be called for each node. */
function cellOf(): (x: Vector, children: readonly State[]) => State {
  const { hidden: size } = SIZES
  const ofInput = linear(5 * size, { name: 'input' })
  const ofPlaces = linear(5 * size, { bias: false, name: 'places' })
  return (x, [left, right]) => {
    const own = ofInput(x)
    const gates = left && right ? add(own, ofPlaces(concat(left.h, right.h))) : own
    const gate = (index: number): Vector => slice({ start: index * size, size })(gates)
    const fresh = multiply(sigmoid(gate(0)), tanh(gate(2)))
    const kept = [left, right].flatMap((child, place) =>
      child === undefined ? [] : [multiply(sigmoid(gate(3 + place)), child.c)],
    )
    const c = kept.reduce((sum, part) => add(sum, part), fresh)
    return { h: multiply(sigmoid(gate(1)), tanh(c)), c }
  }
}
