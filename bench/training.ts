import type { Benchmark } from './benchmark.js'
import { inChild } from './child.js'
import { ratioOf, spreadOf, type Time } from './measure.js'
import { short, spreadWords, table } from './table.js'
import type { Found, Order } from './training-run.js'

const SHAPE = { rows: 32, time: 100, inputSize: 128, hiddenSize: 128 }

/** How far the libraries may differ before a comparison of their times means nothing. */
const TOLERANCE = 1e-4

/** A step of training of an LSTM layer, beside TensorFlow.js on WebAssembly. */
export const training: Benchmark = {
  about:
    'LSTM 128, input 128, batch 32, T 100: forward, backward, Adam; mean squared error of all steps',
  async run({ quick }) {
    const order: Order = { shape: SHAPE, rounds: quick ? 2 : 15, steps: quick ? 5 : 20 }
    const all = await inChild<Found>('training-run.js', order)
    const one = await inChild<Found>('training-run.js', order, { UNROLLED_THREADS: '1' })
    for (const { difference } of [all, one]) checkSame(difference)
    const { version, backend, simd, threads } = all.peer
    const { output, loss, gradient } = all.difference
    console.log(
      `  same weights, same batch: outputs differ by at most ${short(output)}, ` +
        `the loss by ${short(loss)} and gradients by ${short(gradient)} of their size`,
    )
    console.log(`  tfjs ${version}, backend ${backend}, SIMD ${simd}, ${threads} thread`)
    const rows = [
      row('all threads', all, 'wall'),
      row('1 thread', one, 'wall'),
      row('all threads, processor time', all, 'processor'),
      row('1 thread, processor time', one, 'processor'),
    ]
    process.stdout.write(
      table(['', 'unrolled ms', 'tfjs ms', 'ratio of medians', 'ratio by round'], rows),
    )
    return { shape: SHAPE, all, one, ratio: { all: ratio(all, 'wall'), one: ratio(one, 'wall') } }
  },
}

function ratio({ samples }: Found, kind: keyof Time) {
  return ratioOf(valuesOf(samples.tfjs, kind), valuesOf(samples.unrolled, kind))
}

function valuesOf(samples: readonly Time[], kind: keyof Time): number[] {
  return samples.map((sample) => sample[kind])
}

function row(name: string, found: Found, kind: keyof Time): string[] {
  const { ofMedians, byRound } = ratio(found, kind)
  const { unrolled, tfjs } = found.samples
  return [
    name,
    spreadWords(spreadOf(valuesOf(unrolled, kind))),
    spreadWords(spreadOf(valuesOf(tfjs, kind))),
    short(ofMedians),
    spreadWords(byRound),
  ]
}

function checkSame(difference: Found['difference']): void {
  for (const [name, value] of Object.entries(difference)) {
    // Written so that NaN fails.
    if (!(value < TOLERANCE)) throw new Error(`training: ${name} differs by ${value} from tfjs's`)
  }
}
