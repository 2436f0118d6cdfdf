import { mismatch, UnrolledError } from '../errors.js'
import type { Sequence, Token, Tokens, Value, Vector } from '../graph/value.js'
import { checkId } from '../io/id.js'
import { type Port, rowKind, widthOf } from '../io/kind.js'
import type { Description, NativeModel, NativeStream, NativeTensor } from '../native/contract.js'
import { guard } from '../native/errors.js'
import { checkOptions } from '../options.js'
import { type State, type StateData, stateOf, stateTensors } from './state.js'

/** One step of an input: its numbers (or its number, if it has one), or an id. */
export type StepOf<X extends Value> = X extends Sequence | Vector
  ? readonly number[] | Float32Array | number
  : X extends Tokens | Token
    ? number
    : never

/** One step of every input by name; of a single input also as it is. */
export type StepFeed<I extends Readonly<Record<string, Value>>> =
  | { readonly [K in keyof I]: StepOf<I[K]> }
  | StepOf<I[keyof I]>

/** The numbers of every output at one step. */
export type StepOutputs<O extends Readonly<Record<string, Value>>> = {
  readonly [K in keyof O]: Float32Array
}

/**
 * A model step by step, one row, in microseconds and on the calling thread. It keeps its own state,
 * which can be read, set and copied; the model's weights are shared.
 */
export class Stream<
  I extends Readonly<Record<string, Value>> = Readonly<Record<string, Value>>,
  O extends Readonly<Record<string, Value>> = Readonly<Record<string, Value>>,
> {
  readonly #model: NativeModel
  readonly #description: Description
  readonly #native: NativeStream
  readonly #ports: readonly Port[]
  #disposed = false

  /** @internal */
  constructor(model: NativeModel, description: Description) {
    this.#model = model
    this.#description = description
    this.#native = guard(() => model.stream())
    this.#ports = description.inputs.map(({ name, kind }) => ({ name, rows: rowKind(kind) }))
  }

  /**
   * Takes one step and gives the outputs at it by name.
   *
   * @throws UnrolledError `ERR_UNROLLED_SHAPE`, `ERR_UNROLLED_VALUE` for a bad step, and
   * `ERR_UNROLLED_STATE` after `dispose`.
   */
  push(x: StepFeed<I>): StepOutputs<O> {
    this.#checkOpen()
    const inputs = stepTensors(this.#ports, x)
    const outputs = guard(() => this.#native.push(inputs))
    const named = outputs.map(({ name, values }) => [name, values ?? new Float32Array(0)])
    return Object.fromEntries(named) as StepOutputs<O>
  }

  /** The state after the last step, as values: it can be kept and set again. */
  get state(): State {
    this.#checkOpen()
    return stateOf(guard(() => this.#native.state()))
  }

  set state(state: StateData) {
    this.#checkOpen()
    const given = stateTensors('stream state', this.#description, state)
    const rest = this.#zeros().filter(({ name }) => given.every((other) => other.name !== name))
    guard(() => this.#native.setState([...given, ...rest]))
  }

  /** Back to the state before the first step. */
  reset(): void {
    this.#checkOpen()
    guard(() => this.#native.setState(this.#zeros()))
  }

  /** A second stream that goes on from the same state. */
  fork(): Stream<I, O> {
    this.#checkOpen()
    const other = new Stream<I, O>(this.#model, this.#description)
    other.#native.setState(guard(() => this.#native.state()))
    return other
  }

  /** Frees the stream; it cannot be used afterwards. Doing it again does nothing. */
  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#native.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #zeros(): NativeTensor[] {
    return this.#description.states.map(({ name, size }) => ({
      name,
      shape: [1, size],
      values: new Float32Array(size),
    }))
  }

  #checkOpen(): void {
    if (this.#disposed) {
      throw new UnrolledError('ERR_UNROLLED_STATE', 'the stream has been disposed')
    }
  }
}

function stepTensors(ports: readonly Port[], x: unknown): NativeTensor[] {
  const byName = typeof x === 'object' && x !== null && !Array.isArray(x) && !ArrayBuffer.isView(x)
  if (byName) {
    const names = ports.map(({ name }) => name)
    checkOptions('push', x, names, 'input')
    const given = new Map<string, unknown>(Object.entries(x))
    return ports.map((port) => stepTensor(`push.${port.name}`, port, given.get(port.name)))
  }
  const [only] = ports
  if (ports.length !== 1 || only === undefined) {
    const names = ports.map(({ name }) => name).join(', ')
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'push', `steps by name (${names})`, x)
  }
  return [stepTensor('push', only, x)]
}

/** One step as a batch of one row and, where rows have steps, one step. */
function stepTensor(where: string, { name, rows }: Port, step: unknown): NativeTensor {
  if (rows.kind === 'tokens' || rows.kind === 'token') {
    const ids = Int32Array.of(checkId(where, step))
    return { name, shape: rows.kind === 'tokens' ? [1, 1] : [1], ids }
  }
  const size = widthOf(rows)
  const numbers = typeof step === 'number' ? [step] : step
  const listed = Array.isArray(numbers) || numbers instanceof Float32Array
  if (!listed || numbers.length !== size || !every(numbers)) {
    throw mismatch('ERR_UNROLLED_SHAPE', where, `${size} numbers`, step)
  }
  const shape = rows.kind === 'sequence' ? [1, 1, size] : [1, size]
  return { name, shape, values: Float32Array.from(numbers) }
}

function every(numbers: readonly unknown[] | Float32Array): numbers is number[] | Float32Array {
  return numbers instanceof Float32Array || numbers.every((value) => typeof value === 'number')
}
