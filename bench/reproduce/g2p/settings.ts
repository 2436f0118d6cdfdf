/** Sizes of the models and lengths of their training. */
export interface Settings {
  readonly words: number | undefined
  readonly hiddenSize: number
  readonly embeddingSize: number
  readonly numLayers: number
  readonly dropout: number
  readonly epochs: number
  readonly batchSize: number
  readonly learningRate: number
  readonly minimum: number
  readonly warmup: number
  readonly clip: number
  readonly beamWidth: number
}

/** Within 90 minutes on two cores. */
export const FULL: Settings = {
  words: undefined,
  hiddenSize: 256,
  embeddingSize: 64,
  numLayers: 2,
  dropout: 0.3,
  epochs: 18,
  batchSize: 128,
  learningRate: 2e-3,
  minimum: 0.02,
  warmup: 200,
  clip: 1,
  beamWidth: 5,
}

/** Some hundred words, seconds. */
export const REDUCED: Settings = {
  ...FULL,
  words: 400,
  hiddenSize: 32,
  embeddingSize: 16,
  numLayers: 1,
  dropout: 0,
  epochs: 4,
  batchSize: 16,
  learningRate: 1e-2,
  warmup: 5,
  beamWidth: 3,
}
