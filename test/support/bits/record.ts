import { createHash } from 'node:crypto'
import type { Data, Model, Outputs, Result, StepFeed, TrainOptions, Value } from 'unrolled'

type Values = Readonly<Record<string, Value>>

/** Digests (SHA-256) of all results of a case. */
export interface Digests {
  /** Updates that were made, and those that were left out. */
  readonly steps: number
  readonly skipped: number
  /** The loss and the gradient's norm of every step. */
  readonly losses: string
  readonly parameters: string
  /** Outputs and last states for data that the model has not seen. */
  readonly prediction: string
  /** Outputs of every step, where the model can run step by step. */
  readonly stream?: string
  /** The file. */
  readonly bytes: string
}

/** Data and options of a case: enough for 50 steps. */
export interface Course<I extends Values, O extends Outputs> {
  readonly data: Data<I, O>
  readonly options: TrainOptions<I, O>
  /** Inputs for a prediction. */
  readonly other: Parameters<Model<I, O>['predict']>[0]
  /** Steps for a stream. */
  readonly pushes?: readonly StepFeed<I>[]
}

/** Trains the model, runs it both ways, and gives the digests. */
export async function digests<I extends Values, O extends Outputs>(
  model: Model<I, O>,
  { data, options, other, pushes }: Course<I, O>,
): Promise<Digests> {
  const losses: number[] = []
  let skipped = 0
  for await (const event of model.train(data, options)) {
    if (event.type !== 'step') continue
    // A skipped step has none, and a NaN has no bits of its own.
    losses.push(...(event.skipped ? [-1, -1] : [event.loss, event.norm]))
    skipped += event.skipped ? 1 : 0
  }
  const { state, ...outputs } = await model.predict(other)
  // Shifts of ids have had no states when the bits were recorded.
  const ids = model.graph.nodes.filter(
    ({ op }) => typeof op === 'object' && 'shift' in op && op.shift.start !== undefined,
  )
  const recorded = Object.entries(state).filter(([name]) =>
    ids.every((shift) => name !== `${shift.name}:last`),
  )
  const predicted = [outputs, Object.fromEntries(recorded)].flatMap((results) =>
    sorted<Result>(results),
  )
  const parameters = sorted(model.parameters()).map(({ values }) => values)
  return {
    steps: losses.length / 2,
    skipped,
    losses: digest([Float64Array.from(losses)]),
    parameters: digest(parameters),
    prediction: digest(predicted.map(({ values }) => values)),
    ...(pushes !== undefined && { stream: digest(streamed(model, pushes)) }),
    bytes: digest([model.toBytes()]),
  }
}

function streamed<I extends Values, O extends Outputs>(
  model: Model<I, O>,
  pushes: readonly StepFeed<I>[],
): Float32Array[] {
  using stream = model.stream()
  return pushes.flatMap((step) => sorted(stream.push(step)))
}

/** The values of a record in the order of their names. */
function sorted<V>(record: Readonly<Record<string, V>>): V[] {
  return Object.entries(record)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, value]) => value)
}

function digest(arrays: readonly (Float32Array | Float64Array | Uint8Array)[]): string {
  const hash = createHash('sha256')
  for (const { buffer, byteOffset, byteLength } of arrays) {
    hash.update(new Uint8Array(buffer, byteOffset, byteLength))
  }
  return hash.digest('hex')
}
