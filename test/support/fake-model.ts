import type { GraphJson } from '../../ts/graph/json.js'
import { Model } from '../../ts/model/model.js'
import type {
  NativeBatch,
  NativeGeneration,
  NativeGradients,
  NativeModel,
  NativeReport,
  NativeSession,
  NativeStream,
  NativeTensor,
  NativeTerm,
  NativeTrainer,
} from '../../ts/native/contract.js'
import type { Description } from '../../ts/native/description.js'

/** Memory in the fake's reports. */
export const MEMORY = { tape: 4, gradients: 3, optimizer: 2, weights: 1 }

/** One call of a fake trainer's step. */
export interface FakeStep {
  readonly inputs: NativeTensor[]
  readonly targets: NativeTensor[]
  /** All batches of the step; the first is `inputs` and `targets`. */
  readonly batches: readonly NativeBatch[]
  readonly carry: boolean
}

const DESCRIPTION: Description = {
  inputs: [{ name: 'input', kind: { sequence: { size: 1, axis: 'time' } } }],
  outputs: [{ name: 'output', kind: { vector: { size: 1 } } }],
  wires: [],
  states: [{ name: 'rnn.l0:h', size: 2, reverse: false }],
  parameters: [{ name: 'w', shape: [1], offset: 0 }],
  count: 1,
  indivisible: null,
  precision: 'f32',
}

const GRAPH: GraphJson = { version: 1, parameters: [], nodes: [], outputs: [] }

/**
 * The addon's side of the contract without the addon: it records what it is sent, and its one
 * parameter counts the steps done. Steps run one at a time and end when the event loop turns.
 */
export class FakeModel implements NativeModel {
  readonly steps: FakeStep[] = []
  readonly log: string[] = []
  readonly configs: string[] = []
  weights: Float32Array = Float32Array.of(0)
  /** Steps sent and still pending, and the most there ever were. */
  pending = 0
  deepest = 0
  /** Makes the report of a step, counted from 1, or of an evaluation (0). */
  report: (step: number, inputs: NativeTensor[]) => Partial<NativeReport> = () => ({})
  readonly #description: Description

  constructor(description: Partial<Description> = {}) {
    this.#description = { ...DESCRIPTION, ...description }
  }

  async ready(): Promise<void> {}

  async pass(): Promise<void> {}

  graph(): string {
    return JSON.stringify(GRAPH)
  }

  describe(): string {
    return JSON.stringify(this.#description)
  }

  async predict(inputs: NativeTensor[], states: NativeTensor[]) {
    const [rows = 0] = inputs[0]?.shape ?? []
    const values = new Float32Array(rows).fill(this.weights[0] ?? 0)
    return { outputs: [{ name: 'output', shape: [rows, 1], values }], states }
  }

  trainer(config: string): NativeTrainer {
    this.configs.push(config)
    this.log.push('open')
    let cancelled = false
    let last: Promise<unknown> = Promise.resolve()
    return {
      step: (batches, { carry }) => {
        const { inputs, targets } = batches[0] ?? { inputs: [], targets: [] }
        this.steps.push({ inputs, targets, batches, carry })
        const number = this.steps.length
        this.pending += 1
        this.deepest = Math.max(this.deepest, this.pending)
        const run = async (): Promise<NativeReport> => {
          await new Promise((resolve) => setTimeout(resolve, 1))
          this.pending -= 1
          if (cancelled) throw coded('ERR_UNROLLED_CANCELLED', 'cancelled')
          const report = this.#full(number, inputs)
          this.weights = Float32Array.of((this.weights[0] ?? 0) + 1)
          this.log.push(`step ${number}`)
          return report
        }
        const result = last.then(run, run)
        last = result
        return result
      },
      cancel: () => {
        cancelled = true
        this.log.push('cancel')
      },
      close: async () => {
        this.log.push('close')
      },
      begin: async () => null,
      restore: async () => {},
      save: async () => {
        this.log.push('save')
      },
      exchangeAverage: async () => {},
    }
  }

  async evaluate(config: string, inputs: NativeTensor[]): Promise<NativeReport> {
    this.configs.push(config)
    this.log.push('evaluate')
    return this.#full(0, inputs)
  }

  async gradients(): Promise<NativeGradients> {
    throw coded('ERR_UNROLLED_STATE', 'the fake has no gradients')
  }

  async logProbabilities(): Promise<Float64Array> {
    throw coded('ERR_UNROLLED_STATE', 'the fake has no losses of rows')
  }

  generation(): NativeGeneration {
    throw coded('ERR_UNROLLED_STATE', 'the fake generates nothing')
  }

  parameters(): Float32Array {
    return this.weights.slice()
  }

  setParameters(values: Float32Array): void {
    this.weights = values.slice()
  }

  metadata(): null {
    return null
  }

  async save(): Promise<void> {}

  async copyRun(): Promise<void> {}

  toBytes(): Uint8Array {
    return new Uint8Array()
  }

  stream(): NativeStream {
    throw coded('ERR_UNROLLED_STATE', 'the fake has no streams')
  }

  async session(): Promise<NativeSession> {
    throw coded('ERR_UNROLLED_STATE', 'the fake has no sessions')
  }

  dispose(): void {
    this.log.push('dispose')
  }

  #full(step: number, inputs: NativeTensor[]): NativeReport {
    const [rows = 0] = inputs[0]?.shape ?? []
    const found = this.report(step, inputs)
    const { loss = 1, terms = [termOf(loss, rows)] } = found
    return {
      norm: 2,
      learningRate: 0.1,
      step,
      skipped: false,
      memory: MEMORY,
      ...found,
      loss,
      terms,
    }
  }
}

/** The only output's term: the mean loss of `valid` targets, `correct` of them predicted. */
export function termOf(mean: number, valid: number, correct = 0): NativeTerm {
  return { output: 'output', sum: mean * valid, weight: valid, correct, valid }
}

/** An error as the addon throws it. */
export function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

/** A model on a fake of the addon. */
export function fakeModel(description: Partial<Description> = {}): {
  model: Model
  native: FakeModel
} {
  const native = new FakeModel(description)
  return { model: new Model(native), native }
}

/** `count` rows of one step each, the row's number in it. */
export function examples(count: number) {
  const x = Array.from({ length: count }, (_, row) => [[row]])
  return { x, y: x.map(([step]) => step ?? []) }
}
