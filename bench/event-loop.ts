import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { adam } from 'unrolled'
import type { Benchmark } from './benchmark.js'
import { ADAM, examples, lstmModel, randomBatch } from './lstm.js'
import { percentile } from './measure.js'
import { short, table } from './table.js'

const SHAPE = { rows: 32, time: 100, inputSize: 128, hiddenSize: 128 }
const TARGET = 10
const FILE_BYTES = 64 * 1024

/** The delays of the main thread, in milliseconds. */
interface Seen {
  readonly delay: { readonly p50: number; readonly p99: number; readonly max: number }
  readonly readFile: { readonly p50: number; readonly p99: number; readonly max: number }
  readonly reads: number
  /** Processor time of the process over the time that passed. */
  readonly cores: number
}

/** Measures the event loop while `fit` keeps every thread busy. */
export const eventLoop: Benchmark = {
  about: `delay of the event loop and of fs.readFile during fit (target: p99 below ${TARGET} ms)`,
  async run({ quick }) {
    const seconds = quick ? 2 : 15
    const idle = await watch(sleep(seconds * 1000))
    const { finished, steps } = fitFor(seconds)
    const busy = await watch(finished)
    const header = ['ms', 'delay p50', 'p99', 'max', 'readFile p50', 'p99', 'max', 'cores busy']
    process.stdout.write(table(header, [row('idle', idle), row('during fit', busy)]))
    console.log(
      `  ${steps()} steps in ${seconds} s; p99 below ${TARGET} ms: ${busy.delay.p99 < TARGET}`,
    )
    return { shape: SHAPE, seconds, steps: steps(), idle, busy }
  },
}

/** Training that ends after some seconds. */
function fitFor(seconds: number) {
  const model = lstmModel(SHAPE)
  const one = examples(SHAPE, randomBatch(SHAPE))
  const end = performance.now() + seconds * 1000
  let count = 0
  function* batches() {
    while (performance.now() < end) {
      count += 1
      yield one
    }
  }
  const options = { loss: 'meanSquared', optimizer: adam(ADAM) } as const
  return { finished: model.fit(batches(), options), steps: () => count }
}

async function watch(work: Promise<unknown>): Promise<Seen> {
  const folder = mkdtempSync(join(tmpdir(), 'unrolled-bench-'))
  const path = join(folder, 'file')
  writeFileSync(path, Buffer.alloc(FILE_BYTES, 1))
  let done = false
  const ended = work.finally(() => {
    done = true
  })
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const [wall, cpu] = [performance.now(), process.cpuUsage()]
  delay.enable()
  const reads: number[] = []
  while (!done) {
    const started = performance.now()
    await readFile(path)
    reads.push(performance.now() - started)
    await sleep(20)
  }
  delay.disable()
  await ended
  rmSync(folder, { recursive: true })
  const used = process.cpuUsage(cpu)
  const sorted = Float64Array.from(reads).sort()
  const milliseconds = (nanoseconds: number): number => nanoseconds / 1e6
  return {
    delay: {
      p50: milliseconds(delay.percentile(50)),
      p99: milliseconds(delay.percentile(99)),
      max: milliseconds(delay.max),
    },
    readFile: {
      p50: percentile(sorted, 0.5),
      p99: percentile(sorted, 0.99),
      max: percentile(sorted, 1),
    },
    reads: reads.length,
    cores: (used.user + used.system) / 1000 / (performance.now() - wall),
  }
}

function row(name: string, { delay, readFile, cores }: Seen): string[] {
  const values = [delay.p50, delay.p99, delay.max, readFile.p50, readFile.p99, readFile.max, cores]
  return [name, ...values.map(short)]
}
