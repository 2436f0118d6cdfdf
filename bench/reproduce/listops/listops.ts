import { crossEntropy, dense, embedding, graph, lstm, treeLstm } from 'unrolled'
import { best, percentOf } from '../classes.js'
import type { Job, Outcome, Published } from '../job.js'
import { learn } from '../learn.js'
import { cut, seedOf, shuffled, uniform } from '../random.js'
import { drawExpressions } from './expressions.js'
import {
  CLASSES,
  type Example,
  examplesOf,
  ID_COUNT,
  NONE,
  sequenceBatch,
  treeBatch,
} from './rows.js'

const FULL = {
  train: 60_000,
  valid: 1000,
  test: 5000,
  /** Of the expressions to learn from; those to test are of all lengths. */
  mostTokens: 100,
  embeddingSize: 32,
  hiddenSize: 128,
  batchSize: 64,
  learningRate: 2e-3,
  minimum: 0.05,
  clip: 1,
  epochs: { tree: 16, sequence: 12 },
}

const REDUCED: typeof FULL = {
  ...FULL,
  train: 400,
  valid: 50,
  test: 100,
  mostTokens: 20,
  embeddingSize: 16,
  hiddenSize: 48,
  batchSize: 16,
  learningRate: 1e-2,
  epochs: { tree: 8, sequence: 4 },
}

const PUBLISHED: readonly Published[] = [
  { percent: 71.5, source: 'Nangia and Bowman (2018), ListOps: LSTM, mean of several runs' },
]

/** Scores of the digits at every node: a Tree-LSTM (Tai, Socher, Manning, 2015) of two places. */
function treeModel({ embeddingSize, hiddenSize }: typeof FULL, seed: number) {
  return graph(
    { tokens: { tree: { vocabularySize: ID_COUNT } } },
    ({ tokens }) => {
      const { output } = treeLstm({ hiddenSize, children: 2 })(
        embedding({ size: embeddingSize })(tokens),
      )
      return { scores: dense({ size: CLASSES })(output) }
    },
    { seed },
  )
}

/** Scores of the digits after every token: an LSTM. */
function sequenceModel({ embeddingSize, hiddenSize }: typeof FULL, seed: number) {
  return graph(
    { tokens: { tokens: { vocabularySize: ID_COUNT } } },
    ({ tokens }) => {
      const { output } = lstm({ hiddenSize })(embedding({ size: embeddingSize })(tokens))
      return { scores: dense({ size: CLASSES })(output) }
    },
    { seed },
  )
}

/** Lists of digits under MIN, MAX, MED and SM, one within the other. */
export const listops: Job = {
  about: 'ListOps: digits that nested lists come to, by gold trees and by sequences',
  settings: { full: FULL, reduced: REDUCED },
  async run(work): Promise<Outcome> {
    const settings = work.reduced ? REDUCED : FULL
    const data = drawData(settings, work.seed)
    const { test, train } = data
    const tokens = train.reduce((sum, { length }) => sum + length, 0)
    work.say(`expressions: ${train.length} to learn, of ${tokens} tokens; ${test.length} to test`)
    const tree = await learn(work, () => treeModel(settings, work.seed), {
      ...usual(settings, 'tree'),
      batches: (epoch) => epochOf(train, settings, work.seed, epoch).map(treeBatch),
      measure: (model) => treesRight(model, data.valid),
    })
    const sequence = await learn(work, () => sequenceModel(settings, work.seed), {
      ...usual(settings, 'sequence'),
      batches: (epoch) => epochOf(train, settings, work.seed, epoch).map(sequenceBatch),
      measure: (model) => sequencesRight(model, data.valid),
    })
    const short = test.filter(({ length }) => length <= settings.mostTokens)
    const right = {
      tree: await treesRight(tree.model, test),
      sequence: await sequencesRight(sequence.model, test),
      shortTree: await treesRight(tree.model, short),
      shortSequence: await sequencesRight(sequence.model, short),
    }
    const most = `at most ${settings.mostTokens} tokens`
    return {
      figures: [
        { name: 'right, gold trees', percent: right.tree.answers, target: { atLeast: 98 } },
        { name: 'right, LSTM', percent: right.sequence.answers, published: PUBLISHED },
        { name: `right, gold trees, ${most}`, percent: right.shortTree.answers },
        { name: `right, LSTM, ${most}`, percent: right.shortSequence.answers },
      ],
      details: {
        expressions: { train: train.length, valid: data.valid.length, test: test.length },
        short: short.length,
        tree: tree.place,
        sequence: sequence.place,
      },
    }
  },
}

/** Examples in three parts. */
interface Data {
  readonly train: readonly Example[]
  readonly valid: readonly Example[]
  readonly test: readonly Example[]
}

/** Draws all as published; the parts that are learned from leave out what is too long. */
function drawData({ mostTokens, test, train, valid }: typeof FULL, seed: number): Data {
  // Every seventh or so is longer than 100 tokens, every second longer than 20.
  const all = examplesOf(drawExpressions(test + 3 * (train + valid), seed))
  const rest = all.slice(test).filter(({ length }) => length <= mostTokens)
  return {
    test: all.slice(0, test),
    valid: rest.slice(0, valid),
    train: rest.slice(valid, valid + train),
  }
}

function usual({ clip, epochs, learningRate, minimum }: typeof FULL, name: keyof typeof epochs) {
  const loss = { scores: crossEntropy({ ignore: NONE }) }
  return {
    name,
    epochs: epochs[name],
    learningRate,
    minimum,
    warmup: 50,
    options: { loss, clip: { norm: clip } },
  }
}

/** The batches of an epoch in an order of its own, rows of like lengths together. */
function epochOf(
  train: readonly Example[],
  { batchSize }: typeof FULL,
  seed: number,
  epoch: number,
): Example[][] {
  const random = uniform(seedOf(seed, epoch))
  const pools = cut(shuffled(train, random), 16 * batchSize).map((pool) =>
    pool.sort((a, b) => a.length - b.length),
  )
  return shuffled(
    pools.flatMap((pool) => cut(pool, batchSize)),
    random,
  )
}

/** The share of expressions whose digit is right, in percent. */
async function treesRight(model: ReturnType<typeof treeModel>, examples: readonly Example[]) {
  return answered(examples, async (part) => (await model.predict(treeBatch(part).x)).scores)
}

/** As of trees. */
async function sequencesRight(
  model: ReturnType<typeof sequenceModel>,
  examples: readonly Example[],
) {
  return answered(examples, async (part) => (await model.predict(sequenceBatch(part).x)).scores)
}

/** Scores of each row's nodes or tokens, the whole expression last. */
type Scored = { toNested(): number[][][] }

async function answered(
  examples: readonly Example[],
  score: (part: readonly Example[]) => Promise<Scored>,
) {
  const right: boolean[] = []
  // Few at a time: scores are padded to the longest.
  for (const part of cut(
    examples.toSorted((a, b) => a.length - b.length),
    128,
  )) {
    const rows = (await score(part)).toNested()
    right.push(...part.map(({ answer }, row) => best(rows[row]?.at(-1) ?? []) === answer))
  }
  return { answers: percentOf(right) }
}
