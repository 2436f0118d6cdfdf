import { isList, isObject } from '../brand.js'
import { padded } from '../data/padded.js'
import type { Result } from '../data/result.js'
import { mismatch } from '../errors.js'
import type { NativeTensor } from '../native/contract.js'
import { unknownName } from '../options.js'
import { type OutputLoss, predictsClasses } from './losses.js'

/** Argument of a {@link Metric}: a batch's outputs and targets by name. */
export interface MetricBatch {
  readonly outputs: Readonly<Record<string, Result>>
  readonly targets: Readonly<Record<string, MetricTargets>>
}

/** The targets of one output, padded to one length. */
export interface MetricTargets {
  readonly values: Float32Array | Int32Array
  readonly shape: readonly number[]
  /** The valid steps of each row, if rows differ. */
  readonly lengths: Int32Array | undefined
  /** The weight of each row or step, if weights were given. */
  readonly weights: Float32Array | undefined
}

/**
 * A custom metric, computed for whole batches and averaged by their numbers of valid targets. `fit`
 * computes it for every batch before its update, and again for the validation; this takes two forward
 * passes more for each batch, and batches then wait for each other.
 */
export interface Metric {
  /** The metric's key in the results; names of the library's own results are reserved. */
  readonly name: string
  compute(batch: MetricBatch): number | Promise<number>
}

/**
 * A metric or its name.
 *
 * - `'accuracy'`: the part of the valid targets that the output predicts, of outputs with
 *   cross-entropy (the class of the largest logit) or binary cross-entropy (the sign of the logit).
 * - `'perplexity'`: `exp(loss)`.
 */
export type MetricLike = 'accuracy' | 'perplexity' | Metric

/** Metrics by their source: the core's report, or the outputs. */
export interface Metrics {
  readonly accuracy: boolean
  readonly perplexity: boolean
  readonly custom: readonly Metric[]
}

const RESERVED = ['accuracy', 'perplexity', 'loss', 'epoch', 'seconds', 'type', 'stopped'] as const

/** A measure of one output: the output's name, and the measure's. */
const OF_OUTPUT = /^(.*\.)(loss|accuracy|perplexity)$/s

/** Makes the key of a measure of the validation data: `validationLoss`, of an output `tags.validationLoss`. */
export function validationName(name: string): string {
  const [, output, measure] = OF_OUTPUT.exec(name) ?? []
  if (output !== undefined && measure !== undefined) return `${output}${validationName(measure)}`
  return `validation${name.charAt(0).toUpperCase()}${name.slice(1)}`
}

/** Names the measures in an epoch's record. */
export function recordNames(
  { accuracy, perplexity, custom }: Metrics,
  losses: readonly OutputLoss[],
  validated: boolean,
): string[] {
  const measures = (classes: boolean) => [
    'loss',
    ...(accuracy && classes ? ['accuracy'] : []),
    ...(perplexity ? ['perplexity'] : []),
  ]
  const each = losses.flatMap(({ output, loss }) =>
    measures(predictsClasses(loss)).map((measure) => `${output.name}.${measure}`),
  )
  const own = custom.map(({ name }) => name)
  const names = [...measures(true), ...(losses.length > 1 ? each : []), ...own]
  return validated ? [...names, ...names.map(validationName)] : names
}

/** Checks metrics and sorts them by source. */
export function resolveMetrics(where: string, metrics: readonly MetricLike[]): Metrics {
  if (!isList(metrics)) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', where, 'an array of metrics', metrics)
  }
  const custom: Metric[] = []
  for (const metric of metrics as readonly unknown[]) {
    if (metric === 'accuracy' || metric === 'perplexity') continue
    if (typeof metric === 'string') {
      throw unknownName(where, 'metric', metric, ['accuracy', 'perplexity'])
    }
    const checked = checkMetric(where, metric)
    if (custom.some((other) => validationName(other.name) === validationName(checked.name))) {
      throw mismatch('ERR_UNROLLED_ARGUMENT', where, 'metrics of different names', checked.name)
    }
    custom.push(checked)
  }
  return {
    accuracy: metrics.includes('accuracy'),
    perplexity: metrics.includes('perplexity'),
    custom,
  }
}

/** Copies targets for a {@link Metric}, under their name. */
export function metricTargets(tensor: NativeTensor): [name: string, targets: MetricTargets] {
  const { name, shape, lengths, weights, ids } = tensor
  const values =
    ids === undefined
      ? padded(tensor, tensor.values ?? new Float32Array(0), shape.at(-1) ?? 1)
      : padded(tensor, ids, 1)
  return [name, { values, shape, lengths, weights: weights && padded(tensor, weights, 1) }]
}

function checkMetric(where: string, metric: unknown): Metric {
  const given = isObject(metric) ? (metric as Partial<Metric>) : undefined
  if (typeof given?.name !== 'string' || typeof given.compute !== 'function') {
    throw mismatch(
      'ERR_UNROLLED_ARGUMENT',
      where,
      "'accuracy', 'perplexity' or { name, compute }",
      metric,
    )
  }
  const taken = RESERVED.map(validationName).includes(validationName(given.name))
  if (taken || given.name.startsWith('validation') || OF_OUTPUT.test(given.name)) {
    throw mismatch(
      'ERR_UNROLLED_ARGUMENT',
      `${where} name`,
      'a name that is not reserved',
      given.name,
    )
  }
  return given as Metric
}
