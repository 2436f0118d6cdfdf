import { shown } from '../io/options.js'
import { damaged, type Reader, refusal } from './reader.js'

/** A stand-in for a global of Python, called with a tuple. */
export type Made = (given: readonly unknown[], reader: Reader) => unknown

/** A dict, whose attributes may be set. */
export class OrderedDict extends Map<unknown, unknown> {}

/** A persistent id: of a storage, outside of the pickle. */
export class Persistent {
  constructor(readonly id: unknown) {}
}

/** A type of numbers: its name in safetensors, and the bytes of a number. */
export class StorageType {
  constructor(
    readonly type: string,
    readonly width: number,
  ) {}
}

/** Numbers outside of the pickle. */
export interface Storage {
  readonly type: StorageType
  readonly key: string
  /** How many numbers it has. */
  readonly count: number
}

/** A view of a storage. */
export class Tensor {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

const rebuildTensor: Made = (given, reader) => {
  const [storage, offset, shape, strides, , , marks] = given
  if (marks instanceof Map && [...marks.values()].some((mark) => mark !== false)) {
    // A view that is negated or conjugated as it is read (torch._neg_view): its numbers stand there unchanged.
    throw refusal(reader, 'tensors without marks; save their clones', namesOf(marks))
  }
  if (!isSize(offset) || !isSizes(shape) || !isSizes(strides) || shape.length !== strides.length) {
    throw damaged(reader)
  }
  const tensor = new Tensor(storageOf(storage, reader), offset, shape, strides)
  checkBounds(tensor, reader)
  return tensor
}

/** The keys of a dict of marks: "neg", "conj". */
function namesOf(marks: ReadonlyMap<unknown, unknown>): string {
  const names = [...marks.keys()].map((name) => shown(typeof name === 'string' ? name : ''))
  return `one marked ${names.slice(0, 2).join(', ')}`
}

/** Refuses a tensor that leaves its storage; those whose elements share numbers are PyTorch's `expand`. */
function checkBounds({ storage, offset, shape, strides }: Tensor, reader: Reader): void {
  if (shape.includes(0)) return
  const last = shape.reduce((sum, size, i) => sum + (size - 1) * (strides[i] ?? 0), offset)
  if (last >= storage.count) {
    const expected = `tensors inside of their storages, of ${storage.count} numbers`
    throw refusal(reader, expected, `one that ends at ${last}`)
  }
}

function storageOf(given: unknown, reader: Reader): Storage {
  const id = given instanceof Persistent ? given.id : undefined
  if (!Array.isArray(id)) throw damaged(reader)
  const [word, type, key, , count, view] = id
  const whole = view === undefined || view === null
  if (word !== 'storage' || !(type instanceof StorageType) || !isSize(count) || !whole) {
    throw refusal(reader, 'storages of tensors', 'another persistent id')
  }
  if (typeof key !== 'string') throw damaged(reader)
  return { type, key, count }
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(isSize)
}

const STORAGES: readonly [name: string, type: string, width: number][] = [
  ['Double', 'F64', 8],
  ['Float', 'F32', 4],
  ['Half', 'F16', 2],
  ['BFloat16', 'BF16', 2],
  ['Long', 'I64', 8],
  ['Int', 'I32', 4],
  ['Short', 'I16', 2],
  ['Char', 'I8', 1],
  ['Byte', 'U8', 1],
  ['Bool', 'BOOL', 1],
]

/** All that a pickle may name. */
export const GLOBALS: ReadonlyMap<string, Made | StorageType> = new Map<string, Made | StorageType>(
  [
    [
      'collections.OrderedDict',
      ([pairs = []], reader) => {
        const isPair = (pair: unknown) => Array.isArray(pair) && pair.length === 2
        if (!Array.isArray(pairs) || !pairs.every(isPair)) throw damaged(reader)
        return new OrderedDict(pairs)
      },
    ],
    ['torch._utils._rebuild_tensor_v2', rebuildTensor],
    [
      'torch._utils._rebuild_parameter',
      ([tensor], reader) => {
        if (!(tensor instanceof Tensor)) throw damaged(reader)
        return tensor
      },
    ],
    ...STORAGES.map(
      ([name, type, width]) => [`torch.${name}Storage`, new StorageType(type, width)] as const,
    ),
  ],
)
