import type { Result } from '../data/result.js'
import { mismatch } from '../errors.js'
import type { NativeTensor } from '../native/contract.js'
import { unknownName } from '../options.js'

/** What a {@link Metric} sees: a batch's outputs and targets by name. */
export interface MetricBatch {
  readonly outputs: Readonly<Record<string, Result>>
  readonly targets: Readonly<Record<string, MetricTargets>>
}

/** The targets of one output, padded to one length. */
export interface MetricTargets {
  readonly values: Float32Array | Int32Array
  readonly shape: readonly number[]
  /** The valid steps of each row, where rows differ. */
  readonly lengths: Int32Array | undefined
}

/** A measure of your own, taken over whole batches and weighted by their valid targets. */
export interface Metric {
  /** The key that it has in the results; not a name the library uses itself. */
  readonly name: string
  compute(batch: MetricBatch): number | Promise<number>
}

/**
 * `'accuracy'`: the part of the valid targets that are correct, of outputs with cross-entropy: by the
 * largest output, or of binary cross-entropy by the likelier side.
 * `'perplexity'`: `exp(loss)`.
 */
export type MetricLike = 'accuracy' | 'perplexity' | Metric

/** Metrics by what they need: the report of the core, or outputs. */
export interface Metrics {
  readonly accuracy: boolean
  readonly perplexity: boolean
  readonly custom: readonly Metric[]
}

const RESERVED = ['accuracy', 'perplexity', 'loss', 'epoch', 'seconds', 'type', 'stopped'] as const

/** The key of a measure of the validation data: `validationLoss`. */
export function validationName(name: string): string {
  return `validation${name.charAt(0).toUpperCase()}${name.slice(1)}`
}

/** The names of the measures in an epoch's record; metrics of the caller's need outputs, so validation. */
export function recordNames(metrics: Metrics, validated: boolean): string[] {
  const { accuracy, perplexity, custom } = metrics
  const names = ['loss', ...(accuracy ? ['accuracy'] : []), ...(perplexity ? ['perplexity'] : [])]
  if (!validated) return names
  return [...names, ...[...names, ...custom.map(({ name }) => name)].map(validationName)]
}

/** Checks metrics and sorts them. */
export function resolveMetrics(where: string, metrics: readonly MetricLike[]): Metrics {
  if (!Array.isArray(metrics)) {
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

/** Targets as a {@link Metric} sees them, a copy, under their name. */
export function metricTargets(tensor: NativeTensor): [name: string, targets: MetricTargets] {
  const values = (tensor.ids ?? tensor.values ?? new Float32Array(0)).slice()
  return [tensor.name, { values, shape: tensor.shape, lengths: tensor.lengths }]
}

function checkMetric(where: string, metric: unknown): Metric {
  const given = metric as Partial<Metric> | null
  if (typeof given?.name !== 'string' || typeof given.compute !== 'function') {
    throw mismatch(
      'ERR_UNROLLED_ARGUMENT',
      where,
      "'accuracy', 'perplexity' or { name, compute }",
      metric,
    )
  }
  const taken = RESERVED.map(validationName).includes(validationName(given.name))
  if (taken || given.name.startsWith('validation')) {
    throw mismatch(
      'ERR_UNROLLED_ARGUMENT',
      `${where} name`,
      'a name that is not reserved',
      given.name,
    )
  }
  return given as Metric
}
