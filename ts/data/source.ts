import { isFunction, isList, isObject, isRevoked } from '../brand.js'
import { Described, mismatch, type UnrolledError } from '../errors.js'
import { reserve } from '../native/memory.js'
import { mix, STRIDE } from '../random.js'
import type { Batch } from './fault.js'
import { ExampleRows, emptyData, type Ports } from './feed.js'

/** Source of batches, epoch by epoch. */
export interface Source {
  /** Batches in an epoch, if known beforehand. */
  readonly steps: number | undefined
  /** The batches of an epoch, counted from 1. */
  epoch(epoch: number): AsyncGenerator<Batch, void, void>
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
  if (isFunction(data)) return iterated(argument, ports, () => data(), cutting)
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
    async *epoch(epoch) {
      const order = shuffle ? permutation(count, seed, epoch) : ascending(count)
      for (let start = 0; start < count; start += batchSize) {
        const rows = order.subarray(start, start + batchSize)
        yield { native: examples.batch(rows), fault: () => examples.fault(rows) }
      }
    },
  }
}

function iterated(argument: string, ports: Ports, open: () => unknown, { carry }: Cutting): Source {
  return {
    steps: undefined,
    async *epoch(epoch) {
      const batches = open()
      if (!isIterable(batches) || (isList(batches) && batches.some(isRevoked))) {
        throw mismatch('ERR_UNROLLED_ARGUMENT', argument, 'an iterable of batches', batches)
      }
      let count = 0
      let rows: number | undefined
      for await (const batch of batches) {
        const where = `${argument} batch ${count + 1}`
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
        count += 1
        const fault = () => examples.fault(ascending(examples.count))
        yield { native: examples.whole(), fault }
      }
      if (count === 0) throw ranDry(argument, epoch)
    },
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
