import { beam, encoderDecoder } from 'unrolled'
import type { Job, Outcome, Work } from '../job.js'
import { learn } from '../learn.js'
import { cut } from '../random.js'
import { alignmentText } from './alignment.js'
import { errorsOf } from './errors.js'
import { figuresOf } from './figures.js'
import {
  batchesOf,
  batchOf,
  END,
  LETTERS,
  letterIds,
  PHONE_COUNT,
  pairsOf,
  phonesOf,
} from './ids.js'
import { FULL, REDUCED, type Settings } from './settings.js'
import { readDictionary, type Split, splitWords, type Word, wordsOf } from './words.js'

/** Both models: with attention, and with a context of one size (the encoder's last state). */
const MODELS = {
  attention: (settings: Settings, seed: number) => make(settings, seed, 'additive'),
  fixed: (settings: Settings, seed: number) => make(settings, seed),
}

function make(settings: Settings, seed: number, attention?: 'additive') {
  const { hiddenSize, embeddingSize, numLayers, dropout } = settings
  return encoderDecoder({
    source: { vocabularySize: LETTERS.length },
    target: { vocabularySize: PHONE_COUNT, start: END },
    hiddenSize,
    embeddingSize,
    numLayers,
    dropout,
    bidirectional: true,
    attention,
    seed,
  })
}

type Speller = ReturnType<typeof make>

/** From letters to phones: CMUdict. */
export const g2p: Job = {
  about: 'letters to phones of CMUdict, with attention and without',
  settings: { full: FULL, reduced: REDUCED },
  async run(work): Promise<Outcome> {
    const settings = work.reduced ? REDUCED : FULL
    const split = splitWords(wordsOf(readDictionary()), work.seed, settings.words)
    const words = { train: split.train.length, valid: split.valid.length, test: split.test.length }
    work.say(`words: ${words.train} train, ${words.valid} valid, ${words.test} test`)
    const attention = await trained(work, 'attention', settings, split)
    const fixed = await trained(work, 'fixed', settings, split)
    const alignment = await aligned(attention.model, split.test)
    work.say(`\n${alignment}`)
    return {
      figures: figuresOf(attention.errors, fixed.errors),
      details: { words, attention: attention.place, fixed: fixed.place, alignment },
    }
  },
}

/** Trains one of the models and measures it on the test part. */
async function trained(work: Work, name: keyof typeof MODELS, settings: Settings, split: Split) {
  const { batchSize, clip, epochs, learningRate, minimum, warmup } = settings
  const pairs = pairsOf(split.train)
  const valid = cut(pairsOf(split.valid), batchSize).map(batchOf)
  const { model, place } = await learn(work, () => MODELS[name](settings, work.seed), {
    name,
    epochs,
    learningRate,
    minimum,
    warmup,
    options: { loss: { scores: 'crossEntropy' }, clip: { norm: clip } },
    batches: (epoch) => batchesOf(pairs, batchSize, work.seed, epoch),
    measure: async (model) => {
      const { loss } = await model.evaluate(valid, { loss: { scores: 'crossEntropy' } })
      return { validation: loss }
    },
  })
  const found = await pronounced(work, model, split.test, settings.beamWidth)
  const errors = errorsOf(
    found,
    split.test.map(({ pronunciations }) => pronunciations),
  )
  work.say(
    `${name}: word error ${errors.word.toFixed(1)} %, phone error ${errors.phone.toFixed(1)} %`,
  )
  return { model, errors, place }
}

/** The likeliest pronunciation of each word that a beam finds. */
async function pronounced(work: Work, model: Speller, words: readonly Word[], width: number) {
  const found: string[][] = []
  for (const part of cut(words, 256)) {
    const source = part.map(({ letters }) => letterIds(letters))
    const maxSteps = 2 + 2 * Math.max(...source.map((ids) => ids.length))
    const rows = await model.generate(
      { source },
      { search: beam({ width }), maxSteps, endToken: END, signal: work.signal },
    )
    found.push(...rows.map(({ tokens }) => phonesOf(tokens)))
  }
  return found
}

/** The alignment of a long word, drawn as text. */
async function aligned(model: Speller, words: readonly Word[]): Promise<string> {
  const { letters } = words.find((word) => word.letters.length >= 8) ?? words[0] ?? NO_WORD
  const source = [letterIds(letters)]
  const maxSteps = 2 + 2 * letters.length
  const [made] = await model.generate({ source }, { maxSteps, endToken: END })
  return alignmentText([...letters], phonesOf(made?.tokens ?? []), made?.alignment ?? [])
}

const NO_WORD: Word = { letters: '', pronunciations: [] }
