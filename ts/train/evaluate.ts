import type { Batch } from '../io/feed.js'
import { Result } from '../io/result.js'
import type { NativeModel, NativeReport } from '../native/contract.js'
import { guardAsync } from '../native/errors.js'
import { type Metrics, metricTargets } from './metric.js'

/** What a model scores: `loss`, and each metric that was asked for under its name. */
export interface Scores {
  /** Mean over all valid targets. */
  readonly loss: number
  /** The part of valid targets hit. */
  readonly accuracy?: number
  /** `exp(loss)`. */
  readonly perplexity?: number
  /** Metrics of your own, by name. */
  readonly [metric: string]: number | undefined
}

/** Sums over batches, each weighted by its valid targets. */
export class Tally {
  #loss = 0
  #weight = 0
  #correct = 0
  #valid = 0
  readonly #custom = new Map<string, number>()

  add(report: NativeReport): void {
    this.#loss += report.loss * report.weight
    this.#weight += report.weight
    this.#correct += report.correct
    this.#valid += report.valid
  }

  addCustom(name: string, value: number, report: NativeReport): void {
    this.#custom.set(name, (this.#custom.get(name) ?? 0) + value * report.valid)
  }

  /** The means so far; 0 where nothing counted. */
  scores(metrics: Metrics): Scores {
    const loss = this.#weight === 0 ? 0 : this.#loss / this.#weight
    const part = (sum: number): number => (this.#valid === 0 ? 0 : sum / this.#valid)
    const custom = [...this.#custom].map(([name, sum]) => [name, part(sum)] as const)
    return {
      loss,
      ...(metrics.accuracy && { accuracy: part(this.#correct) }),
      ...(metrics.perplexity && { perplexity: Math.exp(loss) }),
      ...Object.fromEntries(custom),
    }
  }
}

/** Measures a model on batches; the outputs are computed once more where a metric needs them. */
export async function evaluateBatches(
  model: NativeModel,
  config: string,
  batches: AsyncIterable<Batch>,
  metrics: Metrics,
): Promise<Scores> {
  const tally = new Tally()
  for await (const { inputs, targets } of batches) {
    const report = await guardAsync(() => model.evaluate(config, inputs, targets, []))
    tally.add(report)
    if (metrics.custom.length === 0) continue
    const { outputs } = await guardAsync(() => model.predict(inputs, []))
    const batch = {
      outputs: Object.fromEntries(outputs.map((output) => [output.name, new Result(output)])),
      targets: Object.fromEntries(targets.map((target) => [target.name, metricTargets(target)])),
    }
    for (const metric of metrics.custom) tally.addCustom(metric.name, metric.compute(batch), report)
  }
  return tally.scores(metrics)
}
