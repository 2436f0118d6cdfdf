import type { Benchmark, Settings } from '../benchmark.js'
import { inRoot } from '../machine.js'
import { geometricMean } from '../measure.js'
import { short } from '../table.js'
import { TOLERANCE } from './agreement.js'
import { measureCeilings } from './peak.js'
import { type Opponent, ourSide, startPeers } from './peers.js'
import { printRow, printSummary } from './print.js'
import type { Comparison } from './record.js'
import { type Entrant, measureRow, type Row } from './row.js'
import type { CompareSettings } from './settings.js'
import { readShapes, type Shape } from './shape.js'
import type { Side } from './side.js'
import { reachedBy, stepMicroseconds } from './targets.js'

/** Everyone side by side: PyTorch, ONNX Runtime, TensorFlow.js, brain.js, and ourselves otherwise. */
export const compare: Benchmark = {
  about: 'the same networks by other libraries, in turn: ours, theirs, ours, theirs, ...',
  async run({ compare: settings, machine }: Settings): Promise<Comparison> {
    const { threads, precision } = settings
    const shapes = settings.shapes ?? inRoot('bench', shapesFile(settings))
    const list = readShapes(shapes)
    if (precision === 'f32' && list.some(({ over }) => over === 'f32')) {
      throw new Error(`${shapes}: over f32 is for --precision bf16`)
    }
    const { opponents, absent } = await startPeers(settings)
    for (const { name, version, about } of opponents) console.log(`  ${name} ${version}: ${about}`)
    for (const { name, reason } of absent) console.log(`  ${name}: ${reason}`)
    console.log(
      `  ${precision}, ${threads} thread${threads === 1 ? '' : 's'} for everyone, or as a row says\n`,
    )
    const ours = new OurSides()
    const rows: Row[] = []
    let set: string | undefined
    try {
      for (const shape of list) {
        if (shape.set !== set) console.log(`  ${shape.set}`)
        set = shape.set
        const row = await oneRow(shape, settings, ours, opponents)
        printRow(row)
        rows.push(row)
      }
    } finally {
      ours.close()
      for (const { side } of opponents) side.close()
    }
    // A pair that does not agree, or fails, has no ratio: what is left is not all that was asked for.
    if (rows.some(({ left }) => left.some(({ wrong }) => wrong))) process.exitCode = 1
    const reached = reachedBy(rows, precision)
    const steps = precision === 'f32' ? stepMicroseconds(rows) : []
    printSummary(reached, steps)
    if (settings.before !== undefined) console.log(`  ${meanWords(rows)}`)
    return {
      settings: { shapes, peers: opponents.map(({ name }) => name), threads, precision },
      versions: Object.fromEntries([
        ['unrolled', machine.unrolled],
        ...opponents.map(({ name, version, about }) => [name, `${version}, ${about}`]),
      ]),
      tolerance: TOLERANCE[precision],
      rows,
      reached,
      steps,
    }
  },
}

/** The rounds of a row: two builds differ by so little that they need many. */
function roundsOf({ quick, before }: CompareSettings): number {
  if (quick) return 2
  return before === undefined ? 9 : 61
}

/** The change of speed over all rows, in words. */
function meanWords(rows: readonly Row[]): string {
  const ratios = rows.flatMap(({ duels }) => duels.map(({ ratio }) => ratio.byRound.median))
  return `speed over the one before, geometric mean of ${ratios.length} rows: ${short(geometricMean(ratios))}`
}

/** The committed list of shapes for a comparison. */
function shapesFile({ before, precision }: CompareSettings): string {
  if (before !== undefined) return 'shapes-before.json'
  return precision === 'f32' ? 'shapes.json' : `shapes-${precision}.json`
}

async function oneRow(
  shape: Shape,
  settings: CompareSettings,
  ours: OurSides,
  opponents: readonly Opponent[],
): Promise<Row> {
  // Two of ours on more threads than one are compared on two.
  const threads = shape.over === '1 thread' ? Math.max(2, settings.threads) : settings.threads
  const { precision } = settings
  const entrant: Entrant = {
    name: 'ours',
    side: ours.side('ours', threads),
    shape,
    precision,
    rate: Number.POSITIVE_INFINITY,
    ceilings: measureCeilings(shape, precision, threads),
  }
  // Another build is compared on the same work alone.
  const self = settings.before === undefined ? ourOther(entrant, ours, settings.threads) : undefined
  const others =
    self === undefined
      ? opponents.map(({ name, side, rate }) => ({ name, side, shape, precision, rate }))
      : [self]
  return measureRow(entrant, others, roundsOf(settings))
}

/** The other way of ours that a shape is compared with. */
function ourOther(entrant: Entrant, ours: OurSides, threads: number): Entrant | undefined {
  const { shape } = entrant
  const named = (name: string, count: number, change: Partial<Entrant> = {}): Entrant => {
    const other = { ...entrant, name, side: ours.side(name, count), ...change }
    return { ...other, ceilings: measureCeilings(other.shape, other.precision, count) }
  }
  if (shape.over === '1 thread') return named('ours, 1 thread', 1)
  if (shape.over === 'f32') return named('ours, f32', threads, { precision: 'f32' })
  if (shape.lengths === undefined) return undefined
  const { lengths: _, ...full } = shape
  return named('ours, full', threads, { shape: full })
}

/** Processes of ours, one for each name and number of threads, from the first use on. */
class OurSides {
  readonly #sides = new Map<string, Side>()

  side(name: string, threads: number): Side {
    const key = `${name} on ${threads}`
    const side = this.#sides.get(key) ?? ourSide(threads)
    this.#sides.set(key, side)
    return side
  }

  close(): void {
    for (const side of this.#sides.values()) side.close()
  }
}
