import { isFloats, isList, isObject, own } from '../brand.js'
import { checkId, checkMemory } from '../data/check.js'
import { isIds, rowKind, widthOf } from '../data/kind.js'
import { callOn, Disposable } from '../disposable.js'
import { madeOnlyBy, mismatch, type UnrolledError } from '../errors.js'
import type { Outputs } from '../graph/outputs.js'
import type { AnyValues, Sequence, Token, Tokens, Value, Values, Vector } from '../graph/value.js'
import type { NativeStream } from '../native/contract.js'
import type { PortDescription, StepDescription } from '../native/description.js'
import { guard } from '../native/errors.js'
import { reserve } from '../native/memory.js'
import { checkOptions } from '../options.js'
import { namedStarts } from './context.js'
import { type FixedOutputs, resultsOf } from './fixed.js'
import { type State, type StateData, stateOf, stateTensors } from './state.js'

/** One step of an input: its numbers (or its number, if it has one), or an id. */
export type StepOf<X extends Value> = X extends Sequence | Vector
  ? readonly number[] | Float32Array | number
  : X extends Tokens | Token
    ? number
    : never

/** One step of every input by name; of a single input also as it is. */
export type StepFeed<I extends Values> =
  | { readonly [K in keyof I]: StepOf<I[K]> }
  | StepOf<I[keyof I]>

/** The numbers of every output at one step. */
export type StepOutputs<O extends Outputs> = {
  readonly [K in keyof O]: Float32Array
}

/**
 * A model step by step: one row, in microseconds, on the calling thread. Everything that no step changes has
 * run when the stream begins. The state of a stream can be read, set and copied; all streams share the model's
 * weights.
 */
export class Stream<
  I extends Values = AnyValues,
  O extends Outputs = AnyValues,
