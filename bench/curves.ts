import type { Precision } from 'unrolled'
import { corpusOf, readMobyDick } from '../examples/moby-dick/text.js'
import { build, job, training } from '../examples/moby-dick.js'
import type { Benchmark } from './benchmark.js'
import { short, table } from './table.js'

/** Steps whose mean loss is a point of the curve: one step's depends on its few characters. */
const POINT = 100
/** The largest distance of the curves, relative to the loss. */
const APART = 0.01

/** The loss of what `npm start` trains, in f32 and in bf16, over the same characters. */
export const curves: Benchmark = {
  about: 'the loss of `npm start` in f32 and in bf16',
  async run({ quick }) {
    const steps = quick ? 2 * POINT : Number.POSITIVE_INFINITY
    const full = await learn('f32', steps)
    const rounded = await learn('bf16', steps)
    const points = full.map((loss, at) => {
      const other = rounded[at] ?? Number.NaN
      return { steps: (at + 1) * POINT, f32: loss, bf16: other, apart: Math.abs(other / loss - 1) }
    })
    const most = Math.max(...points.map(({ apart }) => apart))
    const shown = points.filter(
      ({ steps, apart }, at) => steps % 500 === 0 || apart === most || at === points.length - 1,
    )
    const cells = shown.map(({ steps, f32, bf16, apart }) => {
      return [String(steps), short(f32), short(bf16), `${short(100 * apart)} %`]
    })
    process.stdout.write(table(['steps', 'f32, nats', 'bf16', 'apart'], cells))
    const met = most <= APART ? 'reached' : 'not reached'
    console.log(`  apart by ${short(100 * most)} % at most, to reach: ${100 * APART} %: ${met}`)
    return { points, most }
  },
}

/** The mean losses of each {@link POINT} steps. */
async function learn(precision: Precision, most: number): Promise<number[]> {
  const { alphabet, train } = corpusOf(readMobyDick())
  const model = build(alphabet.length, job.hiddenSize, precision)
  const means: number[] = []
  let sum = 0
  let done = 0
  for await (const event of training(model, train, job)) {
    if (event.type !== 'step') continue
    sum += event.loss
    done += 1
    if (done % POINT === 0) {
      means.push(sum / POINT)
      sum = 0
    }
    if (done >= most) break
  }
  return means
}
