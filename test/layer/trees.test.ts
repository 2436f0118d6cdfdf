import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  adam,
  cell,
  dense,
  embedding,
  fold,
  graph,
  last,
  linear,
  load,
  lstm,
  type Model,
  rnn,
  root,
  scan,
  sequential,
  shift,
  tanh,
  treeCell,
  treeLstm,
  treeRnn,
  type Vector,
} from '../../ts/index.js'

const SIZE = 4
const WORD = 3

const TREES = [
  { parents: [2, 2, -1], values: [1, 2, 0] },
  { parents: [-1], values: [3] },
  { parents: [4, 4, 3, 4, -1, 3], values: [1, 2, 3, 0, 0, 4] },
  { parents: Int32Array.of(), values: [] },
]

type AnyModel = Pick<Model, 'parameters'>

interface Node {
  readonly h: readonly number[]
  readonly c?: readonly number[]
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))
const zeros = Array.from({ length: SIZE }, () => 0)
const plus = (...all: readonly (readonly number[])[]) =>
  (all[0] ?? []).map((_, k) => all.reduce((sum, part) => sum + (part[k] ?? Number.NaN), 0))

/** y = W x + b with a parameter of a model. */
function mapOf(model: AnyModel, weight: string, bias?: string) {
  const parameters = model.parameters()
  const values = parameters[weight]?.values ?? new Float32Array()
  const shift = bias === undefined ? undefined : parameters[bias]?.values
  return (x: readonly number[]): number[] =>
    Array.from({ length: values.length / x.length }, (_, row) =>
      x.reduce(
        (sum, number, k) => sum + number * (values[row * x.length + k] ?? 0),
        shift?.[row] ?? 0,
      ),
    )
}

/** The states of every node of a tree, by plain recursion. */
function recurse(
  { parents, values }: { parents: ArrayLike<number>; values: readonly number[] },
  table: Float32Array,
  step: (x: number[], children: Node[]) => Node,
): Node[] {
  const out: Node[] = []
  const visit = (node: number): Node => {
    const children = values.flatMap((_, child) => (parents[child] === node ? [visit(child)] : []))
    const id = values[node] ?? 0
    const made = step(Array.from(table.subarray(id * WORD, (id + 1) * WORD)), children)
    out[node] = made
    return made
  }
  values.forEach((_, node) => {
    if (parents[node] === -1) visit(node)
  })
  return out
}

type Folding = ReturnType<typeof treeLstm<typeof SIZE>> | ReturnType<typeof treeRnn<typeof SIZE>>

function modelOf(layer: () => Folding) {
  return graph({ words: { tree: { vocabularySize: 5 } } }, ({ words }) => {
    const { output } = layer()(embedding({ size: WORD, initializer: 'pytorch' })(words))
    return { nodes: output, label: dense({ size: 2 })(root()(output)) }
  })
}

async function check(
  layer: () => Folding,
  step: (model: AnyModel) => (x: number[], c: Node[]) => Node,
) {
  const model = modelOf(layer)
  const table = model.parameters()['embedding.weight']?.values ?? new Float32Array()
  const { nodes, label } = await model.predict(TREES)
  const most = nodes.shape[1] ?? 0
  for (const [row, tree] of TREES.entries()) {
    const expected = recurse(tree, table, step(model))
    const first = row * most * SIZE
    const found = Array.from(nodes.values.subarray(first, first + tree.values.length * SIZE))
    for (const [i, x] of expected.flatMap(({ h = [] }) => h).entries()) {
      expect(found[i]).toBeCloseTo(x, 5)
    }
    const top = expected[Array.from(tree.parents).indexOf(-1)]?.h ?? zeros
    const scores = mapOf(model, 'dense.weight', 'dense.bias')([...top])
    for (const [i, x] of scores.entries()) expect(label.values[row * 2 + i]).toBeCloseTo(x, 5)
    const alone = await model.predict([tree])
    expect(Array.from(alone.nodes.values)).toEqual(found)
  }
}

