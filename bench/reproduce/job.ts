/** A published task that is run again. */
export interface Job {
  /** Its subject, in one line. */
  readonly about: string
  /** Sizes of the models and lengths of the training, of the whole task and of its reduced form. */
  readonly settings: { readonly full: object; readonly reduced: object }
  /** Runs the task, or its reduced form of a few seconds; goes on from what the folder holds. */
  run(work: Work): Promise<Outcome>
}

/** The surroundings of a run. */
export interface Work {
  /** Few examples and a small model, to see that it runs. */
  readonly reduced: boolean
  /** Decides the split, the first weights and the order of the examples. */
  readonly seed: number
  /** Holds the models and their places between starts. */
  readonly folder: string
  /** Asks to stop; the run then saves its place and rejects with the signal's reason. */
  readonly signal: AbortSignal
  /** Prints a line. */
  say(line: string): void
}

/** The results of a run. */
export interface Outcome {
  readonly figures: readonly Figure[]
  /** Everything else for the record: counts of the data, curves, samples. */
  readonly details: object
}

/** One measured number, in percent, beside the published ones. */
export interface Figure {
  readonly name: string
  readonly percent: number
  readonly target?: { readonly atMost: number } | { readonly atLeast: number }
  readonly published?: readonly Published[]
}

/** A number from the literature. */
export interface Published {
  readonly percent: number
  readonly source: string
}

/** Tells if a figure is as good as it shall be. */
export function reached({ percent, target }: Figure): boolean {
  if (target === undefined) return true
  return 'atMost' in target ? percent <= target.atMost : percent >= target.atLeast
}
