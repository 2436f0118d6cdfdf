import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Benchmark, Settings } from '../benchmark.js'
import type { NumbersAnswers, Sample } from '../compare/protocol.js'
import { readFloats } from '../compare/serve.js'
import { Side } from '../compare/side.js'
import { inRoot } from '../machine.js'
import { type Ratio, ratioOf, type Spread, spreadOf } from '../measure.js'
import { short, spreadWords, table } from '../table.js'
import { flopsOf } from './flops.js'
import { type Request, SIZES, type Task, type Texts, type Widths } from './protocol.js'

/** Something to be timed. */
interface Row {
  readonly about: string
  readonly task: Task
  readonly widths: Widths
  /** The seed of the weights: one without two ids or hypotheses so near each other that rounding decides. */
  readonly seed?: number
  /** The least speed over PyTorch's; none of a row that only shows where the others' limits are. */
  readonly least?: number
}

const WIDE: Widths = { embedding: 128, hidden: 256 }
/** So small that PyTorch's loop waits for Python more than for products. */
const SMALL: Widths = { embedding: 32, hidden: 64 }

const GENERATED = `${SIZES.rows} rows, ${SIZES.steps} steps`

const ROWS: readonly Row[] = [
  { about: 'train, additive attention, hidden 256', task: 'train', widths: WIDE, least: 1.3 },
  {
    about: 'train, dot attention and linear maps of 256',
    task: 'attend',
    widths: WIDE,
    least: 1.2,
  },
  { about: 'train, dot attention alone, 256', task: 'alone', widths: WIDE, least: 1.2 },
  { about: `greedy, hidden 256, ${GENERATED}`, task: 'greedy', widths: WIDE, least: 5 },
  { about: `beam of ${SIZES.beams}, hidden 256`, task: 'beam', widths: WIDE, least: 5 },
  { about: 'greedy, hidden 64', task: 'greedy', widths: SMALL, seed: 5, least: 5 },
  { about: `beam of ${SIZES.beams}, hidden 64`, task: 'beam', widths: SMALL, seed: 5, least: 5 },
]

/** The results of a row. */
interface Entry extends Row {
  /** The largest difference of the numbers, of gradients relative to the largest. */
  readonly difference: number
  readonly oursMs: Spread
  readonly theirsMs: Spread
  readonly ratio: Ratio
  /** Billions of floating-point operations in the products. */
  readonly gflop: number
}

type Other = Side<Request, NumbersAnswers>

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
      for (const row of ROWS) entries.push(await measure(row, ours, theirs, folder, quick))
    } finally {
      rmSync(folder, { recursive: true })
      for (const side of [ours, theirs]) side.close()
    }
    process.stdout.write(table(HEADER, entries.map(words)))
    return { threads, sizes: SIZES, entries }
  },
}

const HEADER = [
  '',
  'ours ms',
  'PyTorch ms',
  'ratio',
  'by round',
  'at least',
  'GFLOP/s',
  'difference',
]

function words({ about, oursMs, theirsMs, ratio, least, gflop, difference }: Entry): string[] {
  const speeds = [oursMs, theirsMs].map(({ median }) => short((1000 * gflop) / median))
  return [
    about,
    spreadWords(oursMs),
    spreadWords(theirsMs),
    short(ratio.ofMedians),
    spreadWords(ratio.byRound),
    String(least ?? ''),
    speeds.join(' : '),
    short(difference),
  ]
}

async function measure(
  row: Row,
  ours: Other,
  theirs: Other,
  folder: string,
  quick: boolean,
): Promise<Entry> {
  const { task, widths } = row
  const given = texts()
  const model = join(folder, 'model.safetensors')
  const open = { ask: 'open', task, widths, seed: row.seed ?? 1, model, texts: given } as const
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
    ...row,
    difference,
    oursMs: spreadOf(mine ?? []),
    theirsMs: spreadOf(other ?? []),
    ratio: ratioOf(other ?? [], mine ?? []),
    gflop: flopsOf(task, widths, given) / 1e9,
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
