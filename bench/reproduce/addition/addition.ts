import { dense, graph, lstm, oneHot, repeat } from 'unrolled'
import { best, percentOf } from '../classes.js'
import type { Job, Outcome } from '../job.js'
import { learn } from '../learn.js'
import { cut, seedOf, shuffled, uniform } from '../random.js'
import { CHARACTERS, drawPairs, type Sums, sumsOf } from './sums.js'

const FULL = {
  digits: 3,
  examples: 50_000,
  hiddenSize: 128,
  batchSize: 128,
  learningRate: 1e-3,
  epochs: 100,
  /** The share of held-out sums, in percent, that ends the training. */
  goal: 99,
}

const REDUCED = {
  ...FULL,
  digits: 2,
  examples: 800,
  hiddenSize: 32,
  batchSize: 16,
  learningRate: 1e-2,
  epochs: 8,
}

const SOURCE =
  'Keras, addition_rnn: "Three digits reversed: One layer LSTM (128 HN), 50k training examples = 99% train/test ' +
  'accuracy in 100 epochs"'

/** Keras's model: encoder, the last state at each step, decoder, a class for each character. */
function make({ digits, hiddenSize }: typeof FULL, seed: number) {
  const question = { tokens: { vocabularySize: CHARACTERS.length } } as const
  return graph(
    { question },
    ({ question }) => {
      const { state } = lstm({ hiddenSize, name: 'encoder' })(oneHot(question))
      const { output } = lstm({ hiddenSize, name: 'decoder' })(repeat(state.h, digits + 1))
      return { scores: dense({ size: CHARACTERS.length })(output) }
    },
    { seed },
  )
}

/** Sums of numbers as text. */
export const addition: Job = {
  about: 'sums of numbers of three digits, as text, back to front',
  settings: { full: FULL, reduced: REDUCED },
  async run(work): Promise<Outcome> {
    const settings = work.reduced ? REDUCED : FULL
    const { batchSize, digits, epochs, examples, goal, learningRate } = settings
    const pairs = drawPairs(examples, digits, work.seed)
    const held = Math.floor(examples / 10)
    const test = sumsOf(pairs.slice(0, held), digits)
    const train = pairs.slice(held)
    work.say(`sums: ${train.length} train, ${held} held out`)
    const { model, place } = await learn(work, () => make(settings, work.seed), {
      name: 'sums',
      epochs,
      learningRate,
      // Keras keeps the rate.
      minimum: 1,
      warmup: 0,
      options: { loss: { scores: 'crossEntropy' } },
      batches: (epoch) => {
        const order = shuffled(train, uniform(seedOf(work.seed, epoch)))
        return cut(order, batchSize).map((part) => batchOf(sumsOf(part, digits)))
      },
      measure: (model) => right(model, test),
      enough: ({ sums = 0 }) => sums >= goal,
    })
    const { characters, sums } = await right(model, test)
    const published = [{ percent: 99, source: SOURCE }]
    const target = { atLeast: goal }
    return {
      figures: [
        { name: 'characters right, held out', percent: characters, target, published },
        { name: 'whole sums right, held out', percent: sums, target },
      ],
      details: { train: train.length, held, epochs: place.epochs, sums: place },
    }
  },
}

function batchOf({ questions, answers }: Sums) {
  return { x: { question: questions }, y: { scores: answers } }
}

/** The shares that are right, in percent: of characters, as Keras counts, and of sums without a wrong one. */
async function right(model: ReturnType<typeof make>, { questions, answers }: Sums) {
  const { scores } = await model.predict({ question: questions })
  const hits = scores
    .toNested()
    .map((steps, row) => steps.map((step, at) => best(step) === answers[row]?.[at]))
  return {
    characters: percentOf(hits.flat()),
    sums: percentOf(hits.map((row) => row.every(Boolean))),
  }
}