describe('layers over trees', () => {
  it('treeRnn is h = tanh(W x + U Σ h + b)', () =>
    check(
      () => treeRnn({ hiddenSize: SIZE }),
      (model) => (x, children) => {
        const below = mapOf(model, 'treeRnn.below.weight')
        const own = mapOf(model, 'treeRnn.input.weight', 'treeRnn.input.bias')(x)
        return {
          h: plus(own, below(plus(zeros, ...children.map(({ h = [] }) => h)))).map(Math.tanh),
        }
      },
    ))

  it('an RNTN adds a product of each two numbers of the children', () =>
    check(
      () => treeRnn({ hiddenSize: SIZE, children: 3, tensor: true, activation: 'relu' }),
      (model) => (x, children) => {
        const all = [0, 1, 2].flatMap((place) => children[place]?.h ?? zeros)
        const own = mapOf(model, 'treeRnn.input.weight', 'treeRnn.input.bias')(x)
        const below = mapOf(model, 'treeRnn.below.weight')(all)
        const matrices = mapOf(model, 'treeRnn.tensor.weight')(all)
        const tensor = zeros.map((_, i) =>
          all.reduce((sum, number, k) => sum + number * (matrices[i * all.length + k] ?? 0), 0),
        )
        return { h: plus(own, below, tensor).map((number) => Math.max(number, 0)) }
      },
    ))

  it('treeLstm sums the children, each behind a gate of its own', () =>
    check(
      () => treeLstm({ hiddenSize: SIZE }),
      (model) => (x, children) => {
        const own = mapOf(model, 'treeLstm.input.weight', 'treeLstm.input.bias')(x)
        const sum = mapOf(
          model,
          'treeLstm.sum.weight',
        )(plus(zeros, ...children.map(({ h = [] }) => h)))
        const gate = (index: number) =>
          plus(
            own.slice(index * SIZE, (index + 1) * SIZE),
            sum.slice(index * SIZE, (index + 1) * SIZE),
          )
        const forget = own.slice(3 * SIZE)
        const kept = children.map(({ h = [], c = [] }) => {
          const f = plus(forget, mapOf(model, 'treeLstm.forget.weight')([...h])).map(sigmoid)
          return f.map((number, k) => number * (c[k] ?? 0))
        })
        const fresh = gate(0).map((i, k) => sigmoid(i) * Math.tanh(gate(2)[k] ?? 0))
        const c = plus(fresh, ...kept)
        return { h: gate(1).map((o, k) => sigmoid(o) * Math.tanh(c[k] ?? 0)), c }
      },
    ))

  it('an N-ary treeLstm has weights for each place', () =>
    check(
      () => treeLstm({ hiddenSize: SIZE, children: 3 }),
      (model) => (x, children) => {
        const all = [0, 1, 2].flatMap((place) => children[place]?.h ?? zeros)
        const gates = plus(
          mapOf(model, 'treeLstm.input.weight', 'treeLstm.input.bias')(x),
          mapOf(model, 'treeLstm.places.weight')(all),
        )
        const gate = (index: number) => gates.slice(index * SIZE, (index + 1) * SIZE)
        const kept = [0, 1, 2].map((place) =>
          gate(3 + place).map((f, k) => sigmoid(f) * (children[place]?.c?.[k] ?? 0)),
        )
        const c = plus(
          gate(0).map((i, k) => sigmoid(i) * Math.tanh(gate(2)[k] ?? 0)),
          ...kept,
        )
        return { h: gate(1).map((o, k) => sigmoid(o) * Math.tanh(c[k] ?? 0)), c }
      },
    ))
})

describe('trees as data of a model', () => {
  /** The sum of the leaves modulo 2, at every node: structure decides. */
  const parity = (seed: number, count: number) => {
    let state = seed
    const next = (end: number) => {
      state = (state * 48271) % 2147483647
      return state % end
    }
    return Array.from({ length: count }, () => {
      const leaves = 2 + next(4)
      const parents: number[] = []
      const values: number[] = []
      const open: number[] = []
      for (let leaf = 0; leaf < leaves; leaf++) {
        parents.push(-1)
        values.push(1 + next(2))
        open.push(parents.length - 1)
      }
      while (open.length > 1) {
        const at = next(open.length - 1)
        const pair = open.splice(at, 2)
        parents.push(-1)
        values.push(0)
        for (const child of pair) parents[child] = parents.length - 1
        open.splice(at, 0, parents.length - 1)
      }
      const label = (node: number): number =>
        values[node] === 0
          ? parents.reduce(
              (sum, parent, child) => (parent === node ? sum + label(child) : sum),
              0,
            ) % 2
          : (values[node] ?? 0) - 1
      return { tree: { parents, values }, labels: values.map((_, node) => label(node)) }
    })
  }

  const tagger = () =>
    graph(
      { words: { tree: { vocabularySize: 3 } } },
      ({ words }) => {
        const { output } = treeLstm({ hiddenSize: 16, children: 2 })(embedding({ size: 8 })(words))
        return { tags: dense({ size: 2 })(output) }
      },
      { seed: 3 },
    )

  it('learns labels of every node, is saved and loaded, and is measured', async () => {
    const model = tagger()
    const train = parity(1, 200)
    const data = { x: train.map(({ tree }) => tree), y: train.map(({ labels }) => labels) }
    await model.fit(data, {
      loss: 'crossEntropy',
      optimizer: adam({ learningRate: 0.02 }),
      epochs: 12,
    })
    const fresh = parity(77, 60)
    const held = { x: fresh.map(({ tree }) => tree), y: fresh.map(({ labels }) => labels) }
    const scores = await model.evaluate(held, { loss: 'crossEntropy', metrics: ['accuracy'] })
    expect(scores.accuracy).toBe(1)
    const file = join(tmpdir(), `unrolled-trees-${process.pid}.safetensors`)
    await model.save(file)
    const again = await load(file)
    const { tags } = await model.predict(held.x)
    const { tags: same } = await again.predict(held.x)
    expect(same?.values).toEqual(tags.values)
  })

  it('takes several inputs of the same trees, the parents once', async () => {
    const model = graph(
      { words: { tree: { vocabularySize: 5 } }, marks: { tree: { size: 2 } } },
      ({ words, marks }) => {
        type Input = { readonly word: Vector<2>; readonly mark: Vector<2> }
        const node = treeCell({ h: 3 }, (children, { word, mark }: Input) => ({
          h: tanh(linear(3)(children.sum(({ h }) => h))),
          trace: { word: linear(2, { name: 'w' })(word), mark: linear(2, { name: 'm' })(mark) },
        }))
        const word = embedding({ size: 2 })(words)
        const { output, trace } = fold(node)({ word, mark: marks })
        return { output, word: trace.word, mark: trace.mark }
      },
    )
    const words = TREES
    const marks = TREES.map(({ values }) => values.map((id) => [id, -id]))
    const plain = await model.predict({ words, marks } as never)
    const twice = await model.predict({
      words,
      marks: marks.map((values, row) => ({ parents: TREES[row]?.parents, values })),
    } as never)
    expect(plain).toEqual(twice)
  })
})

