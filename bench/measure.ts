/** A distribution of measurements by its middle and its 10th and 90th percentile. */
export interface Spread {
  readonly median: number
  readonly p10: number
  readonly p90: number
  readonly samples: number
}

/** The time that passed, and the time of processors on all threads together. */
export interface Time {
  readonly wall: number
  readonly processor: number
}

/** Something to be timed: each call takes one sample. */
export type Sampler = () => Promise<Time>

/** A watch that counts from now on, in milliseconds. */
export function startWatch(): () => Time {
  const [wall, processor] = [performance.now(), process.cpuUsage()]
  return () => {
    const { user, system } = process.cpuUsage(processor)
    return { wall: performance.now() - wall, processor: (user + system) / 1000 }
  }
}

/**
 * Samples of every contender, taken in turn (a, b, a, b, ...) so that a slow spell of the machine
 * meets all of them. One round beforehand is not counted.
 */
export async function interleave<Name extends string>(
  contenders: Readonly<Record<Name, Sampler>>,
  rounds: number,
): Promise<Record<Name, Time[]>> {
  const names = Object.keys(contenders) as Name[]
  const samples = Object.fromEntries(names.map((name) => [name, [] as Time[]]))
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      const sample = await contenders[name]()
      if (round >= 0) samples[name]?.push(sample)
    }
  }
  return samples as Record<Name, Time[]>
}

/** The median and the percentiles of samples. */
export function spreadOf(samples: readonly number[]): Spread {
  const sorted = Float64Array.from(samples).sort()
  const [median, p10, p90] = [0.5, 0.1, 0.9].map((part) => percentile(sorted, part))
  return { median: median ?? NaN, p10: p10 ?? NaN, p90: p90 ?? NaN, samples: sorted.length }
}

/** The value below which a part of the sorted samples lies, between neighbors by proportion. */
export function percentile(sorted: ArrayLike<number>, part: number): number {
  const place = part * (sorted.length - 1)
  const low = sorted[Math.floor(place)] ?? NaN
  const high = sorted[Math.ceil(place)] ?? NaN
  return low + (high - low) * (place - Math.floor(place))
}

/** The time of one thing over the time of another. */
export interface Ratio {
  readonly ofMedians: number
  readonly byRound: Spread
}

/** The time of `slow` over the time of `fast`, as the ratio of medians and round by round. */
export function ratioOf(slow: readonly number[], fast: readonly number[]): Ratio {
  const byRound = slow.map((value, round) => value / (fast[round] ?? NaN))
  return { ofMedians: spreadOf(slow).median / spreadOf(fast).median, byRound: spreadOf(byRound) }
}

/** The geometric mean, the one that does not care which way a ratio is written. */
export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)
}
