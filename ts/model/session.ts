import { isInts, isList, isObject, lengthOf, own } from '../brand.js'
import { allocate, checkMemory } from '../data/check.js'
import type { TokenData, VectorData } from '../data/data.js'
import { rowsByPort } from '../data/feed.js'
import { isIds, type Port, portsOf } from '../data/kind.js'
import type { Result } from '../data/result.js'
import { callOn, Disposable } from '../disposable.js'
import { Described, madeOnlyBy, mismatch } from '../errors.js'
import type { Outputs } from '../graph/outputs.js'
import type { AnyValues, Sequence, Token, Tokens, Value, Values, Vector } from '../graph/value.js'
import type { NativeSession } from '../native/contract.js'
import type { StepDescription } from '../native/description.js'
import { guard, guardAsync, refuse } from '../native/errors.js'
import { reserve } from '../native/memory.js'
import { namedStarts } from './context.js'
import { type FixedOutputs, resultsOf } from './fixed.js'
import { type State, type StateData, stateOf, stateTensors } from './state.js'

/** One step of every row of an input: `[row][number]`, or an id a row. */
export type RowsStepOf<X extends Value> = X extends Sequence | Vector
  ? VectorData
  : X extends Tokens | Token
    ? TokenData
    : never

/** One step of every row of every input by name; of a single input also as it is. */
export type RowsStepFeed<I extends Values> =
  | { readonly [K in keyof I]: RowsStepOf<I[K]> }
  | RowsStepOf<I[keyof I]>

/** Every output along the axis at one step, `[rows, size]`. */
export type RowsStepOutputs<O extends Outputs> = {
  readonly [K in keyof O]: Result<Vector>
}

/** The most rows of a session. */
const MOST_ROWS = 2 ** 16

/**
 * A model step by step, for many rows at once. Everything that no step changes (an encoder, a context, the
 * keys of an attention, states to begin with) has run when the session begins. Steps run off the main thread;
 * one of less than about half a millisecond runs on it. What looks at the rows or their state waits for no
 * step: await the step first.
 */
export class Session<
  I extends Values = AnyValues,
  O extends Outputs = AnyValues,