describe('refusals of trees', () => {
  const model = modelOf(() => treeRnn({ hiddenSize: SIZE, children: 2 }))
  const refused = (x: unknown) => expect(model.predict(x as never)).rejects

  it('names row and node', async () => {
    const ok = { parents: [-1], values: [1] }
    const row = (parents: unknown, values: unknown = [1, 2, 3]) => [ok, { parents, values }]
    await refused(row([-1, 0, 3])).toThrow(/row 1.*received 3 of node 2/s)
    await refused(row([1, 2, 0])).toThrow(/row 1.*cycle through node 0/s)
    await refused(row([-1, -1, 0])).toThrow(/row 1.*one root.*0 and 1/s)
    await refused(row([-1, 0, 0, 0], [1, 2, 3, 4])).toThrow(
      /row 1.*at most 2 children.*3 of node 0/s,
    )
    await refused(row([-1, 0], [1])).toThrow(/x\[1\]\.values.*2 nodes.*1/s)
    await refused(row([-1, 0.5, 0])).toThrow(/parents/)
    await refused(row(undefined)).toThrow(/x\[1\]\.parents: expected an array of parents/)
    await refused([[1, 2]]).toThrow(/x\[0\]: expected a tree \{ parents, values \}/)
    await refused(row([-1, 0, 0], [1, 2, 9])).toThrow(/received 9/)
  })

  it('keeps trees and sequences apart', () => {
    const build = (make: (words: never) => object) =>
      expect(() =>
        graph({ words: { tree: { size: 2 } } }, (({ words }: { words: never }) =>
          make(words)) as never),
      )
    build((words) => ({ y: rnn({ hiddenSize: 2 })(words).output })).toThrow(/fold\(treeCell/)
    build((words) => ({ y: lstm({ hiddenSize: 2, bidirectional: true })(words).output })).toThrow(
      /fold\(treeCell/,
    )
    build((words) => ({ y: last()(words) })).toThrow(/take its root/)
    build((words) => ({ y: shift()(words) })).toThrow(/a fold sees the children/)
    build((words) => ({ y: scan(cell({ h: 2 }, ({ h }) => ({ h })))(words).output })).toThrow(
      /fold\(treeCell/,
    )
    expect(() => sequential([treeRnn({ hiddenSize: 2 }) as never])).toThrow()
    expect(() =>
      graph({ x: { sequence: { size: 2 } } }, ({ x }) => ({
        y: treeRnn({ hiddenSize: 2 })(x).output,
      })),
    ).toThrow(/no parents.*declare the input as a tree/s)
    expect(() => graph({ x: { sequence: { size: 2 } } }, ({ x }) => ({ y: root()(x) }))).toThrow(
      /last step/,
    )
    build((words) => ({
      y: fold(
        treeCell({ h: 2 }, (children) => {
          let child = undefined as never
          children.sum(({ h }) => {
            child = h as never
            return h
          })
          return { h: child }
        }),
      )(words).output,
    })).toThrow(/sum it over the children/)
  })

  it('has no stream, no carried state and no truncation', async () => {
    expect(() => model.stream()).toThrow(/the nodes of the forest 'tree'/)
    const data = { x: TREES.slice(0, 2), y: { label: [0, 1] } }
    const options = { loss: { label: 'crossEntropy' }, optimizer: adam(), epochs: 1 }
    await expect(model.fit(data as never, { ...options, carry: true } as never)).rejects.toThrow(
      /forest/,
    )
    await expect(
      model.fit(data as never, { ...options, truncate: { k1: 2, k2: 2 } } as never),
    ).rejects.toThrow(/forest|axis/)
  })

  it('checks options', () => {
    expect(() => treeRnn({ hiddenSize: 2, tensor: true })).toThrow(/the option children/)
    expect(() => treeLstm({ hiddenSize: 0 })).toThrow(/hiddenSize/)
    expect(() => treeLstm({ hiddenSize: 2, children: 0 })).toThrow(/children/)
    expect(() => treeLstm({ hiddenSize: 2, size: 3 } as never)).toThrow(/size/)
    expect(() => treeCell({}, () => ({}) as never)).toThrow(/at least one state/)
    expect(() => treeCell({ h: 2 }, 3 as never)).toThrow(/a function/)
  })
})
