import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Benchmark, Settings } from '../benchmark.js'
import type { Sample } from '../compare/protocol.js'
import { readFloats } from '../compare/serve.js'
import { Side } from '../compare/side.js'
import { inRoot } from '../machine.js'
import { type Ratio, ratioOf, type Spread, spreadOf } from '../measure.js'
import { short, spreadWords, table } from '../table.js'
import { type Answers, type Request, SIZES, TASKS, type Task, type Texts } from './protocol.js'

/** The least speed over PyTorch's that each task shall have, and its name. */
const TARGETS: Readonly<Record<Task, { readonly least: number; readonly about: string }>> = {
  train: { least: 1.3, about: 'training, additive attention, bi-GRU 256, GRU 256' },
  attend: { least: 1.2, about: 'training, scaled dot attention outside of a loop' },
  greedy: { least: 5, about: `greedy generation of ${SIZES.rows} rows, ${SIZES.steps} steps` },
  beam: { least: 5, about: `beam of ${SIZES.beams}, the same rows and steps` },
}

/** The results of a task. */
interface Entry {
  readonly task: Task
  /** The largest difference of the numbers, of gradients relative to the largest. */
  readonly difference: number
  readonly oursMs: Spread
  readonly theirsMs: Spread
  readonly ratio: Ratio
  readonly least: number
}

type Other = Side<Request, Answers>

/** Sequence to sequence by PyTorch: packed sequences, a loop over the steps of the decoder. */
export const seq2seq: Benchmark = {
  about: 'sequence to sequence with attention, and generation, by PyTorch in turn',
  async run({ quick, compare: { python, threads } }: Settings) {
    if (python === undefined) {
      console.log('  skipped, for want of --python PATH')
      return { entries: [] }
    }
    const count = String(threads)
    const ours: Other = new Side({
      program: process.execPath,
      args: [fileURLToPath(new URL('ours.js', import.meta.url))],
      env: { UNROLLED_THREADS: count },
    })
    const theirs: Other = new Side({
      program: python,
      args: [inRoot('bench', 'seq2seq', 'pytorch.py')],
      env: { OMP_NUM_THREADS: count, MKL_NUM_THREADS: count },
    })
    const entries: Entry[] = []
    const folder = mkdtempSync(join(tmpdir(), 'unrolled-seq2seq-'))
    try {
      const { version } = await theirs.ask({ ask: 'hello' })
      console.log(`  PyTorch ${version}, ${threads} threads for both`)
      for (const task of TASKS) entries.push(await measure(task, ours, theirs, folder, quick))
    } finally {
      rmSync(folder, { recursive: true })
      for (const side of [ours, theirs]) side.close()
    }
    process.stdout.write(table(HEADER, entries.map(words)))
    return { threads, sizes: SIZES, entries }
  },
}

const HEADER = ['', 'ours ms', 'PyTorch ms', 'ratio', 'by round', 'at least', 'difference']

function words({ task, oursMs, theirsMs, ratio, least, difference }: Entry): string[] {
  return [
    TARGETS[task].about,
    spreadWords(oursMs),
    spreadWords(theirsMs),
    short(ratio.ofMedians),
    spreadWords(ratio.byRound),
    String(least),
    short(difference),
  ]
}

async function measure(
  task: Task,
  ours: Other,
  theirs: Other,
  folder: string,
  quick: boolean,
): Promise<Entry> {
  const open = {
    ask: 'open',
    task,
    model: join(folder, `${task}.safetensors`),
    texts: texts(),
  } as const
  await ours.ask(open)
  await theirs.ask(open)
  const difference = await checked(task, ours, theirs, folder)
  const samples: { ours: Sample[]; theirs: Sample[] } = { ours: [], theirs: [] }
  for (let round = 0; round < (quick ? 2 : 9); round++) {
    const sides = [['ours', ours] as const, ['theirs', theirs] as const]
    // Who is first changes by the round: the second finds another state of caches and clock.
    for (const [name, side] of round % 2 === 0 ? sides : sides.reverse()) {
      samples[name].push(await side.ask({ ask: 'sample', calls: quick ? 1 : 3, warm: true }))
    }
  }
  const [mine, other] = [samples.ours, samples.theirs].map((all) => all.map(({ wall }) => wall))
  return {
    task,
    difference,
    oursMs: spreadOf(mine ?? []),
    theirsMs: spreadOf(other ?? []),
    ratio: ratioOf(other ?? [], mine ?? []),
    least: TARGETS[task].least,
  }
}

/** The difference of both sides' numbers; too large a one is an error in place of a ratio. */
async function checked(task: Task, ours: Other, theirs: Other, folder: string): Promise<number> {
  const file = join(folder, 'numbers')
  await ours.ask({ ask: 'numbers', file })
  const mine = readFloats(file)
  await theirs.ask({ ask: 'numbers', file })
  const other = readFloats(file)
  const largest = mine.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
  const apart = mine.reduce((most, x, i) => Math.max(most, Math.abs(x - (other[i] ?? NaN))), 0)
  const same =
    mine.length === other.length && mine.every((x, i) => Math.abs(x - (other[i] ?? NaN)) >= 0)
  const difference = same ? apart / largest : Number.NaN
  const most = task === 'greedy' || task === 'beam' ? 0 : 1e-4
  if (!(difference <= most)) {
    throw new Error(
      `${task}: expected numbers within ${most}, received a difference of ${difference}`,
    )
  }
  return difference
}

/** Texts of 20 to 24 ids, the same in every run. */
function texts(): Texts {
  let state = 7
  const next = (end: number): number => {
    state = (state * 48271) % 2147483647
    return state % end
  }
  const { rows, least, most, vocabulary } = SIZES
  const side = (): number[][] =>
    Array.from({ length: rows }, () =>
      Array.from({ length: least + next(most - least + 1) }, () => 1 + next(vocabulary - 1)),
    )
  return { source: side(), target: side() }
}
