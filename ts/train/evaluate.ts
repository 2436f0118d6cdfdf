import type { Batch } from '../data/fault.js'
import type { NativeModel, NativeTerm } from '../native/contract.js'
import type { Loss } from './loss.js'
import { type OutputLoss, predictsClasses } from './losses.js'
import { type Measure, type Measured, measureBatch } from './measure.js'
import type { Metrics } from './metric.js'
import { lossConfig } from './resolve.js'
import { type Signal, throwIfAborted } from './signal.js'

/** Scores of a model: `loss`, and each requested metric under its name. */
export interface Scores {
  /**
   * The losses over all valid targets, reduced and weighted as they say. A mean over no target has no
   * part in it; NaN without any part.
   */
  readonly loss: number
  /** Correct part of the valid targets of outputs with (binary) cross-entropy; NaN without any. */
  readonly accuracy?: number
  /** `exp(loss)`. */
  readonly perplexity?: number
  /**
   * Custom metrics, by name. With losses of several outputs also `NAME.loss`, `NAME.accuracy` and
   * `NAME.perplexity` of each, where `loss` is the sum of each `NAME.loss` times its weight, and
   * `accuracy` counts the targets of all.
   */
  readonly [metric: string]: number | undefined
}

/** The sums of a {@link Tally}, to go on from. */
export interface TallyRecord {
  readonly terms: readonly (readonly [string, NativeTerm])[]
  readonly custom: readonly (readonly [string, Fraction])[]
}

/** Sums over batches; equal to the sums over one batch of all rows. */
export class Tally {
  readonly #losses: readonly OutputLoss[]
  readonly #terms: Map<string, NativeTerm>
  readonly #custom: Map<string, Fraction>

  constructor(losses: readonly OutputLoss[], record: TallyRecord = { terms: [], custom: [] }) {
    this.#losses = losses
    this.#terms = new Map(record.terms)
    this.#custom = new Map(record.custom)
  }

  get record(): TallyRecord {
    return { terms: [...this.#terms], custom: [...this.#custom] }
  }

  add(terms: readonly NativeTerm[]): void {
    for (const term of terms) {
      const sums = this.#terms.get(term.output)
      this.#terms.set(term.output, sums === undefined ? term : sumOf(sums, term))
    }
  }

  /** Adds the metrics of the user's, each weighted by the batch's number of valid targets. */
  addCustom({ report, values }: Measured): void {
    const valid = report.terms.reduce((sum, term) => sum + term.valid, 0)
    for (const [name, value] of values) {
      const { part, whole } = this.#custom.get(name) ?? { part: 0, whole: 0 }
      this.#custom.set(name, { part: part + value * valid, whole: whole + valid })
    }
  }

  /** The scores so far. */
  scores(metrics: Metrics): Scores {
    const loss = this.#loss()
    const custom = [...this.#custom].map(([name, sums]) => [name, ratio(sums)] as const)
    return {
      loss,
      ...(metrics.accuracy && { accuracy: ratio(this.#correct()) }),
      ...(metrics.perplexity && { perplexity: Math.exp(loss) }),
      ...(this.#losses.length > 1 && this.#each(metrics)),
      ...Object.fromEntries(custom),
    }
  }

  #loss(): number {
    const counted = this.#losses.flatMap(({ output, loss }) => {
      const own = reduced(loss, this.#terms.get(output.name))
      return own === undefined ? [] : [loss.weight * own]
    })
    return counted.length === 0 ? Number.NaN : counted.reduce((sum, part) => sum + part, 0)
  }

  /** The scores of each output, under its name. */
  #each({ accuracy, perplexity }: Metrics): Record<string, number> {
    const scores = this.#losses.flatMap(({ output: { name }, loss }) => {
      const term = this.#terms.get(name)
      const own = reduced(loss, term) ?? Number.NaN
      const { correct: part = 0, valid: whole = 0 } = term ?? {}
      return [
        [`${name}.loss`, own] as const,
        ...(accuracy && predictsClasses(loss)
          ? [[`${name}.accuracy`, ratio({ part, whole })] as const]
          : []),
        ...(perplexity ? [[`${name}.perplexity`, Math.exp(own)] as const] : []),
      ]
    })
    return Object.fromEntries(scores)
  }

  #correct(): Fraction {
    const sums = { part: 0, whole: 0 }
    for (const { correct, valid } of this.#terms.values()) {
      if (correct === undefined) continue
      sums.part += correct
      sums.whole += valid
    }
    return sums
  }
}

/** The loss of one output, without its factor; nothing for a mean over no target. */
function reduced({ reduction }: Loss, term: NativeTerm | undefined): number | undefined {
  if (term === undefined) return undefined
  if (reduction === 'sum') return term.sum
  return term.weight === 0 ? undefined : term.sum / term.weight
}

interface Fraction {
  readonly part: number
  readonly whole: number
}

function ratio({ part, whole }: Fraction): number {
  return whole === 0 ? Number.NaN : part / whole
}

function sumOf(a: NativeTerm, b: NativeTerm): NativeTerm {
  return {
    output: a.output,
    sum: a.sum + b.sum,
    weight: a.weight + b.weight,
    ...(a.correct !== undefined && { correct: a.correct + (b.correct ?? 0) }),
    valid: a.valid + b.valid,
  }
}

/** The losses and metrics of a measurement, and the signal that stops it. */
export interface Measurement {
  readonly losses: readonly OutputLoss[]
  readonly metrics: Metrics
  readonly signal?: Signal | undefined
}

/** Gives what measures single batches. */
export function measureOf({ losses, metrics, signal }: Measurement): Measure {
  return {
    config: JSON.stringify(lossConfig(losses)),
    custom: metrics.custom,
    checkRunning: () => throwIfAborted(signal),
  }
}

/** Measures a model on batches. */
export async function evaluateBatches(
  model: NativeModel,
  batches: AsyncIterable<Batch>,
  measurement: Measurement,
): Promise<Scores> {
  const tally = new Tally(measurement.losses)
  const measure = measureOf(measurement)
  for await (const batch of batches) {
    measure.checkRunning()
    const measured = await measureBatch(model, batch, measure)
    tally.add(measured.report.terms)
    tally.addCustom(measured)
  }
  return tally.scores(measurement.metrics)
}
