// Sentiment of trees: each part of a sentence has a label, and the parse decides what a "not" turns round.
import {
  adam,
  bracketsOf,
  dense,
  embedding,
  graph,
  parseTrees,
  type Tree,
  treeLstm,
} from 'unrolled'

const adjectives = { good: 2, funny: 2, fresh: 2, bad: 0, dull: 0, stale: 0 }
const leaves = Object.entries(adjectives).map(([word, label]) => `(${label} ${word})`)
const labelOf = (part: string) => Number(part[1])
const not = (part: string) => `(${2 - labelOf(part)} (1 not) ${part})`
const and = (left: string, right: string) =>
  `(${Math.min(labelOf(left), labelOf(right))} ${left} (${labelOf(right)} (1 and) ${right}))`

/** "not good and bad" has two parses: `(not good) and bad`, and `not (good and bad)`. */
const pairs = leaves.flatMap((left) => leaves.map((right) => [left, right] as const))
const sentences = pairs.flatMap(([left, right]) => [
  and(not(left), right),
  not(and(left, right)),
  and(left, not(right)),
  not(and(not(left), right)),
])
const isHeld = (_: unknown, row: number) => row % 5 === 3
const text = [...leaves, ...leaves.map(not), ...sentences].join('\n')

// [start:trees]
// Lines such as (2 (1 not) (0 (2 good) (0 (1 and) (0 bad)))): 0 negative, 1 neither, 2 positive.
const trees = parseTrees(text)
const words = [...new Set(trees.flatMap((tree) => tree.words))]
const row = ({ parents, words: own }: Tree) => ({
  parents,
  values: own.map((word) => words.indexOf(word)),
})
const labels = (tree: Tree) => tree.labels.map(Number)

const model = graph({ words: { tree: { vocabularySize: words.length } } }, ({ words }) => {
  const { output } = treeLstm({ hiddenSize: 24, children: 2 })(embedding({ size: 12 })(words))
  return { scores: dense({ size: 3 })(output) }
})
const held = trees.filter(isHeld)
const train = trees.filter((tree, index) => !isHeld(tree, index))
const history = await model.fit(
  { x: train.map(row), y: train.map(labels) },
  { loss: 'crossEntropy', optimizer: adam({ learningRate: 0.02 }), epochs: 15, batchSize: 8 },
)

const { scores } = await model.predict(held.map(row))
const found = scores.toNested().map((nodes) => nodes.map((node) => node.indexOf(Math.max(...node))))
for (const [index, tree] of held.slice(0, 10).entries()) {
  console.log(bracketsOf({ ...tree, labels: (found[index] ?? []).map(String) }))
}

// [end:trees]

export { found, held, history }
