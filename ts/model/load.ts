import { isBytes, isRecord } from '../brand.js'
import type { Aimed, Feed } from '../data/data.js'
import { mismatch } from '../errors.js'
import type { Outputs } from '../graph/outputs.js'
import type { AnyValues, Values } from '../graph/value.js'
import { readTensors } from '../native/open.js'
import { checkBoolean, checkOptions } from '../options.js'
import { inTraining } from './learn.js'
import { checkRename, type ForeignTensors, match, type Rename } from './match.js'
import { readParameters, setParameters } from './parameters.js'
import type { Parts } from './parts.js'
import type { ParityReport } from './report.js'
import { checkSample, largestDifference } from './sample.js'

/** Inputs, and the outputs that the other library computes for them. */
export interface Sample<I extends Values = AnyValues, O extends Values = AnyValues> {
  readonly x: Feed<I>
  readonly y: Feed<Aimed<O>>
}

export const SAMPLE_KEYS = ['x', 'y'] as const satisfies readonly (keyof Sample)[]

/** Options of `model.load`. */
export interface MatchOptions<I extends Values = AnyValues, O extends Values = AnyValues> {
  /** Names of the file to names of the model; every name stands by default. */
  readonly rename?: Rename
  /**
   * Refuses a file that lacks a parameter or has a tensor too many (`true`, the default), or leaves what is missing as it
   * is and reports both (`false`).
   */
  readonly strict?: boolean
  /** A sample to measure the largest difference of the outputs by; none by default. */
  readonly sample?: Sample<I, O>
}

export const MATCH_OPTIONS = [
  'rename',
  'strict',
  'sample',
] as const satisfies readonly (keyof MatchOptions)[]

/** A safetensors file by its path or its bytes, or tensors by name. */
export type WeightsSource = string | Uint8Array | ForeignTensors

/** Sets the parameters that a source has: all of them, or, of a source that is refused, none. */
export async function loadWeights<I extends Values, O extends Outputs>(
  parts: Parts,
  source: WeightsSource,
  options: MatchOptions<I, O>,
): Promise<ParityReport> {
  const { native, description } = parts
  if (parts.training) throw inTraining('load')
  checkOptions('load', options, MATCH_OPTIONS)
  const rename = checkRename('load rename', options.rename)
  const strict = checkBoolean('load strict', options.strict ?? true)
  const { sample } = options
  const checked =
    sample === undefined ? undefined : await checkSample('load sample', parts, sample, SAMPLE_KEYS)
  const tensors = await tensorsOf(source)
  const found = match('load', description.parameters, tensors, { rename, strict })
  const values = Object.fromEntries(found.pairs.map((it) => [it.parameter, it.tensor]))
  const settings = readParameters(description, values, 'load')
  if (parts.training) throw inTraining('load')
  setParameters(native, settings)
  const { matched, missing, leftOver } = found
  const report = { matched, missing, leftOver }
  if (checked === undefined) return report
  return { ...report, largestDifference: await largestDifference(parts, checked) }
}

async function tensorsOf(source: WeightsSource): Promise<ForeignTensors> {
  if (typeof source === 'string' || isBytes(source)) {
    const tensors = await readTensors(source)
    return Object.fromEntries(tensors.map((tensor) => [tensor.name, tensor]))
  }
  if (isRecord(source)) return source
  const expected = 'a path, bytes or tensors by name'
  throw mismatch('ERR_UNROLLED_ARGUMENT', 'load', expected, source)
}
