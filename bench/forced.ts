import type { Benchmark, Settings } from './benchmark.js'
import { inChild } from './child.js'
import type { ForcedTimes, Sizes } from './forced-times.js'
import { type Ratio, ratioOf, type Spread, spreadOf } from './measure.js'
import { short, spreadWords, table } from './table.js'

/** One row has no other rows to fill the vectors of a step; many rows leave a step no time to wait. */
const SIZES: readonly Sizes[] = [
  { rows: 1, time: 1000, size: 128 },
  { rows: 1, time: 1000, size: 256 },
  { rows: 1, time: 500, size: 512 },
  { rows: 32, time: 50, size: 128 },
]

/** The results of a size. */
interface Entry extends Sizes {
  readonly loop: Spread
  readonly together: Spread
  readonly ratio: Ratio
}

/** Output-to-hidden recurrence under teacher forcing: all steps together, by the loop over the steps. */
export const forced: Benchmark = {
  about: 'output-to-hidden recurrence under teacher forcing: all steps together, by the loop',
  async run({ quick, compare: { threads } }: Settings) {
    const entries: Entry[] = []
    for (const sizes of SIZES) {
      const env = { UNROLLED_THREADS: String(threads) }
      const given = { ...sizes, rounds: quick ? 2 : 9 }
      const { loop, together } = await inChild<ForcedTimes>('forced-times.js', given, env)
      const ratio = ratioOf(loop, together)
      entries.push({ ...sizes, loop: spreadOf(loop), together: spreadOf(together), ratio })
    }
    const header = ['a step of training', 'loop, ms', 'together, ms', 'speed over loop', 'by round']
    process.stdout.write(table(header, entries.map(words)))
    return { threads, entries }
  },
}

function words({ rows, time, size, loop, together, ratio }: Entry): string[] {
  return [
    `${rows} x ${time} steps of ${size}`,
    spreadWords(loop),
    spreadWords(together),
    short(ratio.ofMedians),
    spreadWords(ratio.byRound),
  ]
}
