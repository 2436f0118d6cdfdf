// A character-level language model of Moby-Dick: an LSTM trained by truncated BPTT over parallel
// streams whose state is carried from batch to batch. `npm start` runs it.
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { adam, crossEntropy, dense, embedding, linearRate, load, lstm, sequential } from 'unrolled'
import { compressors } from './moby-dick/compress.js'
import { lossCurve, type Point } from './moby-dick/loss-curve.js'
import { ProgressLine } from './moby-dick/progress.js'
import { sample } from './moby-dick/sample.js'
import { batchCount, corpusOf, parallelStreams, readMobyDick, windows } from './moby-dick/text.js'

/** How large the model is and how long it learns. */
export interface Settings {
  readonly text: string
  readonly hiddenSize: number
  readonly streams: number
  readonly steps: number
  readonly epochs: number
  readonly rate: number
  /** A stop for slow machines; the schedule counts steps, so that results do not depend on time. */
  readonly secondsAtMost: number
  readonly folder: string
}

/** What a run came to. */
export interface Outcome {
  readonly bits: number
  readonly seconds: number
  readonly sameBits: boolean
  readonly sample: string
}

/** Trains, measures, writes a sample and a curve, saves and loads. */
export async function run(settings: Settings): Promise<Outcome> {
  const { hiddenSize, streams, steps, epochs, rate, folder } = settings
  mkdirSync(folder, { recursive: true })
  const { text, alphabet, train, valid, test } = corpusOf(settings.text)
  const vocabularySize = alphabet.length
  const model = sequential(
    [
      embedding({ vocabularySize, size: 64 }),
      lstm({ hiddenSize }),
      dense({ size: vocabularySize }),
    ],
    { seed: 1 },
  )
  console.log(model.summary())

  // The figure of a part: every character asked for once, after at least 128 others.
  const loss = crossEntropy({ ignore: vocabularySize })
  const measure = async (on: typeof model, before: Int32Array, part: Int32Array) => {
    const data = windows(before, part, { ignore: vocabularySize })
    return (await on.evaluate(data, { loss, batchSize: 64 })).loss / Math.LN2
  }

  const perEpoch = batchCount(train, streams, steps)
  const total = perEpoch * epochs
  const [training, validation]: [Point[], Point[]] = [[], []]
  const line = new ProgressLine(process.stderr)
  const started = performance.now()
  const elapsed = () => (performance.now() - started) / 1000
  let done = 0
  let smooth = Math.log(vocabularySize)
  const events = model.train(() => parallelStreams(train, streams, steps), {
    loss: 'crossEntropy',
    optimizer: adam({ rate }),
    schedule: linearRate({ warmup: Math.min(100, total >> 2), steps: total, minimum: 0.02 }),
    clip: { norm: 1 },
    epochs,
    carry: true,
  })
  for await (const event of events) {
    if (event.type === 'epoch') {
      validation.push([done, await measure(model, train, valid)])
      const bits = validation.at(-1)?.[1].toFixed(3)
      line.end(`epoch ${event.record.epoch}: validation ${bits} bits/char`)
      continue
    }
    done += 1
    smooth += (event.loss - smooth) * Math.max(0.02, 1 / done)
    if (done % 10 === 0) training.push([done, smooth / Math.LN2])
    const characters = done * streams * steps
    const { epoch } = event
    line.update({ epoch, step: done, steps: total, loss: smooth, characters, seconds: elapsed() })
    if (elapsed() > settings.secondsAtMost) break
  }
  const seconds = elapsed()
  console.log(`trained ${done} of ${total} steps in ${seconds.toFixed(1)} s`)

  const stream = model.stream()
  const options = { length: 300, prompt: valid.slice(-200), temperature: 0.8, seed: 2 }
  const made = sample(stream, alphabet, options)
  console.log(`\n${made}\n`)

  const bits = await measure(model, valid, test)
  const others = compressors(text, [...text].slice(-test.length).join(''))
  report(bits, others)

  const bzip2 = others.find(({ name }) => name.startsWith('bzip2'))?.after
  const level = { name: 'bzip2', bits: bzip2 ?? 2.47 }
  writeFileSync(join(folder, 'moby-dick.svg'), lossCurve(training, validation, level))
  const path = join(folder, 'moby-dick.safetensors')
  await model.save(path)
  const again = await load<typeof model>(path)
  const sameBits = (await measure(again, valid, test)) === bits
  console.log(`\nloss curve: ${join(folder, 'moby-dick.svg')}`)
  console.log(`model: ${path}, ${statSync(path).size} bytes, ${model.parameterCount} parameters`)
  console.log(`loaded again, the test figure is ${sameBits ? 'the same to the bit' : 'DIFFERENT'}`)
  return { bits, seconds, sameBits, sample: made }
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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const outcome = await run({
    text: readMobyDick(),
    hiddenSize: 256,
    streams: 32,
    steps: 64,
    epochs: 3,
    rate: 4e-3,
    secondsAtMost: 58,
    folder: 'out',
  })
  process.exitCode = outcome.sameBits ? 0 : 1
}
