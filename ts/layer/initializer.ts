import type { InitJson } from '../graph/json.js'
import { checkWord } from '../options.js'

/**
 * Initial weights. `'glorot'` (default): Glorot uniform for inputs, orthogonal per gate for
 * recurrence, zero biases. `'pytorch'`: everything uniform in ±1/√n, as `torch.nn` does.
 */
export type Initializer = 'glorot' | 'pytorch'

export function checkInitializer(where: string, value: Initializer | undefined): Initializer {
  return checkWord(`${where} initializer`, value ?? 'glorot', ['glorot', 'pytorch'])
}

/** PyTorch's uniform distribution over ±1/√n. */
export function pytorchUniform(n: number): InitJson {
  return { uniform: { bound: 1 / Math.sqrt(n) } }
}
