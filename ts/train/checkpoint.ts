import { resolve as absolute } from 'node:path'
import { isRecord } from '../brand.js'
import { mismatch } from '../errors.js'
import { checkCount, checkNumber, checkOptions, checkPositive } from '../options.js'

/** Where and how often a run writes its state to go on from. */
export interface CheckpointOptions {
  /**
   * A folder for this run alone, which is made if it is not there. A run holds its folder by a lock on the file
   * `.unrolled.lock`, which stays: another run there, of this or another process, is refused with
   * `ERR_UNROLLED_STATE` until the first has ended or its process is gone. File systems without locks do without.
   * So is a run without `resume` in a folder with checkpoints, and one whose folder was removed and made anew by another run.
   *
   * A checkpoint is the file `checkpoint-STEP.safetensors`, named by the steps of all epochs; `load` reads it
   * as a model, with the weights of the training: those of `average` and the best of `earlyStopping`, which the
   * model ends with, stand beside them.
   */
  readonly path: string
  /**
   * Steps from one checkpoint to the next; `{ seconds }` from one to the next, at the end of a step; or
   * `'epoch'` (default), after the validation. One is written at the end of every run besides, and when a
   * signal, `break` or an error ends the run early.
   */
  readonly every?: number | 'epoch' | { readonly seconds: number }
  /** Checkpoints to keep, the newest ones; 2 by default. */
  readonly keep?: number
}

export const CHECKPOINT_OPTIONS = [
  'path',
  'every',
  'keep',
] as const satisfies readonly (keyof CheckpointOptions)[]

/** An average of the weights over the steps of a run. */
export interface AverageOptions {
  /** The part of the average that each step keeps, from 0 to 1; 0.999 by default. */
  readonly decay?: number
}

export const AVERAGE_OPTIONS = ['decay'] as const satisfies readonly (keyof AverageOptions)[]

/** Checks where and how often a run writes its state. */
export function checkCheckpoint(options: CheckpointOptions): Required<CheckpointOptions> {
  checkOptions('fit checkpoint', options, CHECKPOINT_OPTIONS)
  const path = checkPath('fit checkpoint path', options.path)
  return {
    // A process may change its working directory during a run.
    path: absolute(path),
    every: checkEvery(options.every ?? 'epoch'),
    keep: checkCount('fit checkpoint keep', options.keep ?? 2),
  }
}

function checkEvery(every: unknown): Required<CheckpointOptions>['every'] {
  if (every === 'epoch') return every
  if (typeof every === 'number') return checkCount('fit checkpoint every', every)
  if (!isRecord(every)) {
    const expected = "a number of steps, { seconds } or 'epoch'"
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'fit checkpoint every', expected, every)
  }
  checkOptions('fit checkpoint every', every, ['seconds'])
  return { seconds: checkPositive('fit checkpoint every seconds', Reflect.get(every, 'seconds')) }
}

/** Checks the checkpoint to go on from. */
export function checkResume(resume: unknown, checkpoint: CheckpointOptions | undefined): string {
  if (resume === 'latest' && checkpoint === undefined) {
    const expected = "a path, or 'latest' with checkpoint, whose folder it looks in"
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'fit resume', expected, resume)
  }
  const path = checkPath('fit resume', resume)
  return path === 'latest' ? path : absolute(path)
}

function checkPath(name: string, path: unknown): string {
  if (typeof path !== 'string' || path === '') {
    throw mismatch('ERR_UNROLLED_ARGUMENT', name, 'a path', path)
  }
  return path
}

/** Checks an average of the weights; gives its decay. */
export function checkAverage(options: AverageOptions): number {
  checkOptions('fit average', options, AVERAGE_OPTIONS)
  return checkNumber('fit average decay', options.decay ?? 0.999, 0, 1)
}
