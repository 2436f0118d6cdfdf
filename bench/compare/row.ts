import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Ratio, type Spread, spreadOf } from '../measure.js'
import {
  type Difference,
  differenceOf,
  type Found,
  numbersFrom,
  toleranceOf,
  tooFar,
} from './agreement.js'
import { flopsOf } from './flops.js'
import type { Precision, Work } from './protocol.js'
import { type Ceilings, leastMilliseconds } from './roofline.js'
import { LONG_MS, rounds } from './rounds.js'
import { lengthsOf, type Shape } from './shape.js'
import type { Side } from './side.js'
import { numbersOf } from './weights.js'

/** The time of a sample: beside it, the clock and the change of processes weigh little. */
const SAMPLE_MS = 40
/** The time of a call beyond which a side is left out. */
const LIMIT_MS = 6_000

/** A side that is timed in a row, and its shape. */
export interface Entrant {
  readonly name: string
  readonly side: Side
  readonly shape: Shape
  readonly precision: Precision
  /** Operations a second, as far as they are known. */
  readonly rate: number
  /** The ceilings at the time of the row, for ours, where they could be measured. */
  readonly ceilings?: Ceilings | undefined
}

/** One comparison of a row, ours with another's, milliseconds a call by round. */
export interface Duel {
  readonly name: string
  readonly note?: string
  readonly difference?: Difference
  readonly ours: readonly number[]
  readonly theirs: readonly number[]
  readonly oursMs: Spread
  readonly theirsMs: Spread
  /** The speed of ours over the speed of theirs. */
  readonly ratio: Ratio
  /** The same by processor time, which a neighbor on the machine lengthens less. */
  readonly processorRatio: number
  /** The ceilings of theirs, where theirs is ours in another way. */
  readonly ceilings?: Ceilings
  /**
   * The roofline: what the ratio would be if ours took as little as the ceilings allow, and theirs
   * too where that is ours.
   */
  readonly most?: number
  /** Theirs, in 1e9 operations a second. */
  readonly gflops: number
}

/** The reason why a library was not compared. */
export interface Left {
  readonly name: string
  readonly reason: string
  /** True if something is wrong; false if the work does not fit the library. */
  readonly wrong: boolean
}

/** The results of a row. */
export interface Row {
  readonly shape: Shape
  readonly flops: number
  readonly milliseconds?: Spread
  readonly gflops?: number
  /** The ceilings at the time of the row. */
  readonly ceilings?: Ceilings
  /** Milliseconds that they let a call of ours take at least. */
  readonly least?: number
  /** The share of the peak, and of the roofline, that ours reached. */
  readonly share?: { readonly peak: number; readonly roofline: number }
  readonly duels: readonly Duel[]
  readonly left: readonly Left[]
}

