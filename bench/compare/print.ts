import { short, spreadWords, table } from '../table.js'
import type { Difference } from './agreement.js'
import type { Duel, Row } from './row.js'
import { shapeWords } from './shape.js'
import { type Reached, STEP } from './targets.js'

/** A row as soon as it is done: ours, then a line for each of the others. */
export function printRow(row: Row): void {
  const { shape, milliseconds, gflops, share } = row
  const of =
    share === undefined
      ? ''
      : `, ${percent(share.peak)} of the peak, ${percent(share.roofline)} of the roofline`
  const own = milliseconds === undefined ? '' : `: ${timeWords(milliseconds.median)}`
  const rate = gflops === undefined ? '' : `, ${short(gflops)} GFLOP/s${of}`
  console.log(`  ${shapeWords(shape)}${own}${rate}`)
  for (const duel of row.duels) console.log(`    ${duelWords(duel)}`)
  for (const { name, reason, wrong } of row.left) {
    console.log(`    ${name}: ${wrong ? 'ERROR, ' : ''}${reason}`)
  }
}

function duelWords(duel: Duel): string {
  const { name, note, oursMs, theirsMs, ratio, processorRatio, most, difference, gflops } = duel
  const { byRound, ofMedians } = ratio
  const about = note === undefined ? '' : ` (${note})`
  const range = `by round ${spreadWords(byRound)}, by processor time ${short(processorRatio)}`
  const bound = most === undefined ? '' : `, at the roofline ${short(most)}`
  const agreed = difference === undefined ? '' : `; ${differenceWords(difference)}`
  return (
    `${verdict(ofMedians)} than ${name}${about}: ${timeWords(oursMs.median)} against ` +
    `${timeWords(theirsMs.median)}, ${short(gflops)} GFLOP/s; ${range}${bound}${agreed}`
  )
}

/** `1.52x faster`, or how much slower: losses stand as plainly as wins. */
export function verdict(ratio: number): string {
  return ratio >= 1 ? `${short(ratio)}x faster` : `${short(1 / ratio)}x slower`
}

/** Milliseconds, or microseconds where they are few. */
export function timeWords(milliseconds: number): string {
  return milliseconds < 0.1 ? `${short(1000 * milliseconds)} us` : `${short(milliseconds)} ms`
}

/** A share as a percentage. */
export function percent(share: number): string {
  return `${Math.round(100 * share)} %`
}

function differenceWords(difference: Difference): string {
  const parts = Object.entries(difference).map(([name, value]) => `${name} ${short(value)}`)
  return `apart by ${parts.join(', ')}`
}

/** Prints the results of the run next to the targets. */
export function printSummary(
  reached: readonly Reached[],
  steps: readonly { readonly cell: string; readonly microseconds: number }[],
): void {
  console.log('')
  // A table of its own shapes may be about no target.
  if (reached.length > 0) process.stdout.write(table(SUMMARY, reached.map(reachedCells)))
  for (const { cell, microseconds } of steps) {
    const met = microseconds <= STEP.most ? 'reached' : 'not reached'
    console.log(
      `  one step of ${cell} ${STEP.hidden} from JavaScript: ${short(microseconds)} us, ` +
        `at most ${STEP.most}: ${met}`,
    )
  }
}

/** The columns of {@link reachedCells}. */
export const SUMMARY = [
  'work',
  'against',
  'rows',
  'geometric mean',
  'to reach',
  'at the roofline',
  'lowest',
  'never below',
  '',
]

/** A target and what came of it. */
export function reachedCells(one: Reached): string[] {
  const { work, against, rows, geometricMean, most, least, lowest, never } = one
  const met = geometricMean >= least && lowest >= (never ?? 0)
  return [
    work,
    against,
    String(rows),
    short(geometricMean),
    short(least),
    most === undefined ? '' : short(most),
    short(lowest),
    never === undefined ? '' : short(never),
    met ? 'reached' : 'not reached',
  ]
}
