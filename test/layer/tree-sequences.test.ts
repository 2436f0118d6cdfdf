import { describe, expect, it } from 'vitest'
import {
  attention,
  balancedTree,
  chainTree,
  dense,
  embedding,
  graph,
  gru,
  root,
  shift,
  treeLstm,
  treeRnn,
} from '../../ts/index.js'

const TREES = [
  { parents: [2, 2, -1], values: [1, 2, 0] },
  { parents: [-1], values: [3] },
  { parents: [4, 4, 3, 4, -1, 3], values: [1, 2, 3, 0, 0, 4] },
]
const WORDS = [
  [1, 2, 3],
  [4, 1],
  [2, 2, 1, 3],
]

/** A decoder that begins with the root of a tree and attends to its nodes. */
const writer = () =>
  graph(
    {
      nodes: { tree: { vocabularySize: 5 } },
      words: { tokens: { vocabularySize: 6 } },
    },
    ({ nodes, words }) => {
      const { output } = treeLstm({ hiddenSize: 8 })(embedding({ size: 4, name: 'node' })(nodes))
      const steps = embedding({ size: 4, name: 'word' })(shift({ start: 0 })(words))
      const written = gru({ hiddenSize: 8 })(steps, { initial: { h: root()(output) } })
      const { context } = attention({ score: 'dot' })(written.output, output)
      return { scores: dense({ size: 6 })(context) }
    },
    { seed: 4 },
  )

describe('from a tree to a sequence', () => {
  it('steps have the bits of the whole, the trees given once', async () => {
    const model = writer()
    const { scores } = await model.predict({ nodes: TREES, words: WORDS })
    const session = await model.session({ nodes: TREES } as never)
    for (let step = 0; step < 2; step++) {
      const ids = WORDS.map((row) => (step === 0 ? 0 : (row[step - 1] ?? 0)))
      const found = (await session.step({ words: ids } as never)) as {
        readonly scores: { readonly values: Float32Array }
      }
      for (const row of TREES.keys()) {
        const first = (row * 4 + step) * 6
        expect(found.scores.values.slice(row * 6, row * 6 + 6)).toEqual(
          scores.values.slice(first, first + 6),
        )
      }
    }
  })

  it('generates for each tree what it generates for the tree alone', async () => {
    const model = writer()
    const options = { maxSteps: 5, endToken: 5 } as const
    const all = await model.generate({ nodes: TREES } as never, options as never)
    for (const [row, tree] of TREES.entries()) {
      const [alone] = await model.generate({ nodes: [tree] } as never, options as never)
      expect(all[row]?.tokens).toEqual(alone?.tokens)
    }
  })

  it('refuses other parents for the same trees', async () => {
    const model = graph({ a: { tree: { size: 1 } }, b: { tree: { size: 1 } } }, ({ a, b }) => ({
      a: treeRnn({ hiddenSize: 2 })(a).output,
      b,
    }))
    const values = [[1], [2], [3]]
    const a = [{ parents: [-1, 0, 0], values }]
    await expect(model.predict({ a, b: [{ parents: [2, 2, -1], values }] })).rejects.toThrow(
      /b\[0\]\.parents: expected the parents of the first input/,
    )
  })
})

describe('depth', () => {
  it('is 10 for 1,024 leaves, whose slopes are far above those of the start of a chain', async () => {
    const build = () =>
      graph(
        { x: { tree: { size: 1 } } },
        ({ x }) => ({ y: root()(treeRnn({ hiddenSize: 4 })(x).output) }),
        { seed: 2 },
      )
    const norm = async (parents: Int32Array, nodes: (node: number) => boolean) => {
      const values = Array.from(parents, () => [0.1])
      const examples = { x: [{ parents, values }], y: [[1, 1, 1, 1]] }
      const found = await build().gradients(examples, { loss: 'meanSquared' })
      const { values: slopes = new Float32Array() } = found.inputs.x ?? {}
      const own = Array.from(slopes).filter((_, node) => nodes(node))
      return Math.hypot(...own) / Math.sqrt(own.length)
    }
    const tree = balancedTree(1024)
    const isParent = new Set(tree.parents)
    const leaves = await norm(tree.parents, (node) => !isParent.has(node))
    const start = await norm(chainTree(1024).parents, (node) => node === 0)
    expect(leaves).toBeGreaterThan(0)
    expect(leaves).toBeGreaterThan(1e6 * start)
  })
})