/** Checks, then times, `ours` and each of the others in turn, in `count` rounds: ours, a, ours, b; a, ours, b, ours; ... */
export async function measureRow(
  ours: Entrant,
  others: readonly Entrant[],
  count: number,
): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'unrolled-bench-'))
  try {
    return await inFolder(ours, others, count, folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function inFolder(
  ours: Entrant,
  others: readonly Entrant[],
  count: number,
  folder: string,
): Promise<Row> {
  const { shape, precision, ceilings } = ours
  const flops = flopsOf(shape)
  const left: Left[] = []
  const files = writeNumbers(shape, folder)
  const own = await prepare(ours, files, left)
  if (own === undefined) return { shape, flops, duels: [], left }
  const ready: Ready[] = []
  for (const other of others) {
    const prepared = await prepare(other, files, left, own)
    if (prepared !== undefined) ready.push(prepared)
  }
  const { alone, duels } = await rounds(own, ready, count, left)
  const samples = [...alone, ...duels.flatMap((duel) => duel.ours)]
  if (samples.length === 0) return { shape, flops, duels, left }
  const milliseconds = spreadOf(samples)
  const gflops = flops / milliseconds.median / 1e6
  if (ceilings === undefined) return { shape, flops, milliseconds, gflops, duels, left }
  const least = leastMilliseconds(shape, precision, ceilings)
  const bounded = duels.map((duel) => {
    const other = ready.find(({ name }) => name === duel.name)
    return { ...duel, ...bound(duel, other, least) }
  })
  const share = { peak: gflops / ceilings.peak, roofline: least / milliseconds.median }
  return { shape, flops, milliseconds, gflops, ceilings, least, share, duels: bounded, left }
}

/** The roofline of a duel in which ours takes at least `least` milliseconds. */
function bound(
  { theirsMs }: Duel,
  other: Entrant | undefined,
  least: number,
): Pick<Duel, 'ceilings' | 'most'> {
  if (other?.ceilings === undefined) return { most: theirsMs.median / least }
  const { shape, precision, ceilings } = other
  return { ceilings, most: leastMilliseconds(shape, precision, ceilings) / least }
}

/** An entrant whose numbers are right. */
export interface Ready extends Entrant {
  readonly note?: string | undefined
  readonly found: Found
  readonly difference?: Difference
  /** Calls in a sample. */
  readonly calls: number
  /** Milliseconds that a call took by itself. */
  readonly once: number
}

/** Opens the work, compares its numbers with ours and finds how many calls a sample needs. */
async function prepare(
  entrant: Entrant,
  files: Files,
  left: Left[],
  ours?: Ready,
): Promise<Ready | undefined> {
  const { name, side, shape, precision, rate } = entrant
  const leave = (reason: string, wrong = false): undefined => {
    left.push({ name, reason, wrong })
  }
  try {
    const { refused, note } = await side.ask({
      ask: 'open',
      work: { shape, precision, lengths: lengthsOf(shape), ...files },
    })
    if (refused !== undefined) return leave(refused)
    const guess = (1000 * flopsOf(shape)) / rate
    if (guess > LIMIT_MS) return leave(`a call would take ${Math.round(guess / 1000)} s or so`)
    const found = await numbersFrom(side, shape, files.answer)
    // A ragged batch has other numbers than a full one, and is only timed against it.
    const same = ours !== undefined && ours.shape.lengths === shape.lengths
    const difference = same ? differenceOf(shape, ours.found, found) : undefined
    const loosest = ours?.precision === 'bf16' ? 'bf16' : precision
    const far = difference && tooFar(difference, toleranceOf(shape, loosest))
    if (far !== undefined) return leave(far, true)
    const once = (await side.ask({ ask: 'sample', calls: 1, warm: guess < LONG_MS })).wall
    if (once > LIMIT_MS) return leave(`a call takes ${Math.round(once / 1000)} s`)
    const calls = await callsOf(side, once)
    const kept = difference === undefined ? {} : { difference }
    return { ...entrant, note, found, ...kept, calls, once }
  } catch (error) {
    return leave(error instanceof Error ? error.message : String(error), true)
  }
}

/** Finds the number of calls that fill a sample, by one call and then by some. */
async function callsOf(side: Side, once: number): Promise<number> {
  const first = Math.ceil(SAMPLE_MS / 4 / once)
  if (first <= 1) return Math.max(1, Math.ceil(SAMPLE_MS / once))
  const { wall } = await side.ask({ ask: 'sample', calls: first, warm: true })
  return Math.max(1, Math.ceil(SAMPLE_MS / wall))
}

/** The files of a row: the same numbers for everyone, and room for an answer. */
type Files = Pick<Work, 'weights' | 'x' | 'y'> & { readonly answer: string }

function writeNumbers(shape: Shape, folder: string): Files {
  const { weights, x, y } = numbersOf(shape)
  const write = (name: string, values: Float32Array): string => {
    const file = join(folder, name)
    writeFileSync(file, values)
    return file
  }
  return {
    weights: write('weights', weights),
    x: write('x', x),
    y: write('y', y),
    answer: join(folder, 'answer'),
  }
}
