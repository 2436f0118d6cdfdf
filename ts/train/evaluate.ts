import { Result } from '../data/result.js'
import { mismatch } from '../errors.js'
import type { NativeBatch, NativeModel, NativeReport, NativeTerm } from '../native/contract.js'
import { guardAsync } from '../native/errors.js'
import type { OutputLoss } from './loss.js'
import { type Metrics, metricTargets } from './metric.js'
import { lossConfig } from './options.js'
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
  /** Custom metrics, by name. */
  readonly [metric: string]: number | undefined
}

/** Sums over batches; equal to the sums over one batch of all rows. */
export class Tally {
  readonly #losses: readonly OutputLoss[]
  readonly #terms = new Map<string, NativeTerm>()
  readonly #custom = new Map<string, Fraction>()

  constructor(losses: readonly OutputLoss[]) {
    this.#losses = losses
  }

  add(report: NativeReport): void {
    for (const term of report.terms) {
      const sums = this.#terms.get(term.output)
      this.#terms.set(term.output, sums === undefined ? term : sumOf(sums, term))
    }
  }

  addCustom(name: string, value: number, report: NativeReport): void {
    const { part, whole } = this.#custom.get(name) ?? { part: 0, whole: 0 }
    const valid = report.terms.reduce((sum, term) => sum + term.valid, 0)
    this.#custom.set(name, { part: part + value * valid, whole: whole + valid })
  }

  /** The scores so far. */
  scores(metrics: Metrics): Scores {
    const loss = this.#loss()
    const custom = [...this.#custom].map(([name, sums]) => [name, ratio(sums)] as const)
    return {
      loss,
      ...(metrics.accuracy && { accuracy: ratio(this.#correct()) }),
      ...(metrics.perplexity && { perplexity: Math.exp(loss) }),
      ...Object.fromEntries(custom),
    }
  }

  #loss(): number {
    const counted = this.#losses.flatMap(({ output, loss: { reduction, weight } }) => {
      const term = this.#terms.get(output.name)
      if (term === undefined) return []
      if (reduction === 'sum') return [weight * term.sum]
      return term.weight === 0 ? [] : [weight * (term.sum / term.weight)]
    })
    return counted.length === 0 ? Number.NaN : counted.reduce((sum, part) => sum + part, 0)
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
export interface Measure {
  readonly losses: readonly OutputLoss[]
  readonly metrics: Metrics
  readonly signal?: Signal | undefined
}

/** Measures a model on batches; a custom metric costs a second forward pass for the outputs. */
export async function evaluateBatches(
  model: NativeModel,
  batches: AsyncIterable<NativeBatch>,
  { losses, metrics, signal }: Measure,
): Promise<Scores> {
  const tally = new Tally(losses)
  const config = JSON.stringify(lossConfig(losses))
  for await (const { inputs, targets } of batches) {
    throwIfAborted(signal)
    // Copied before the first `await`: the caller may change the data afterwards.
    const own = metrics.custom.length > 0 ? targets.map(metricTargets) : []
    const [report, prediction] = await Promise.all([
      guardAsync(() => model.evaluate(config, inputs, targets, [])),
      metrics.custom.length > 0 ? guardAsync(() => model.predict(inputs, [])) : undefined,
    ])
    tally.add(report)
    if (prediction === undefined) continue
    throwIfAborted(signal)
    const batch = {
      outputs: Object.fromEntries(
        prediction.outputs.map((output) => [output.name, new Result(output)]),
      ),
      targets: Object.fromEntries(own),
    }
    for (const metric of metrics.custom) {
      const value: unknown = await metric.compute(batch)
      if (typeof value !== 'number') {
        throw mismatch('ERR_UNROLLED_ARGUMENT', `metric ${metric.name}`, 'a number', value)
      }
      tally.addCustom(metric.name, value, report)
    }
  }
  return tally.scores(metrics)
}
