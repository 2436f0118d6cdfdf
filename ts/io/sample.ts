import type { MatchOptions, Model } from '../index.js'
import { checkKey, readRecord, renamed } from './options.js'

/** Inputs, and the outputs that the other program computes for them. */
export interface Sample {
  /** As for `predict`. */
  readonly x: unknown
  /**
   * Outputs by name, all or some, or the only one: data of the forms that `predict` takes, of as many steps in each row as
   * the output has.
   */
  readonly y: unknown
}

const KEYS = ['x', 'y'] as const

/** Reads a sample's two keys; nothing without a sample. */
export function readSample(where: string, sample: unknown): Sample | undefined {
  if (sample === undefined) return undefined
  const read = readRecord(where, sample, '{ x, y }')
  for (const key of Object.keys(read)) checkKey(where, 'key', key, KEYS)
  const { x, y } = read as { x?: unknown; y?: unknown }
  return { x, y }
}

/** Finds the largest difference of a model's outputs from a sample's, as `model.load` does: of no tensors here. */
export async function differenceOf(
  where: string,
  model: Pick<Model, 'load'>,
  sample: Sample,
): Promise<{ readonly largestDifference?: number }> {
  const options = { strict: false, sample } as unknown as MatchOptions
  const { largestDifference } = await renamed(where, 'load', () => model.load({}, options as never))
  return largestDifference === undefined ? {} : { largestDifference }
}
