import {
  adam,
  bidirectional,
  cell,
  dense,
  embedding,
  fold,
  graph,
  gumbelTree,
  last,
  randomTree,
  root,
  scan,
  type TrainOptions,
  treeCell,
  treeLstm,
} from 'unrolled'
import { describe, expect, test } from 'vitest'

const CLASSES = 3

/** Trees of 1 to 7 leaves, an id of each node, a class of each node, and that of the root. */
function trees(count: number, seed: number) {
  const x = Array.from({ length: count }, (_, row) => {
    const { parents } = randomTree(1 + ((5 * row + seed) % 7), seed + row)
    return { parents: [...parents], values: [...parents].map((_, node) => (3 * node + row) % 5) }
  })
  const nodes = x.map(({ values }) => values.map((id, node) => (id + node) % CLASSES))
  const roots = x.map(({ parents, values }) => (values[parents.indexOf(-1)] ?? 0) % CLASSES)
  return { x, y: { nodes, roots } }
}

const network = () =>
  graph(
    { words: { tree: { vocabularySize: 5 } } },
    ({ words }) => {
      const { output } = treeLstm({ hiddenSize: 7, children: 2 })(embedding({ size: 4 })(words))
      const score = dense({ size: CLASSES })
      return { nodes: score(output), roots: score(root()(output)) }
    },
    { seed: 2 },
  )

const loss = { nodes: 'crossEntropy', roots: 'crossEntropy' } as const

async function trained(data: Parameters<ReturnType<typeof network>['fit']>[0], more: TrainOptions) {
  const model = network()
  const options = { loss, optimizer: adam({ learningRate: 0.02 }), epochs: 2, seed: 7 } as const
  const { epochs } = await model.fit(data, { ...options, ...more } as never)
  return { losses: epochs.map((epoch) => epoch.loss), parameters: model.parameters() }
}

describe('training on trees', () => {
  test('batches of whole row groups make the update of one large batch', async () => {
    const data = trees(83, 1)
    const one = await trained(data, { batchSize: 32 } as TrainOptions)
    const many = await trained(data, { batchSize: 16, accumulate: 2 } as TrainOptions)
    expect(many).toEqual(one)
    expect(await trained(data, { batchSize: 16 } as TrainOptions)).not.toEqual(one)
  })

  test('an asynchronous source of batches makes the updates of a list', async () => {
    const batches = [trees(20, 1), trees(9, 2), trees(33, 3)]
    const source = {
      async *[Symbol.asyncIterator]() {
        for (const batch of batches) {
          await new Promise((resolve) => setTimeout(resolve))
          yield batch
        }
      },
    }
    const list = await trained(batches as never, { epochs: 1 } as TrainOptions)
    expect(await trained(source as never, { epochs: 1 } as TrainOptions)).toEqual(list)
  })

  test('a metric is of roots, or of nodes', async () => {
    const [{ x, y }, model] = [trees(50, 4), network()]
    const { nodes, roots } = await model.predict(x)
    const best = (scores: readonly number[]) => scores.indexOf(Math.max(...scores))
    const right = roots.toNested().filter((scores, row) => best(scores) === y.roots[row]).length
    const each = nodes.toNested().flatMap((row, at) => {
      const classes = y.nodes[at] ?? []
      return classes.map((of, node) => Number(best(row[node] ?? []) === of))
    })
    const rightNodes = each.reduce((sum, one) => sum + one, 0)
    const seen: number[] = []
    const own = {
      name: 'rootError',
      compute({ outputs, targets }: { outputs: object; targets: Record<string, unknown> }) {
        seen.push(Object.keys(outputs).length + Object.keys(targets).length)
        return 0.25
      },
    }
    const scores = await model.evaluate(
      { x, y },
      { loss, metrics: ['accuracy', own as never], batchSize: 16 },
    )
    expect(scores['roots.accuracy']).toBeCloseTo(right / x.length, 10)
    expect(scores['nodes.accuracy']).toBeCloseTo(rightNodes / each.length, 10)
    expect(scores).toMatchObject({ rootError: 0.25 })
    expect(seen).toEqual([4, 4, 4, 4])
    expect(right).toBeGreaterThan(0)
  })
})

describe('refused', () => {
  const forSequences = cell({ h: 2 }, ({ h }) => ({ h }))
  const forTrees = treeCell({ h: 2 }, (children) => ({ h: children.sum(({ h }) => h) }))
  test.each<[string, () => unknown, string]>([
    ['a scan', () => scan(forTrees as never), 'scan cell: expected a cell, received a tree cell'],
    [
      'both ways',
      () => bidirectional(forTrees as never),
      'bidirectional cell: expected a cell, received a tree cell; fold it up trees',
    ],
    [
      'a way back',
      () => bidirectional(forSequences, { backward: forTrees as never }),
      'expected a cell, received a tree cell',
    ],
    [
      'a fold',
      () => fold(forSequences as never),
      'fold cell: expected a tree cell, received a cell of a sequence; scan it',
    ],
  ])('%s of the other cell', (_, run, message) => {
    expect(run).toThrow(message)
    expect(run).toThrow(expect.objectContaining({ code: 'ERR_UNROLLED_ARGUMENT' }))
  })

  test('a loss of merges, which no gradient goes back from', async () => {
    const model = graph({ x: { sequence: { size: 2 } } }, ({ x }) => {
      const { output, merges } = gumbelTree({ hiddenSize: 2 })(x)
      return { output, merges, ends: last()(merges) }
    })
    const x = [[[1, 2]], [[3, 4]]]
    const merges = [[[0]], [[0]]]
    await expect(
      model.fit({ x, y: { merges } } as never, { loss: { merges: 'meanSquared' } } as never),
    ).rejects.toMatchObject({
      code: 'ERR_UNROLLED_ARGUMENT',
      message: expect.stringContaining("received the merges 'merges'; train"),
    })
  })
})
