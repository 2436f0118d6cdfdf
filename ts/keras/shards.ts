import { fault, shown } from './fault.js'
import { Fields } from './fields.js'
import type { Tensor } from './tensor.js'
import type { Weights } from './weights.js'

/** A file beside `model.json`. */
export interface Shard {
  readonly size: number
  read(): Promise<Uint8Array>
}

/** Finds a shard by the path that the manifest has. */
export type FindShard = (path: string) => Promise<Shard>

/** Bytes of a number, by its kind. */
const BYTES: ReadonlyMap<string, number> = new Map([
  ['float32', 4],
  ['float16', 2],
  ['uint16', 2],
  ['uint8', 1],
  ['int32', 4],
  ['bool', 1],
])

/** An entry of the manifest. */
interface Entry {
  readonly name: string
  readonly shape: readonly number[]
  readonly count: number
  /** The kind that the bytes have, and what makes numbers of integers. */
  readonly dtype: string
  readonly scale: number
  readonly min: number
}

function readEntry(where: string, value: unknown): Entry {
  const given = new Fields(`${where} weights`, value)
  const name = given.text('name')
  const own = `${where} ${shown(name)}`
  const shape = given.list('shape').map((part) => {
    if (typeof part === 'number' && Number.isSafeInteger(part) && part >= 0) return part
    throw fault(`${own} shape`, 'whole numbers', shown(part))
  })
  const count = shape.reduce((product, part) => product * part, 1)
  const packed = given.get('quantization') === undefined ? undefined : given.fields('quantization')
  const dtype = (packed ?? given).text('dtype')
  if (!BYTES.has(dtype))
    throw fault(`${own} dtype`, `one of ${[...BYTES.keys()].join(', ')}`, dtype)
  const integers = packed !== undefined && dtype !== 'float16'
  return {
    name,
    shape,
    count,
    dtype,
    scale: integers ? packed.number('scale') : 1,
    min: integers ? packed.number('min') : 0,
  }
}

/** Reads the weights of `model.json`: groups of entries, each laid out over some files. */
export async function shardedWeights(
  where: string,
  groups: readonly unknown[],
  find: FindShard,
): Promise<Weights> {
  const tensors: Tensor[] = []
  for (const value of groups) {
    const group = new Fields(`${where} weightsManifest`, value)
    const entries = group.list('weights').map((it) => readEntry(group.where, it))
    const bytes = await readGroup(group, entries, find)
    let at = 0
    for (const entry of entries) {
      const size = sizeOf(entry)
      const own = bytes.subarray(at, at + size)
      tensors.push({ name: entry.name, shape: entry.shape, read: () => numbersOf(entry, own) })
      at += size
    }
  }
  return {
    of(path) {
      const name = path.at(-1)?.name
      return tensors.filter((tensor) => tensor.name.split('/')[0] === name)
    },
    all: () => tensors.map(({ name }) => name),
  }
}

function sizeOf({ dtype, count }: Entry): number {
  return count * (BYTES.get(dtype) ?? 0)
}

/** Joins the files of a group; their sizes are checked before any is read. */
async function readGroup(
  group: Fields,
  entries: readonly Entry[],
  find: FindShard,
): Promise<Uint8Array> {
  const expected = entries.reduce((sum, entry) => sum + sizeOf(entry), 0)
  const shards: Shard[] = []
  for (const path of group.list('paths')) {
    if (typeof path !== 'string') throw fault(`${group.where} paths`, 'some text', shown(path))
    shards.push(await find(path))
  }
  const total = shards.reduce((sum, { size }) => sum + size, 0)
  if (total !== expected) {
    throw fault(
      group.where,
      `${expected} bytes for the weights`,
      `${total}`,
      'the files are damaged or of another model',
    )
  }
  const bytes = new Uint8Array(total)
  let at = 0
  for (const shard of shards) {
    const own = await shard.read()
    if (own.length !== shard.size) throw fault(group.where, `${shard.size} bytes`, `${own.length}`)
    bytes.set(own, at)
    at += own.length
  }
  return bytes
}

function numbersOf({ dtype, count, scale, min }: Entry, bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const read: Readonly<Record<string, (at: number) => number>> = {
    float32: (at) => view.getFloat32(4 * at, true),
    float16: (at) => half(view.getUint16(2 * at, true)),
    uint16: (at) => view.getUint16(2 * at, true) * scale + min,
    uint8: (at) => view.getUint8(at) * scale + min,
    int32: (at) => view.getInt32(4 * at, true),
    bool: (at) => view.getUint8(at),
  }
  const { [dtype]: own = () => Number.NaN } = read
  return Float32Array.from({ length: count }, (_, at) => own(at))
}

/** The number of 16 bits: a sign, 5 of the exponent, 10 of the fraction. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (1024 + fraction) * 2 ** (exponent - 25)
}
