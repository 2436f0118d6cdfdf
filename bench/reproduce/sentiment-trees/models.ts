import {
  dense,
  embedding,
  graph,
  last,
  lstm,
  mean,
  type Sequence,
  treeLstm,
  type Vector,
} from 'unrolled'
import { best, percentOf } from '../classes.js'
import { CLASSES, ID_COUNT, type Phrase, type TreeExample } from './rows.js'

/** Sizes of the models. */
export interface Sizes {
  readonly embeddingSize: number
  readonly hiddenSize: number
}

/** Scores of the classes at every node: a Tree-LSTM (Tai, Socher, Manning, 2015) of two places. */
export function treeModel({ embeddingSize, hiddenSize }: Sizes, seed: number) {
  return graph(
    { words: { tree: { vocabularySize: ID_COUNT } } },
    ({ words }) => {
      const { output } = treeLstm({ hiddenSize, children: 2 })(
        embedding({ size: embeddingSize })(words),
      )
      return { scores: dense({ size: CLASSES })(output) }
    },
    { seed },
  )
}

/** Scores of the classes of a phrase, from its words alone. */
function phraseModel(
  { embeddingSize }: Sizes,
  seed: number,
  read: (words: Sequence<number>) => Vector<number>,
) {
  return graph(
    { words: { tokens: { vocabularySize: ID_COUNT } } },
    ({ words }) => ({
      scores: dense({ size: CLASSES })(read(embedding({ size: embeddingSize })(words))),
    }),
    { seed },
  )
}

/** An LSTM over the words. */
export function sequenceModel(sizes: Sizes, seed: number) {
  const { hiddenSize } = sizes
  return phraseModel(sizes, seed, (words) => last()(lstm({ hiddenSize })(words).output))
}

/** The mean of the words' vectors: the order is lost. */
export function bagModel(sizes: Sizes, seed: number) {
  return phraseModel(sizes, seed, (words) => mean()(words))
}

export function treeBatch(trees: readonly TreeExample[]) {
  return {
    x: { words: trees.map(({ row }) => row) },
    y: { scores: trees.map(({ classes }) => classes) },
  }
}

export function phraseBatch(phrases: readonly Phrase[]) {
  return {
    x: { words: phrases.map(({ ids }) => ids) },
    y: { scores: phrases.map((phrase) => phrase.class) },
  }
}

/** The shares of whole sentences and of all their parts that are right, in percent. */
export async function treesRight(
  model: ReturnType<typeof treeModel>,
  trees: readonly TreeExample[],
) {
  const { scores } = await model.predict(treeBatch(trees).x)
  const right = scores
    .toNested()
    .map((nodes, row) => nodes.map((node, at) => best(node) === trees[row]?.classes[at]))
  return {
    sentences: percentOf(right.map((nodes) => nodes.at(-1) === true)),
    parts: percentOf(right.flat()),
  }
}

/** The share of sentences that are right, in percent. */
export async function phrasesRight(
  model: ReturnType<typeof phraseModel>,
  phrases: readonly Phrase[],
) {
  const { scores } = await model.predict(phraseBatch(phrases).x)
  const right = scores.toNested().map((row, at) => best(row) === phrases[at]?.class)
  return { sentences: percentOf(right) }
}