> extends Disposable {
  readonly #native: NativeSession
  readonly #step: StepDescription
  readonly #inputs: readonly Port[]
  #rows: number

  /** @internal */
  constructor(native: NativeSession) {
    if (!isObject(native) || typeof native.reorder !== 'function') {
      throw madeOnlyBy('Session', 'a session by model.session()', native)
    }
    super('session', () => native.dispose())
    this.#native = native
    this.#step = JSON.parse(guard(() => native.describe()))
    this.#inputs = portsOf('input', this.#step.inputs).map(ofOneStep)
    this.#rows = guard(() => native.rows())
  }

  /** Gives the session that a method is called on, while it is in use. */
  static #use(self: unknown, call: string): Session {
    if (!isObject(self) || !(#native in self)) throw callOn('session', call, self)
    self.checkUsable()
    return self
  }

  /** The number of rows. */
  get rows(): number {
    return Session.#use(this, 'rows').#rows
  }

  /**
   * The id to feed at the first step, by the name of each input that the model shifts by one. At a later step
   * the input takes the token of the step before.
   */
  get starts(): Readonly<Record<string, number>> {
    const { inputs, starts } = Session.#use(this, 'starts').#step
    return namedStarts(inputs, starts)
  }

  /** The outputs that no step changes, of the rows that the session began with. */
  get fixed(): FixedOutputs<O> {
    const session = Session.#use(this, 'fixed')
    return resultsOf(guard(() => session.#native.fixed())) as FixedOutputs<O>
  }

  /**
   * Takes one step of every row and gives the outputs at it by name, as `[rows, size]`; of the weights of an
   * attention, `size` is the most steps of a memory.
   *
   * Rejects with an `UnrolledError`: `ERR_UNROLLED_SHAPE` for other rows or sizes, `ERR_UNROLLED_VALUE` for an
   * id outside the vocabulary, `ERR_UNROLLED_NON_FINITE` for a NaN or infinity in the step or in the next state.
   * The state is then as before.
   */
  async step(x: RowsStepFeed<I>): Promise<RowsStepOutputs<O>> {
    try {
      const session = Session.#use(this, 'step')
      const [values, ids] = session.#read(x)
      const outputs = guardAsync(() => session.#native.step(values, ids))
      return resultsOf(await outputs) as RowsStepOutputs<O>
    } catch (error) {
      return refuse(undefined, error)
    }
  }

  /**
   * Goes on with these rows: row `i` takes the state and the context of row `rows[i]`. A row may go on as
   * several, or as none; rows that keep their context cost no more than their states.
   *
   * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for no rows, `ERR_UNROLLED_VALUE` for a row that does not
   * exist, `ERR_UNROLLED_STATE` during a step. Nothing has changed then.
   */
  reorder(rows: readonly number[] | Int32Array): void {
    const session = Session.#use(this, 'reorder')
    const order = orderOf(rows, session.#rows)
    guard(() => session.#native.reorder(order))
    session.#rows = order.length
  }

  /** The state after the last step, as values to keep and set again; `ERR_UNROLLED_STATE` during a step. */
  get state(): State {
    const session = Session.#use(this, 'state')
    return stateOf(guard(() => session.#native.state()))
  }

  set state(state: StateData) {
    const session = Session.#use(this, 'state')
    const given = stateTensors('session state', session.#step, state)
    const first = guard(() => session.#native.firstState())
    const rest = first.filter(({ name }) => given.every((other) => other.name !== name))
    guard(() => session.#native.setState([...given, ...rest]))
  }

  /** Returns to the state before the first step. */
  reset(): void {
    const session = Session.#use(this, 'reset')
    guard(() => session.#native.setState(session.#native.firstState()))
  }

  /** Converts a step: the numbers of all inputs one after the other, and the ids likewise. */
  #read(x: unknown): [values: Float32Array, ids: Int32Array | undefined] {
    const rows = rowsByPort('step', this.#inputs, x)
    const tensors = rows.map((own, index) => {
      if (own.count !== this.#rows) {
        const received = new Described(String(own.count))
        const where = `step.${this.#inputs[index]?.name}`
        throw mismatch('ERR_UNROLLED_SHAPE', where, `${this.#rows} rows`, received)
      }
      return own.all()
    })
    const ids = joined(
      tensors.flatMap((tensor) => tensor.ids ?? []),
      true,
    )
    const values = joined(
      tensors.flatMap((tensor) => tensor.values ?? []),
      false,
    )
    return [
      values as Float32Array,
      this.#inputs.some(({ rows }) => isIds(rows)) ? (ids as Int32Array) : undefined,
    ]
  }
}

/** One step of an input, for many rows. */
function ofOneStep({ name, rows, ids }: Port): Port {
  return {
    name,
    ids,
    rows: 'size' in rows ? { kind: 'vector', size: rows.size } : { kind: 'token' },
  }
}

/** Puts arrays one after the other; a single one stays as it is. */
function joined(
  arrays: readonly (Float32Array | Int32Array)[],
  ids: boolean,
): Float32Array | Int32Array {
  const [only] = arrays
  if (only !== undefined && arrays.length === 1) return only
  const all = allocate(
    'step',
    ids,
    arrays.reduce((sum, { length }) => sum + length, 0),
  )
  let at = 0
  for (const array of arrays) {
    all.set(array, at)
    at += array.length
  }
  return all
}

/** Copies an order of rows; reads each number once. */
function orderOf(given: unknown, rows: number): Int32Array {
  if (!isInts(given) && !isList(given)) {
    throw mismatch('ERR_UNROLLED_KIND', 'reorder', 'an array of rows', given)
  }
  if (isInts(given)) checkMemory('reorder', given)
  const list = isInts(given) ? own(given) : given
  const count = isInts(given) ? lengthOf(given) : given.length
  if (count > MOST_ROWS) {
    const received = new Described(String(count))
    throw mismatch('ERR_UNROLLED_SIZE', 'reorder', `at most ${MOST_ROWS} rows`, received)
  }
  const order = reserve('reorder', count, () => new Int32Array(count))
  for (let i = 0; i < count; i++) {
    const row = list[i]
    if (typeof row !== 'number' || !Number.isInteger(row) || row < 0 || row >= rows) {
      throw mismatch('ERR_UNROLLED_VALUE', `reorder[${i}]`, `a row from 0 to ${rows - 1}`, row)
    }
    order[i] = row
  }
  return order
}
