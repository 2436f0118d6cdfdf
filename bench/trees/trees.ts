import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { randomTree } from 'unrolled'
import type { Benchmark, Settings } from '../benchmark.js'
import type { NumbersAnswers } from '../compare/protocol.js'
import { readFloats } from '../compare/serve.js'
import { Side } from '../compare/side.js'
import { inRoot } from '../machine.js'
import { type Ratio, ratioOf, type Spread, spreadOf } from '../measure.js'
import { short, spreadWords, table } from '../table.js'
import { type Request, SIZES, type Trees, WAYS, type Way } from './protocol.js'

/** The least speed of ours, batched, over each other way, and its name. */
const OTHERS: Readonly<Record<Exclude<Way, 'batched'>, { least: number; about: string }>> = {
  nodes: { least: 5, about: 'ours, a graph for each tree, node by node' },
  recursion: { least: 5, about: 'PyTorch, recursion' },
  levels: { least: 1.5, about: 'PyTorch, levels batched by hand' },
}

/** The results against one way. */
interface Entry {
  readonly way: Exclude<Way, 'batched'>
  /** The largest difference of the loss and the gradients, relative to the largest number. */
  readonly difference: number
  readonly ms: Spread
  readonly ratio: Ratio
  readonly least: number
}

type Sides = Readonly<Record<Way, Side<Request, NumbersAnswers>>>

/** A step of training of a Tree-LSTM, by all ways in turn. */
export const trees: Benchmark = {
  about: `training of ${SIZES.rows} trees of ${SIZES.leaves} leaves, Tree-LSTM ${SIZES.hidden}, in turn`,
  async run({ quick, compare: { python, threads } }: Settings) {
    if (python === undefined) {
      console.log('  skipped, for want of --python PATH')
      return { entries: [] }
    }
    const sides = sidesOf(python, threads)
    const folder = mkdtempSync(join(tmpdir(), 'unrolled-trees-'))
    try {
      const { version } = await sides.levels.ask({ ask: 'hello' })
      console.log(`  PyTorch ${version}, ${threads} threads for all`)
      const model = join(folder, 'model.safetensors')
      const batch = drawTrees()
      for (const way of WAYS) await sides[way].ask({ ask: 'open', way, model, trees: batch })
      const differences = await checked(sides, join(folder, 'numbers'))
      const times = await timed(sides, quick)
      const oursMs = spreadOf(times.batched)
      const entries = ENTRIES.map((way): Entry => {
        const [ms, ratio] = [spreadOf(times[way]), ratioOf(times[way], times.batched)]
        return { way, difference: differences[way], ms, ratio, least: OTHERS[way].least }
      })
      const gflops = flopsOf(batch) / oursMs.median / 1e6
      console.log(`  ours, batched: ${spreadWords(oursMs)} ms, ${short(gflops)} GFLOP/s`)
      process.stdout.write(table(HEADER, entries.map(words)))
      return { threads, sizes: SIZES, oursMs, gflops, entries }
    } finally {
      rmSync(folder, { recursive: true })
      for (const way of WAYS) sides[way].close()
    }
  },
}

const ENTRIES = WAYS.filter((way) => way !== 'batched')

const HEADER = ['against', 'ms', 'ratio', 'by round', 'at least', 'difference']

function words({ difference, least, ms, ratio, way }: Entry): string[] {
  return [
    OTHERS[way].about,
    spreadWords(ms),
    short(ratio.ofMedians),
    spreadWords(ratio.byRound),
    String(least),
    short(difference),
  ]
}

/** A process for each way. */
function sidesOf(python: string, threads: number): Sides {
  const count = String(threads)
  const ours = (): Side<Request, NumbersAnswers> =>
    new Side({
      program: process.execPath,
      args: [fileURLToPath(new URL('ours.js', import.meta.url))],
      env: { UNROLLED_THREADS: count },
    })
  const theirs = (): Side<Request, NumbersAnswers> =>
    new Side({
      program: python,
      args: [inRoot('bench', 'trees', 'pytorch.py')],
      env: { OMP_NUM_THREADS: count, MKL_NUM_THREADS: count },
    })
  return { batched: ours(), nodes: ours(), recursion: theirs(), levels: theirs() }
}

/** The difference of each way's numbers from ours; too large a one is an error in place of a ratio. */
async function checked(sides: Sides, file: string): Promise<Record<Way, number>> {
  const numbersOf = async (way: Way): Promise<Float32Array> => {
    await sides[way].ask({ ask: 'numbers', file })
    return readFloats(file)
  }
  const mine = await numbersOf('batched')
  const largest = mine.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
  // The loss, which comes first, is larger than all gradients: each is measured by its own.
  const slopes = mine.subarray(1).reduce((most, x) => Math.max(most, Math.abs(x)), 0)
  const differences: Record<Way, number> = { batched: 0, nodes: 0, recursion: 0, levels: 0 }
  for (const way of ENTRIES) {
    const other = await numbersOf(way)
    const apart = (i: number): number =>
      Math.abs((mine[i] ?? NaN) - (other[i] ?? NaN)) / (i === 0 ? largest : slopes)
    const difference = mine.reduce((most, _, i) => Math.max(most, apart(i)), 0)
    if (mine.length !== other.length || !(difference <= 1e-4)) {
      const received = `received a difference of ${difference}`
      throw new Error(`${way}: expected ${mine.length} numbers within 1e-4, ${received}`)
    }
    differences[way] = difference
  }
  return differences
}

/** Times of a step in milliseconds, in turn; who is first changes by the round. */
async function timed(sides: Sides, quick: boolean): Promise<Record<Way, number[]>> {
  const times: Record<Way, number[]> = { batched: [], nodes: [], recursion: [], levels: [] }
  for (let round = 0; round < (quick ? 2 : 9); round++) {
    for (const way of round % 2 === 0 ? WAYS : WAYS.toReversed()) {
      const calls = quick || way === 'nodes' || way === 'recursion' ? 1 : 5
      const { wall } = await sides[way].ask({ ask: 'sample', calls, warm: true })
      times[way].push(wall)
    }
  }
  return times
}

/** Binary trees by chance, a class at each node; the same in every run. */
function drawTrees(): Trees {
  const shapes = Array.from({ length: SIZES.rows }, (_, row) => randomTree(SIZES.leaves, row + 1))
  return {
    parents: shapes.map(({ parents }) => [...parents]),
    classes: shapes.map(({ parents }, row) =>
      Array.from(parents, (_, node) => (7 * node + 3 * row) % SIZES.classes),
    ),
  }
}

/**
 * Operations of a step: `2 m n k` of every product, three times that for training but for the gradient of
 * the inputs, which nobody needs. Leaves have no product of their children's states.
 */
function flopsOf({ parents }: Trees): number {
  const { classes, hidden, input } = SIZES
  const nodes = parents.reduce((sum, tree) => sum + tree.length, 0)
  const inner = nodes - parents.length * SIZES.leaves
  const below = 2 * 5 * hidden * 2 * hidden * inner
  return 2 * (2 * 5 * hidden * input * nodes) + 3 * (below + 2 * classes * hidden * nodes)
}
