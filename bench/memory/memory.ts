import { spawnSync } from 'node:child_process'
import type { Benchmark } from '../benchmark.js'
import { inChild } from '../child.js'
import type { Cell } from '../compare/shape.js'
import { inRoot } from '../machine.js'
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
  /** What is kept for going back. */
  readonly tape: number
  /** How much the process grew at most in three steps, the batch apart. */
  readonly growth: number
}

/** What a shape came to. */
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
const CELLS = ['lstm', 'gru', 'rnn'] as const

/** What a training step holds, beside PyTorch's; on Linux, which says how large a process was. */
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
        const ours = await inChild<Held>('memory/ours.js', shape, { UNROLLED_THREADS: '1' })
        const theirs = peer === undefined ? undefined : torch(peer, shape)
        if (theirs === undefined) peer = undefined
        entries.push({ shape, ours, theirs })
      }
    }
    process.stdout.write(table(HEADER, entries.map(words)))
    return { entries }
  },
}

/** PyTorch's figures; none, and one line that says why, where that Python has no PyTorch. */
function torch(python: string, shape: MemoryShape): Held | undefined {
  const program = inRoot('bench', 'memory', 'pytorch.py')
  const run = spawnSync(python, [program, JSON.stringify(shape)], { encoding: 'utf8' })
  if (run.status === 0) return JSON.parse(run.stdout) as Held
  const reason = run.error?.message ?? run.stderr.trim().split('\n').at(-1)
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
