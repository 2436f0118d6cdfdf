import { isRecord, own } from '../brand.js'
import type {
  RowWeights,
  StepWeights,
  Targets,
  TokenData,
  TokensData,
  Weights,
} from '../data/data.js'
import { ExampleRows, rowsOf } from '../data/feed.js'
import type { Port } from '../data/kind.js'
import { mismatch } from '../errors.js'
import type { AnyValues, Values } from '../graph/value.js'
import { guardAsync } from '../native/errors.js'
import { checkOptions } from '../options.js'
import { binaryCrossEntropy, crossEntropy } from '../train/loss.js'
import { type OutputLoss, targetPort } from '../train/losses.js'
import { lossConfig } from '../train/resolve.js'
import type { GenerateFeed } from './generate.js'
import { type Parts, portsWith } from './parts.js'
import { portOf, tokenRoles } from './roles.js'
import { type LengthOptions, resolveStop, type StopJson } from './stop.js'

/** Options of `logProbability`. */
export interface LogProbabilityOptions {
  /** The output that scores the tokens; found where the model leaves no choice. */
  readonly output?: string
  /** The output that ends a sequence, as in `generate`. */
  readonly stop?: string
  /** The output and input of a predicted length, as in `generate`. */
  readonly length?: LengthOptions
}

export const LOG_PROBABILITY_OPTIONS = [
  'output',
  'stop',
  'length',
] as const satisfies readonly (keyof LogProbabilityOptions)[]

/** Sequences, and what the model is fed to give them. */
export interface SequenceExamples<I extends Values = AnyValues, O extends Values = AnyValues> {
  /** The inputs, as for `evaluate`. */
  readonly x: GenerateFeed<I>
  /** The tokens that are scored: alone, or under the output's name. */
  readonly y: Targets<O> | TokensData | TokenData
  /** Weights of the tokens, 1 by default: alone, or under the output's name. */
  readonly weights?: Weights<O> | StepWeights | RowWeights
}

export const SEQUENCE_EXAMPLES_KEYS = [
  'x',
  'y',
  'weights',
] as const satisfies readonly (keyof SequenceExamples)[]

/** Measures `ln P` of each row. */
export function logProbability(
  parts: Parts,
  examples: unknown,
  options: LogProbabilityOptions,
): Promise<Float64Array> {
  const where = 'logProbability'
  checkOptions(where, options, LOG_PROBABILITY_OPTIONS)
  const stop = resolveStop(where, parts, options)
  const output = scoredOutput(where, parts, stop, options)
  const losses = lossesOf(parts, output, stop)
  const whole = completed(where, parts, output, stop, examples)
  const { inputs, targets } = new ExampleRows(where, portsWith(parts, losses), whole).whole()
  const config = JSON.stringify(lossConfig(losses))
  return guardAsync(() => parts.native.logProbabilities(config, inputs, targets)).then(own)
}

/** The output with the scores of the targets: the named one, the only one, or that of the model's tokens. */
export function scoredOutput(
  where: string,
  parts: Parts,
  stop: StopJson,
  { output }: LogProbabilityOptions,
): Port {
  if (output !== undefined) return portOf(`${where} output`, 'output', parts.outputs, output)
  const ends = [endsOf(stop).stop, endsOf(stop).length]
  const [only, ...more] = parts.outputs.filter(({ name }) => !ends.includes(name))
  return only !== undefined && more.length === 0 ? only : tokenRoles(where, parts, {}).output
}

/** The names of the outputs that end sequences, and of the input of the remaining length. */
function endsOf(stop: StopJson): { stop?: string; length?: string; remaining?: string } {
  if (typeof stop !== 'object' || 'endToken' in stop) return {}
  return 'output' in stop ? { stop: stop.output } : stop.length
}

/** The losses whose sums are the logarithms of the probabilities. */
function lossesOf({ outputs }: Parts, output: Port, stop: StopJson): OutputLoss[] {
  const ends = endsOf(stop)
  const classes = crossEntropy({ reduction: 'sum' })
  const yesNo = binaryCrossEntropy({ reduction: 'sum' })
  return outputs.flatMap((port): OutputLoss[] => {
    if (port.name === output.name || port.name === ends.length)
      return [{ output: port, loss: classes }]
    return port.name === ends.stop ? [{ output: port, loss: yesNo }] : []
  })
}

/** The examples by name, with what follows from the lengths of their targets. */
function completed(
  where: string,
  parts: Parts,
  output: Port,
  stop: StopJson,
  examples: unknown,
): Record<(typeof SEQUENCE_EXAMPLES_KEYS)[number], unknown> {
  if (!isRecord(examples)) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', where, '{ x, y }', examples)
  }
  checkOptions(where, examples, SEQUENCE_EXAMPLES_KEYS)
  const { x, y, weights } = examples as { x?: unknown; y?: unknown; weights?: unknown }
  const ends = endsOf(stop)
  const own = parts.inputs.filter(({ name }) => name !== ends.remaining)
  const inputs = named(x, own.length === 1 ? own[0]?.name : undefined)
  const targets = named(y, output.name)
  const losses = lossesOf(parts, output, 'never')
  const scored = losses.map(targetPort)[0] ?? output
  const { lengths } = rowsOf(`${where} y`, scored, targets[output.name])
  const missing = (of: Record<string, unknown>, name: string | undefined): name is string =>
    name !== undefined && of[name] === undefined
  if (missing(inputs, ends.remaining)) inputs[ends.remaining] = steps(lengths, (n, t) => n - t)
  if (missing(targets, ends.stop))
    targets[ends.stop] = steps(lengths, (n, t) => Number(t + 1 === n))
  if (missing(targets, ends.length)) targets[ends.length] = lengths
  return {
    x: inputs,
    y: targets,
    weights: weights === undefined ? undefined : named(weights, output.name),
  }
}

/** Data by name; the data of one input or output stand alone. */
function named(data: unknown, only: string | undefined): Record<string, unknown> {
  if (isRecord(data) && !('values' in data)) return { ...data }
  return only === undefined ? (data as Record<string, unknown>) : { [only]: data }
}

/** A number for each step of rows of these lengths. */
function steps(lengths: Int32Array, at: (length: number, step: number) => number): Float32Array[] {
  return Array.from(lengths, (length) =>
    Float32Array.from({ length }, (_, step) => at(length, step)),
  )
}
