import { isFunction, isList, isObject, isRevoked } from '../brand.js'
import { Described, mismatch, type UnrolledError } from '../errors.js'
import { reserve } from '../native/memory.js'
import { mix, STRIDE } from '../random.js'
import type { Position } from './data.js'
import type { Batch } from './fault.js'
import { ExampleRows, emptyData, type Ports } from './feed.js'

/** Source of batches, epoch by epoch. */
export interface Source {
  /** Batches in an epoch, if known beforehand. */
  readonly steps: number | undefined
  /** Rows in memory. */
  readonly rows: number | undefined
  /** The batches of an epoch, counted from 1, without the first ones that were `taken`. */
  epoch(epoch: number, taken?: number): AsyncGenerator<Batch, void, void>
}

/** Rule to cut examples in memory into batches. */
export interface Cutting {
  readonly batchSize: number
  readonly shuffle: boolean
  readonly seed: number
  /** Continues each row of the batch before. */
  readonly carry: boolean
}

/** Opens data of any documented form; `cutting` is for examples in memory. */
export function openSource(
  argument: string,
  ports: Ports,
  data: unknown,
  cutting: Cutting,
): Source {
  if (isFunction(data)) {
    const open = data as (position: Position) => unknown
    return iterated(argument, ports, (position) => open(position), cutting)
  }
  if (isIterable(data)) return iterated(argument, ports, () => data, cutting)
  if (isObject(data) && ('x' in data || 'y' in data)) {
    return inMemory(argument, ports, data, cutting)
  }
  const expected = '{ x, y }, an iterable of them, or a function that returns one'
  throw mismatch('ERR_UNROLLED_ARGUMENT', argument, expected, data)
}

/** Tells if data are examples in memory, which can be shuffled and cut. */
export function isInMemory(data: unknown): boolean {
  return typeof data !== 'function' && !isIterable(data)
}

function inMemory(argument: string, ports: Ports, data: object, cutting: Cutting): Source {
  const examples = new ExampleRows(argument, ports, data)
  const { count } = examples
  if (count === 0) throw emptyData(argument)
  const { batchSize, shuffle, seed, carry } = cutting
  if (carry && count > batchSize && count % batchSize !== 0) {
    const expected = `a multiple of ${batchSize} rows, since carry needs whole batches`
    throw mismatch('ERR_UNROLLED_SHAPE', argument, expected, new Described(`${count} rows`))
  }
  return {
    steps: Math.ceil(count / batchSize),
    rows: count,
    async *epoch(epoch, taken = 0) {
      const order = shuffle ? permutation(count, seed, epoch) : ascending(count)
      for (let start = taken * batchSize; start < count; start += batchSize) {
        const rows = order.subarray(start, start + batchSize)
        yield { native: examples.batch(rows), fault: () => examples.fault(rows) }
      }
    },
  }
}

function iterated(
  argument: string,
  ports: Ports,
  open: (position: Position) => unknown,
  { carry }: Cutting,
): Source {
  return {
    steps: undefined,
    rows: undefined,
    async *epoch(epoch, taken = 0) {
      const position = new ReadPosition(epoch, taken)
      const batches = open(position)
      if (!isIterable(batches) || (isList(batches) && batches.some(isRevoked))) {
        throw mismatch('ERR_UNROLLED_ARGUMENT', argument, 'an iterable of batches', batches)
      }
      let count: number | undefined
      let rows: number | undefined
      for await (const batch of batches) {
        // Asked with the first batch: a generator's function begins when that is fetched.
        count = (count ?? position.first) + 1
        if (count <= taken) continue
        const where = `${argument} batch ${count}`
        const examples = new ExampleRows(where, ports, batch)
        if (examples.count === 0) throw emptyData(where)
        if (carry && rows !== undefined && rows !== examples.count) {
          const expected = `${rows} rows as in the batch before, since carry continues each row`
          throw mismatch(
            'ERR_UNROLLED_SHAPE',
            where,
            expected,
            new Described(`${examples.count} rows`),
          )
        }
        rows = examples.count
        const fault = () => examples.fault(ascending(examples.count))
        yield { native: examples.whole(), fault }
      }
      count ??= position.first
      if (count === 0) throw ranDry(argument, epoch)
      if (count < taken) {
        const expected = `the ${taken} batches of epoch ${epoch} that were taken before`
        throw mismatch('ERR_UNROLLED_VALUE', argument, expected, new Described(String(count)))
      }
    },
  }
}

/** The place that a function of batches is called for, which knows if it was asked for the batch. */
class ReadPosition implements Position {
  readonly epoch: number
  readonly #taken: number
  #read = false

  constructor(epoch: number, taken: number) {
    this.epoch = epoch
    this.#taken = taken
  }

  get step(): number {
    this.#read = true
    return this.#taken
  }

  /** The number of the first batch that the function gives, from 0. */
  get first(): number {
    return this.#read ? this.#taken : 0
  }
}

function ranDry(argument: string, epoch: number): UnrolledError {
  if (epoch === 1) return emptyData(argument)
  const expected = `batches for epoch ${epoch}`
  const advice =
    'an iterator runs only once: pass a function that returns a fresh one for every epoch'
  return mismatch('ERR_UNROLLED_VALUE', argument, expected, new Described('none'), advice)
}

function isIterable(data: unknown): data is Iterable<unknown> | AsyncIterable<unknown> {
  if (!isObject(data)) return false
  return [Symbol.iterator, Symbol.asyncIterator].some(
    (key) => typeof Reflect.get(data, key) === 'function',
  )
}

function ascending(count: number): Int32Array {
  return reserve('rows', count, () => Int32Array.from({ length: count }, (_, index) => index))
}

/** Shuffles `count` rows for an epoch; the same order for the same seed. */
export function permutation(count: number, seed: number, epoch: number): Int32Array {
  const order = ascending(count)
  let state = (Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul(epoch, 0x85ebca6b)) | 0
  for (let last = count - 1; last > 0; last--) {
    state = (state + STRIDE) | 0
    const other = Math.floor((mix(state) / 2 ** 32) * (last + 1))
    const kept = order[last] ?? 0
    order[last] = order[other] ?? 0
    order[other] = kept
  }
  return order
}
