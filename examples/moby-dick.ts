// A character-level language model of Moby-Dick: an LSTM trained by truncated BPTT over parallel
// streams whose state is carried from batch to batch. `npm start` runs it; `npm start -- --precision bf16` rounds
// the operands of its products, and `--seconds N` is how long it may train. Ctrl-C finishes the step and saves;
// `npm start -- --resume` goes on to the same bits.
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import {
  adam,
  crossEntropy,
  dense,
  embedding,
  linearDecay,
  load,
  lstm,
  type Precision,
  sequential,
  type TrainOptions,
} from 'unrolled'
import { interruptible } from './interrupt.js'
import { compressors } from './moby-dick/compress.js'
import { lossCurve, type Point } from './moby-dick/loss-curve.js'
import { ProgressLine } from './moby-dick/progress.js'
import { sample } from './moby-dick/sample.js'
import {
  batchCount,
  type Corpus,
  corpusOf,
  parallelStreams,
  readMobyDick,
  windows,
} from './moby-dick/text.js'

/** An id that is no character: what a model is not asked for. */
const NO_TARGET = 0x7fff_ffff

/** Size of the model and length of the training. */
export interface Settings {
  readonly text: string
  readonly hiddenSize: number
  readonly precision: Precision
  /** Parts of the text that are read side by side. */
  readonly streams: number
  /** Characters of each part in a step of the optimizer; gradients go no further back. */
  readonly steps: number
  readonly epochs: number
  readonly learningRate: number
  /** A stop for slow machines; the schedule counts steps, so that results do not depend on time. */
  readonly secondsAtMost: number
  readonly folder: string
  /** Goes on from the last checkpoint in the folder. */
  readonly resume?: boolean
  readonly signal?: AbortSignal
}

/** Outcome of a run. */
export interface Outcome {
  readonly bits: number
  /** Bits a character that bzip2 adds for the same part of the text; none if not installed. */
  readonly bzip2: number | undefined
  readonly seconds: number
  readonly sameBits: boolean
  readonly sample: string
}

/** Trains, measures, writes a sample and a curve, saves and loads. */
export async function run(settings: Settings): Promise<Outcome> {
  const { folder, hiddenSize, precision } = settings
  mkdirSync(folder, { recursive: true })
  const corpus = corpusOf(settings.text)
  const { alphabet, train, valid, test } = corpus
  console.log(`characters: ${train.length} train, ${valid.length} valid, ${test.length} test`)
  const model = build(alphabet.length, hiddenSize, precision)
  console.log(model.summary())

  const { curve: points, validation, seconds } = await learn(model, corpus, settings)
  const options = { length: 300, prompt: valid.slice(-200), temperature: 0.8, seed: 2 }
  const made = sample(model.stream(), alphabet, options)
  console.log(`\n${made}\n`)

  const bits = await bitsOf(model, valid, test)
  const others = compressors(settings.text, [...settings.text].slice(-test.length).join(''))
  report(bits, others)

  const bzip2 = others.find(({ name }) => name.startsWith('bzip2'))?.after
  const level = bzip2 === undefined ? undefined : { name: 'bzip2', bits: bzip2 }
  const curve = lossCurve(points, validation, level)
  writeFileSync(join(folder, 'moby-dick.svg'), curve)
  const path = join(folder, 'moby-dick.safetensors')
  await model.save(path)
  const again = await load<typeof model>(path, { precision })
  const sameBits = (await bitsOf(again, valid, test)) === bits
  console.log(`\nloss curve: ${join(folder, 'moby-dick.svg')}`)
  console.log(`model: ${path}, ${statSync(path).size} bytes, ${model.parameterCount} parameters`)
  console.log(`loaded again, the test figure is ${sameBits ? 'the same to the bit' : 'DIFFERENT'}`)
  if (bzip2 !== undefined && bits >= bzip2) {
    console.log(
      `not below bzip2: ${bits.toFixed(2)} against ${bzip2.toFixed(2)} bits per character`,
    )
  }
  return { bits, bzip2, seconds, sameBits, sample: made }
}

/** Tells if a run succeeded: below bzip2, and the saved model gives the same bits. */
export function succeeded({ bits, bzip2, sameBits }: Outcome): boolean {
  return sameBits && (bzip2 === undefined || bits < bzip2)
}

/** The network: characters, one recurrent layer, scores of the next character. */
export function build(vocabularySize: number, hiddenSize: number, precision: Precision) {
  return sequential(
    [
      embedding({ vocabularySize, size: 64 }),
      lstm({ hiddenSize }),
      dense({ size: vocabularySize }),
    ],
    { seed: 1, precision },
  )
}

type LanguageModel = ReturnType<typeof build>

/** The settings of the training. */
type Learning = Pick<Settings, 'streams' | 'steps' | 'epochs' | 'learningRate'>

