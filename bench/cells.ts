import type { Benchmark, Settings } from './benchmark.js'
import type { CellTimes } from './cell-times.js'
import { inChild } from './child.js'
import { type Ratio, ratioOf, type Spread, spreadOf } from './measure.js'
import { short, spreadWords, table } from './table.js'

/** Units of the cells, as many as numbers of the input. */
const SIZES = [128, 256]

/** The least speed of a cell of equations over that of the built-in LSTM. */
const LEAST = 0.7

/** The results of a form of the cell. */
interface Entry {
  readonly units: number
  readonly form: string
  readonly milliseconds: Spread
  readonly ratio: Ratio
}

/** An LSTM with peepholes, as an option and as a body of equations, by the LSTM that is one fused step. */
export const cells: Benchmark = {
  about: 'LSTM with peepholes, by option and by equations, against the LSTM; batch 32, 50 steps',
  async run({ quick, compare: { threads } }: Settings) {
    const entries: Entry[] = []
    for (const units of SIZES) {
      const env = { UNROLLED_THREADS: String(threads) }
      const rounds = quick ? 2 : 9
      const { plain, forms } = await inChild<CellTimes>('cell-times.js', { units, rounds }, env)
      for (const [form, milliseconds] of Object.entries({ lstm: plain, ...forms })) {
        const ratio = ratioOf(plain, milliseconds)
        entries.push({ units, form, milliseconds: spreadOf(milliseconds), ratio })
      }
    }
    const header = ['a step of training', 'ms', 'speed over lstm', 'by round', 'at least']
    process.stdout.write(table(header, entries.map(words)))
    return { threads, entries }
  },
}

function words({ units, form, milliseconds, ratio }: Entry): string[] {
  const alone = form === 'lstm'
  return [
    `${form} ${units}`,
    spreadWords(milliseconds),
    alone ? '' : short(ratio.ofMedians),
    alone ? '' : spreadWords(ratio.byRound),
    alone ? '' : String(LEAST),
  ]
}
