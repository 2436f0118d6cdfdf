import type { Benchmark } from './benchmark.js'
import { inChild } from './child.js'
import type { Growth } from './linear-memory.js'
import { lstmModel, randomBatch, timeStep } from './lstm.js'
import { interleave, type Sampler, spreadOf } from './measure.js'
import { short, spreadWords, table } from './table.js'

const SHAPE = { rows: 16, inputSize: 64, hiddenSize: 64 }
const TIMES = [100, 200, 400, 800, 1600, 3200]

/** The results of one length. */
interface Entry {
  readonly time: number
  readonly milliseconds: ReturnType<typeof spreadOf>
  readonly bytes: number
  readonly batchBytes: number
}

/** Time and memory of a step of training for sequences twice as long, and twice again. */
export const linear: Benchmark = {
  about: 'LSTM 64, input 64, batch 16: a step of training, T from 100 to 3200',
  async run({ quick }) {
    const samples = await interleave(samplers(quick ? 3200 : 12800), quick ? 2 : 9)
    const entries: Entry[] = []
    for (const time of TIMES) {
      const growth = await inChild<Growth>('linear-memory.js', { ...SHAPE, time })
      const milliseconds = spreadOf((samples[`T${time}`] ?? []).map(({ wall }) => wall))
      entries.push({ time, milliseconds, bytes: growth.peak, batchBytes: growth.batch })
    }
    const header = ['T', 'ms', 'time(T)/time(T/2)', 'us a step of T', 'MiB', 'KiB a step of T']
    process.stdout.write(table(header, entries.map(row)))
    return { shape: SHAPE, entries }
  },
}

/** Each sample trains on about the same number of time steps. */
function samplers(work: number): Record<string, Sampler> {
  const made = TIMES.map((time): [string, Sampler] => {
    const shape = { ...SHAPE, time }
    const [model, batch] = [lstmModel(shape), randomBatch(shape)]
    return [`T${time}`, () => timeStep(model, shape, batch, Math.max(2, work / time))]
  })
  return Object.fromEntries(made)
}

function row({ time, milliseconds, bytes }: Entry, index: number, all: readonly Entry[]): string[] {
  const half = all[index - 1]?.milliseconds.median
  return [
    String(time),
    spreadWords(milliseconds),
    half === undefined ? '' : short(milliseconds.median / half),
    short((1000 * milliseconds.median) / time),
    short(bytes / 2 ** 20),
    short(bytes / 1024 / time),
  ]
}