/** How a run is kept on disk and stopped. */
type Keeping = Pick<TrainOptions, 'checkpoint' | 'resume' | 'signal'>

/** Bits a character of `part`: each is asked for once, after 128 others or more. */
async function bitsOf(model: LanguageModel, before: Int32Array, part: Int32Array) {
  const ignore = NO_TARGET
  const loss = crossEntropy({ ignore })
  const scores = await model.evaluate(windows(before, part, { ignore }), { loss, batchSize: 64 })
  return scores.loss / Math.LN2
}

/** Trains with a live line; gives the curves and the seconds it took. */
async function learn(model: LanguageModel, { train, valid, alphabet }: Corpus, settings: Settings) {
  const { streams, steps, signal } = settings
  const total = stepCount(train, settings)
  const path = join(settings.folder, 'moby-dick-run')
  if (settings.resume !== true && existsSync(path)) {
    console.error(`removes the earlier run in ${path}; --resume would go on with it`)
    rmSync(path, { recursive: true })
  }
  const keeping = { checkpoint: { path }, resume: 'latest', ...(signal && { signal }) }
  const [curve, validation]: [Point[], Point[]] = [[], []]
  const line = new ProgressLine(process.stderr)
  const started = performance.now()
  const elapsed = () => (performance.now() - started) / 1000
  let [done, seen] = [0, 0]
  let loss = Math.log(alphabet.length)
  for await (const event of training(model, train, settings, keeping)) {
    if (event.type === 'epoch') {
      // An epoch of the run that was stopped.
      if (seen === 0) continue
      const bits = await bitsOf(model, train, valid)
      validation.push([done, bits])
      line.end(`epoch ${event.record.epoch}: validation ${bits.toFixed(3)} bits/char`)
      continue
    }
    const { epoch } = event
    done = (epoch - 1) * batchCount(train, streams, steps) + event.step
    seen += 1
    loss += (event.loss - loss) * Math.max(0.02, 1 / seen)
    if (done % 10 === 0) curve.push([done, loss / Math.LN2])
    const characters = seen * streams * steps
    const seconds = elapsed()
    line.update({ epoch, step: done, steps: total, taken: seen, loss, characters, seconds })
    if (elapsed() > settings.secondsAtMost) break
  }
  const cut = done < total ? `, stopped by the limit of ${settings.secondsAtMost} s` : ''
  console.log(`trained ${done} of ${total} steps in ${elapsed().toFixed(1)} s${cut}`)
  return { curve, validation, seconds: elapsed() }
}

/** The run itself, an event a step and an epoch. */
export function training(
  model: LanguageModel,
  text: Int32Array,
  settings: Learning,
  keeping: Keeping = {},
) {
  const { streams, steps, epochs, learningRate } = settings
  const total = stepCount(text, settings)
  return model.train(() => parallelStreams(text, streams, steps), {
    loss: 'crossEntropy',
    optimizer: adam({ learningRate }),
    schedule: linearDecay({ warmup: Math.min(100, total >> 2), steps: total, minimum: 0.02 }),
    clip: { norm: 1 },
    epochs,
    carry: true,
    ...keeping,
  })
}

function stepCount(text: Int32Array, { streams, steps, epochs }: Learning): number {
  return batchCount(text, streams, steps) * epochs
}

function report(bits: number, others: ReturnType<typeof compressors>): void {
  const cell = (value: number | undefined) => value?.toFixed(2) ?? 'not installed'
  console.log('test part, bits per character      after the text before it    alone')
  console.log(`${'this model'.padEnd(34)} ${bits.toFixed(2)}`)
  for (const { name, after, alone } of others) {
    console.log(`${name.padEnd(34)} ${cell(after).padEnd(27)} ${cell(alone)}`)
  }
  console.log('The model has read the text before the test part in training, so its figure stands')
  console.log('beside what a compressor adds for the test part: the size of the whole text less')
  console.log('the size of the text without it. "alone" is the test part compressed by itself.')
}

/** The settings of `npm start`. */
export const job = {
  hiddenSize: 256,
  streams: 32,
  steps: 16,
  epochs: 2,
  learningRate: 0.012,
  secondsAtMost: 58,
  folder: 'out',
} as const

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      precision: { type: 'string', default: 'f32' },
      seconds: { type: 'string' },
      resume: { type: 'boolean', default: false },
    },
  })
  const settings = {
    ...job,
    text: readMobyDick(),
    precision: values.precision as Precision,
    secondsAtMost: Number(values.seconds ?? job.secondsAtMost),
    resume: values.resume,
  }
  const outcome = await interruptible('npm start -- --resume', (signal) =>
    run({ ...settings, signal }),
  )
  process.exitCode = succeeded(outcome) ? 0 : 1
}
