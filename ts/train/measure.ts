import { type Batch, located } from '../data/fault.js'
import { Result } from '../data/result.js'
import { mismatch } from '../errors.js'
import type { NativeModel, NativeReport, NativeTensor } from '../native/contract.js'
import { guardAsync } from '../native/errors.js'
import { type Metric, metricTargets } from './metric.js'

/** Losses and metrics to measure a batch by. */
export interface Measure {
  /** The losses, as the core reads them. */
  readonly config: string
  /** Metrics of the user's; each batch then takes a second forward pass, for the outputs. */
  readonly custom: readonly Metric[]
  /** Called before anything of the user's is. */
  checkRunning(): void
}

/** A measured batch. */
export interface Measured {
  readonly report: NativeReport
  /** The metrics of the user's by name. */
  readonly values: ReadonlyMap<string, number>
  /** The states after the batch; none without metrics of the user's. */
  readonly states: NativeTensor[]
}

/** Measures the model, as it is when the call is made, on a batch that begins with some states. */
export async function measureBatch(
  model: NativeModel,
  batch: Batch,
  { config, custom, checkRunning }: Measure,
  states: NativeTensor[] = [],
): Promise<Measured> {
  const { inputs, targets } = batch.native
  // Copied before the first `await`: the caller may change the data afterwards.
  const own = custom.length > 0 ? targets.map(metricTargets) : []
  const [report, prediction] = await Promise.all([
    guardAsync(() => model.evaluate(config, inputs, targets, states)),
    custom.length > 0 ? guardAsync(() => model.predict(inputs, states)) : undefined,
  ]).catch((error: unknown) => Promise.reject(located(error, [batch])))
  const values = new Map<string, number>()
  if (prediction === undefined) return { report, values, states: [] }
  checkRunning()
  const outputs = prediction.outputs.map((output) => [output.name, new Result(output)])
  const measured = { outputs: Object.fromEntries(outputs), targets: Object.fromEntries(own) }
  for (const metric of custom) {
    const value: unknown = await metric.compute(measured)
    if (typeof value !== 'number') {
      throw mismatch('ERR_UNROLLED_ARGUMENT', `metric ${metric.name}`, 'a number', value)
    }
    values.set(metric.name, value)
  }
  return { report, values, states: prediction.states }
}
