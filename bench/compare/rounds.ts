import { ratioOf, spreadOf } from '../measure.js'
import { flopsOf } from './flops.js'
import type { Sample } from './protocol.js'
import type { Duel, Left, Ready } from './row.js'

/** The time of a row, where its rounds take longer. */
const BUDGET_MS = 20_000
/** Rounds that a row has whatever they take, and all that slow peers have. */
const FEW = 3
/** The time of a call beyond which a side is slow. */
const SLOW_MS = 2_500
/** The time of a call beyond which a sample needs no uncounted call first. */
export const LONG_MS = 1_000

/** The samples in turn; who breaks is left out. */
export async function rounds(
  ours: Ready,
  others: readonly Ready[],
  count: number,
  left: Left[],
): Promise<{ alone: number[]; duels: Duel[] }> {
  const alone: number[] = []
  const pairs = others.map((other) => ({ other, ours: [] as Sample[], theirs: [] as Sample[] }))
  const sample = async ({ side, calls, once }: Ready): Promise<Sample> =>
    side.ask({ ask: 'sample', calls, warm: once < LONG_MS })
  const started = performance.now()
  for (let round = 0; round < count; round++) {
    if (round >= FEW && performance.now() - started > BUDGET_MS) break
    if (pairs.length === 0) alone.push((await sample(ours)).wall)
    for (const pair of pairs) {
      if (pair.other.once > SLOW_MS && round >= FEW) continue
      if (left.some(({ name }) => name === pair.other.name)) continue
      try {
        // Who is first changes by the round: the second finds another state of caches and clock.
        const [first, second] = round % 2 === 0 ? [ours, pair.other] : [pair.other, ours]
        const one = await sample(first)
        const two = await sample(second)
        const [mine, other] = first === ours ? [one, two] : [two, one]
        pair.ours.push(mine)
        pair.theirs.push(other)
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        left.push({ name: pair.other.name, reason, wrong: true })
      }
    }
  }
  const duels = pairs
    .filter(({ other }) => left.every(({ name }) => name !== other.name))
    .map(({ other, ours, theirs }) => duelOf(other, ours, theirs))
  return { alone, duels }
}

function duelOf(
  { name, note, difference, shape }: Ready,
  ours: readonly Sample[],
  theirs: readonly Sample[],
): Duel {
  const of = (samples: readonly Sample[], kind: keyof Sample) => samples.map((one) => one[kind])
  const [mine, other] = [of(ours, 'wall'), of(theirs, 'wall')]
  const theirsMs = spreadOf(other)
  return {
    name,
    ...(note !== undefined && { note }),
    ...(difference !== undefined && { difference }),
    ours: mine,
    theirs: other,
    oursMs: spreadOf(mine),
    theirsMs,
    ratio: ratioOf(other, mine),
    processorRatio: ratioOf(of(theirs, 'processor'), of(ours, 'processor')).ofMedians,
    gflops: flopsOf(shape) / theirsMs.median / 1e6,
  }
}
