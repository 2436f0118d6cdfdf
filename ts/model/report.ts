/** A layer of a file, and the parameters that it became. */
export interface MatchedLayer {
  /** The layer's or tensor's name in the file. */
  readonly source: string
  /** The names of the parameters in the model. */
  readonly parameters: readonly string[]
  /** Conventions that were converted, such as `gates i, o, f, c -> i, f, g, o`. */
  readonly conventions: readonly string[]
}

/** An account of an import: what became of each part of a file, and how closely both sides agree. */
export interface ParityReport {
  readonly matched: readonly MatchedLayer[]
  /** Parameters of the model that the file does not have. */
  readonly missing: readonly string[]
  /** Tensors of the file that the model has no place for; of whole numbers, such as counters, always. */
  readonly leftOver: readonly string[]
  /**
   * The largest absolute difference between the outputs of the model and those of the sample; left out without
   * one.
   */
  readonly largestDifference?: number
}
