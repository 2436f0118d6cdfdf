import type { Figure, Job, Outcome, Work } from '../job.js'
import { learn } from '../learn.js'
import {
  bagModel,
  phraseBatch,
  phrasesRight,
  sequenceModel,
  treeBatch,
  treeModel,
  treesRight,
} from './models.js'
import { epochOf, type Phrase, partsOf, sentencesOf, treesOf } from './rows.js'
import { drawSentences } from './sentences.js'

const FULL = {
  /** Pairs of sentences of the same words, one negative and one positive. */
  pairs: { train: 2000, valid: 300, test: 700 },
  embeddingSize: 32,
  hiddenSize: 64,
  learningRate: 5e-3,
  minimum: 0.1,
  /** Trees of a batch, and phrases. */
  batchSize: { trees: 32, phrases: 256 },
  epochs: { tree: 10, sequence: 20, bag: 5 },
  clip: 1,
}

const REDUCED: typeof FULL = {
  ...FULL,
  pairs: { train: 150, valid: 20, test: 40 },
  embeddingSize: 12,
  hiddenSize: 24,
  learningRate: 2e-2,
  batchSize: { trees: 8, phrases: 32 },
  epochs: { tree: 6, sequence: 10, bag: 2 },
}

/** Sentences whose words alone do not tell their sentiment. */
export const sentimentTrees: Job = {
  about: 'sentiment of sentences with negations: trees, sequences and bags of words',
  settings: { full: FULL, reduced: REDUCED },
  async run(work): Promise<Outcome> {
    const settings = work.reduced ? REDUCED : FULL
    const { pairs, batchSize, epochs } = settings
    const drawn = drawSentences(pairs.train, pairs.valid + pairs.test, work.seed)
    const valid = drawn.test.slice(0, pairs.valid)
    const test = drawn.test.slice(pairs.valid)
    const [trees, parts] = [treesOf(drawn.train), partsOf(drawn.train)]
    work.say(
      `${trees.length} sentences to learn, of ${parts.length} parts; ${2 * test.length} to test`,
    )
    const validTrees = treesOf(valid)
    const tree = await learn(work, () => treeModel(settings, work.seed), {
      ...usual(settings),
      name: 'tree',
      epochs: epochs.tree,
      batches: (epoch) => epochOf(trees, batchSize.trees, work.seed, epoch).map(treeBatch),
      measure: (model) => treesRight(model, validTrees),
    })
    const phrases = { train: parts, valid: sentencesOf(valid) }
    const sequence = await learnPhrases(work, settings, 'sequence', phrases)
    const bag = await learnPhrases(work, settings, 'bag', phrases)
    const words = sentencesOf(test)
    const right = {
      tree: await treesRight(tree.model, treesOf(test)),
      sequence: await phrasesRight(sequence.model, words),
      bag: await phrasesRight(bag.model, words),
    }
    return {
      figures: figuresOf(right),
      details: {
        sentences: { train: trees.length, valid: 2 * valid.length, test: 2 * test.length },
        parts: parts.length,
        tree: tree.place,
        sequence: sequence.place,
        bag: bag.place,
      },
    }
  },
}

function usual({ clip, learningRate, minimum }: typeof FULL) {
  return {
    learningRate,
    minimum,
    warmup: 10,
    options: { loss: { scores: 'crossEntropy' as const }, clip: { norm: clip } },
  }
}

const MODELS = { sequence: sequenceModel, bag: bagModel }

/** Trains a model of sequences on all parts of the sentences. */
function learnPhrases(
  work: Work,
  settings: typeof FULL,
  name: keyof typeof MODELS,
  { train, valid }: Readonly<Record<'train' | 'valid', readonly Phrase[]>>,
) {
  const { batchSize, epochs } = settings
  return learn(work, () => MODELS[name](settings, work.seed), {
    ...usual(settings),
    name,
    epochs: epochs[name],
    batches: (epoch) => epochOf(train, batchSize.phrases, work.seed, epoch).map(phraseBatch),
    measure: (model) => phrasesRight(model, valid),
  })
}

/** The shares that are right; a bag of words gives both sentences of a pair the same class. */
function figuresOf({
  bag,
  sequence,
  tree,
}: {
  readonly tree: Readonly<Record<'sentences' | 'parts', number>>
  readonly sequence: { readonly sentences: number }
  readonly bag: { readonly sentences: number }
}): Figure[] {
  return [
    { name: 'sentences right, tree', percent: tree.sentences, target: { atLeast: 98 } },
    { name: 'parts right, tree', percent: tree.parts },
    { name: 'sentences right, LSTM', percent: sequence.sentences, target: { atLeast: 95 } },
    { name: 'sentences right, bag of words', percent: bag.sentences, target: { atMost: 55 } },
  ]
}
