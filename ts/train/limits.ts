import { mismatch } from '../errors.js'
import { checkCount, checkOptions, checkPositive, type Names } from '../options.js'

/** A limit on the gradient: on its norm, or on the magnitude of each of its numbers. */
export type ClipOptions = { readonly norm: number } | { readonly value: number }

export const CLIP_OPTIONS = ['norm', 'value'] as const satisfies readonly Names<ClipOptions>[]

/** The two distances of truncated BPTT. */
export interface TruncateOptions {
  /** Steps from one backward pass to the next. */
  readonly k1: number
  /** Steps that a backward pass goes through. */
  readonly k2: number
}

export const TRUNCATE_OPTIONS = ['k1', 'k2'] as const satisfies readonly (keyof TruncateOptions)[]

/** Checks a limit on the gradient. */
export function checkClip(clip: { readonly norm?: number; readonly value?: number }) {
  checkOptions('fit clip', clip, CLIP_OPTIONS)
  if (clip.norm !== undefined && clip.value !== undefined) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'fit clip', 'either norm or value', clip)
  }
  return clip.norm === undefined
    ? { value: checkPositive('fit clip value', clip.value) }
    : { norm: checkPositive('fit clip norm', clip.norm) }
}

/** Checks the distances of truncated BPTT. */
export function checkTruncate(truncate: TruncateOptions) {
  checkOptions('fit truncate', truncate, TRUNCATE_OPTIONS)
  return {
    k1: checkCount('fit truncate k1', truncate.k1),
    k2: checkCount('fit truncate k2', truncate.k2),
  }
}
