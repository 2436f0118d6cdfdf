import { spawnSync } from 'node:child_process'
import type { Benchmark } from '../benchmark.js'
import { inChild } from '../child.js'
import type { Cell } from '../compare/shape.js'
import { inRoot } from '../machine.js'
import { spreadOf } from '../measure.js'
import { short, table } from '../table.js'

/** A layer with a loss at every step. */
export interface MemoryShape {
  readonly cell: Cell
  readonly input: number
  readonly hidden: number
  readonly batch: number
  readonly time: number
}

/** Bytes. */
export interface Held {
  /** The part of the tape that is kept for backward. */
  readonly tape: number
  /** The growth of the process in three steps, at most, without the batch. */
  readonly growth: number
}

/** The results of a shape. */
interface Entry {
  readonly shape: MemoryShape
  readonly ours: Held
  readonly theirs: Held | undefined
}

const SIZES = [
  { input: 64, hidden: 128, batch: 32, time: 100 },
  { input: 256, hidden: 256, batch: 64, time: 150 },
  { input: 512, hidden: 512, batch: 64, time: 100 },
] as const
/** Processes of each, of which the median counts. */
const RUNS = 3
const CELLS = ['lstm', 'gru', 'rnn'] as const

/** Measures the memory of a training step and of PyTorch's; on Linux, which tells the size of a process. */
export const memory: Benchmark = {
  about: 'what a training step holds: the tape, and how much the process grows (Linux alone)',
  async run({ quick, compare: { python } }) {
    if (process.platform !== 'linux') {
      console.log('  skipped: /proc is needed')
      return { entries: [] }
    }
    if (python === undefined) console.log('  PyTorch: skipped, for want of --python PATH')
    const entries: Entry[] = []
    let peer = python
    for (const size of quick ? SIZES.slice(0, 1) : SIZES) {
      for (const cell of CELLS) {
        const shape = { cell, ...size }
        const entry = await measure(shape, quick ? 1 : RUNS, peer)
        if (entry.theirs === undefined) peer = undefined
        entries.push(entry)
      }
    }
    process.stdout.write(table(HEADER, entries.map(words)))
    for (const kind of ['tape', 'growth'] as const) verdict(kind, entries)
    return { entries }
  },
}

/** Medians of a few processes each: how much one grows varies. */
async function measure(
  shape: MemoryShape,
  runs: number,
  python: string | undefined,
): Promise<Entry> {
  const ours: Held[] = []
  const theirs: Held[] = []
  for (let run = 0; run < runs; run++) {
    ours.push(await inChild<Held>('memory/ours.js', shape, { UNROLLED_THREADS: '1' }))
    const held = python === undefined ? undefined : torch(python, shape)
    if (held === undefined) return { shape, ours: middle(ours), theirs: undefined }
    theirs.push(held)
  }
  return { shape, ours: middle(ours), theirs: middle(theirs) }
}

function middle(held: readonly Held[]): Held {
  return {
    tape: spreadOf(held.map(({ tape }) => tape)).median,
    growth: spreadOf(held.map(({ growth }) => growth)).median,
  }
}

function verdict(kind: keyof Held, entries: readonly Entry[]): void {
  const compared = entries.filter(({ theirs }) => theirs !== undefined)
  if (compared.length === 0) return
  const below = compared.filter(({ ours, theirs }) => ours[kind] < (theirs?.[kind] ?? 0)).length
  const what = kind === 'tape' ? 'the tape' : "the process's growth"
  const words = below === compared.length ? 'reached' : 'not reached'
  console.log(`  ${what} below PyTorch's in ${below} of ${compared.length}: ${words}`)
}

/** PyTorch's figures; none, and one line that says why, where that Python has no PyTorch. */
function torch(python: string, shape: MemoryShape): Held | undefined {
  const program = inRoot('bench', 'memory', 'pytorch.py')
  const run = spawnSync(python, [program, JSON.stringify(shape)], { encoding: 'utf8' })
  const answer = run.stdout?.trim() ?? ''
  if (run.status === 0 && answer !== '') return JSON.parse(answer) as Held
  const said = run.error?.message ?? run.stderr.trim().split('\n').at(-1)
  const reason = said || `${python} gave no answer`
  console.log(`  PyTorch: skipped: ${reason}`)
  return undefined
}

const HEADER = ['MiB', 'tape', "PyTorch's", 'of it', 'process', "PyTorch's", 'of it']

function words({ shape, ours, theirs }: Entry): string[] {
  const { cell, input, hidden, batch, time } = shape
  const pair = (kind: keyof Held): string[] => {
    const [own, other] = [ours[kind], theirs?.[kind]]
    const mebibytes = (bytes: number): string => short(bytes / 2 ** 20)
    return other === undefined
      ? [mebibytes(own), '', '']
      : [mebibytes(own), mebibytes(other), short(own / other)]
  }
  return [`${cell} ${input}-${hidden} B${batch} T${time}`, ...pair('tape'), ...pair('growth')]
}