> extends Disposable {
  readonly #native: NativeStream
  readonly #step: StepDescription
  readonly #inputs: readonly Place[]
  readonly #outputs: readonly Place[]
  /** The numbers of a step's inputs, one after the other; and the ids, if an input takes ids. */
  readonly #values: Float32Array
  readonly #ids: Int32Array | undefined

  /** @internal */
  constructor(native: NativeStream) {
    if (!isObject(native) || typeof native.push !== 'function') {
      throw madeOnlyBy('Stream', 'a stream by model.stream()', native)
    }
    super('stream', () => native.dispose())
    this.#native = native
    this.#step = JSON.parse(guard(() => native.describe()))
    this.#inputs = places(this.#step.inputs)
    this.#outputs = outputPlaces(this.#step.outputs)
    const numbers = end(this.#inputs.filter(({ ids }) => !ids))
    this.#values = reserve('stream', numbers, () => new Float32Array(numbers))
    const ids = end(this.#inputs.filter(({ ids }) => ids))
    this.#ids = ids > 0 ? new Int32Array(ids) : undefined
  }

  /** Gives the stream that a method is called on, while it is in use. */
  static #use(self: unknown, call: string): Stream {
    if (!isObject(self) || !(#native in self)) {
      throw callOn('stream', call, self)
    }
    self.checkUsable()
    return self
  }

  /**
   * Takes one step and gives its outputs by name.
   *
   * @throws UnrolledError `ERR_UNROLLED_SHAPE`, `ERR_UNROLLED_VALUE` for a bad step,
   * `ERR_UNROLLED_NON_FINITE` for a NaN or infinity in the step or in the next state, and
   * `ERR_UNROLLED_STATE` after `dispose`. The state is then as before.
   */
  push(x: StepFeed<I>): StepOutputs<O> {
    const stream = Stream.#use(this, 'push')
    stream.#take(x)
    const outputs = own(guard(() => stream.#native.push(stream.#values, stream.#ids)))
    return named(stream.#outputs, outputs) as StepOutputs<O>
  }

  /**
   * The id to push first, by the name of each input that the model shifts by one. Later the input takes the
   * token of the step before.
   */
  get starts(): Readonly<Record<string, number>> {
    const { inputs, starts } = Stream.#use(this, 'starts').#step
    return namedStarts(inputs, starts)
  }

  /** The outputs that no step changes. */
  get fixed(): FixedOutputs<O> {
    const stream = Stream.#use(this, 'fixed')
    return resultsOf(guard(() => stream.#native.fixed())) as FixedOutputs<O>
  }

  /** The state after the last step, as values to keep and set again. */
  get state(): State {
    const stream = Stream.#use(this, 'state')
    return stateOf(guard(() => stream.#native.state()))
  }

  set state(state: StateData) {
    const stream = Stream.#use(this, 'state')
    const given = stateTensors('stream state', stream.#step, state)
    const first = guard(() => stream.#native.firstState())
    const rest = first.filter(({ name }) => given.every((other) => other.name !== name))
    guard(() => stream.#native.setState([...given, ...rest]))
  }

  /** Returns to the state before the first step. */
  reset(): void {
    const stream = Stream.#use(this, 'reset')
    guard(() => stream.#native.setState(stream.#native.firstState()))
  }

  /** Opens a second stream that continues from the same state. */
  fork(): Stream<I, O> {
    const stream = Stream.#use(this, 'fork')
    return new Stream<I, O>(guard(() => stream.#native.fork()))
  }

  /** Reads a whole step before it writes any of it: a getter of the caller's may push meanwhile. */
  #take(x: unknown): void {
    const read = this.#steps(x).map(([where, place, step]) => ({
      place,
      numbers: numbersOf(where, place, step),
    }))
    for (const { place, numbers } of read) {
      if (place.ids) this.#ids?.set(numbers, place.start)
      else this.#values.set(numbers, place.start)
    }
  }

  /** Pairs each input with its part of a step, and with the name of that part in messages. */
  #steps(x: unknown): [string, Place, unknown][] {
    if (isByName(x)) {
      const names = this.#inputs.map(({ name }) => name)
      checkOptions('push', x, names, 'input')
      const given = new Map<string, unknown>(Object.entries(x))
      return this.#inputs.map((place) => [`push.${place.name}`, place, given.get(place.name)])
    }
    const [only] = this.#inputs
    if (this.#inputs.length !== 1 || only === undefined) {
      const names = this.#inputs.map(({ name }) => name).join(', ')
      throw mismatch('ERR_UNROLLED_ARGUMENT', 'push', `steps by name (${names})`, x)
    }
    return [['push', only, x]]
  }
}

/** Copies one step of an input; reads each number once. */
function numbersOf(where: string, { ids, size }: Place, step: unknown): ArrayLike<number> {
  if (ids) return [checkId(where, step)]
  const expected = (): UnrolledError =>
    mismatch('ERR_UNROLLED_SHAPE', where, `${size} numbers`, step)
  if (isFloats(step)) {
    checkMemory(where, step)
    const copy = reserve(where, step.length, () => new Float32Array(step))
    if (copy.length !== size) throw expected()
    return copy
  }
  const given: readonly unknown[] | undefined =
    typeof step === 'number' ? [step] : isList(step) ? step : undefined
  if (given?.length !== size) throw expected()
  const copy = reserve(where, size, () => new Float32Array(size))
  for (let i = 0; i < size; i++) {
    const value = given[i]
    if (typeof value !== 'number') throw expected()
    copy[i] = value
  }
  return copy
}

/** Range of an input in the numbers or ids of a step, or of an output in the step's result. */
interface Place {
  readonly name: string
  /** `true` for ids, `false` for numbers. */
  readonly ids: boolean
  readonly start: number
  readonly size: number
}

function places(ports: readonly PortDescription[]): Place[] {
  const ends = { numbers: 0, ids: 0 }
  return ports.map(({ name, kind }) => {
    const rows = rowKind(kind)
    const [ids, size] = [isIds(rows), widthOf(rows)]
    const among = ids ? 'ids' : 'numbers'
    const start = ends[among]
    ends[among] += size
    return { name, ids, start, size }
  })
}

/** Ranges of the outputs of a step. */
function outputPlaces(outputs: StepDescription['outputs']): Place[] {
  let start = 0
  return outputs.map(([name, size]) => {
    const place = { name, ids: false, start, size }
    start += size
    return place
  })
}

function end(places: readonly Place[]): number {
  const last = places.at(-1)
  return last === undefined ? 0 : last.start + last.size
}

/** Splits the outputs of a step by name; the caller owns each array. */
function named(places: readonly Place[], outputs: Float32Array): Record<string, Float32Array> {
  const [only] = places
  if (places.length === 1 && only !== undefined) return { [only.name]: outputs }
  const slice = ({ name, start, size }: Place) => [
    name,
    reserve(name, size, () => outputs.slice(start, start + size)),
  ]
  return Object.fromEntries(places.map(slice))
}

function isByName(x: unknown): x is object {
  // The usual step first: to tell a revoked proxy takes longer.
  return !ArrayBuffer.isView(x) && isObject(x) && !isList(x)
}
