import type { ForeignTensor } from '../index.js'
import { shown } from '../io/options.js'
import { entriesOf } from '../io/zip.js'
import { type Storage, Tensor } from './globals.js'
import { isFloat, numbersOf } from './numbers.js'
import { type Item, readPickle } from './pickle.js'
import { Reader, refusal } from './reader.js'

/** The bytes of the storages, by their keys. */
type Storages = (storage: Storage) => Uint8Array

/** Reads the state dict of a file of `torch.save`; numbers are read when they are asked for. */
export function stateDictOf(
  where: string,
  bytes: Uint8Array,
  key: string | undefined,
): Record<string, ForeignTensor> {
  const reader = new Reader(where, bytes)
  const [root, storages] = isZip(bytes) ? readArchive(reader, bytes) : readLegacy(reader, bytes)
  const dict = dictAt(reader, root, key)
  const tensors = [...dict].flatMap(([name, tensor]) =>
    typeof name === 'string' && tensor instanceof Tensor
      ? [[name, foreign(reader, tensor, storages)] as const]
      : [],
  )
  if (holdsDicts(dict) || (tensors.length === 0 && dict.size > 0)) {
    const expected = 'a state dict of tensors; choose it by key'
    throw refusal(reader, expected, `a dict of ${namesOf(dict)}`)
  }
  return Object.fromEntries(tensors)
}

function foreign(reader: Reader, tensor: Tensor, storages: Storages): ForeignTensor {
  const { storage, shape } = tensor
  const { type } = storage.type
  return {
    shape,
    type,
    get values() {
      return isFloat(type) ? numbersOf(reader, tensor, storages(storage)) : new Float32Array(0)
    },
  }
}

/** Tells whether a dict has dicts of tensors, beside which a loss or a step may be a tensor as well. */
function holdsDicts(dict: Map<unknown, unknown>): boolean {
  // A module may keep a state of any kind under this name.
  const entries = [...dict].filter(
    ([name]) => typeof name !== 'string' || !name.endsWith('_extra_state'),
  )
  // One dict may stand under many names.
  const values = new Set(entries.map(([, value]) => value))
  return [...values].some(
    (value) => value instanceof Map && [...value.values()].some((it) => it instanceof Tensor),
  )
}

/** Finds a dict by its key, or by the keys on the way to it with a dot between two. */
function dictAt(reader: Reader, root: Item, key: string | undefined): Map<unknown, unknown> {
  if (!(root instanceof Map)) throw refusal(reader, 'a state dict', 'another value')
  if (key === undefined) return root
  let found: Map<unknown, unknown> = root
  for (const part of root.has(key) ? [key] : key.split('.')) {
    const next = found.get(part)
    if (!(next instanceof Map)) {
      const expected = `a state dict under ${shown(key)}`
      throw refusal(reader, expected, `a dict of ${namesOf(found)}`)
    }
    found = next
  }
  return found
}

/** The most keys of a dict in a message. */
const MOST_NAMES = 20

function namesOf(dict: Map<unknown, unknown>): string {
  const names = [...dict.keys()].slice(0, MOST_NAMES).map((name) => {
    if (typeof name === 'string') return shown(name)
    // The words of tuples within tuples would grow without end.
    return typeof name === 'number' ? `${name}` : 'a key that is no text'
  })
  return names.join(', ') || 'nothing'
}

function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b
}

const PICKLE = '/data.pkl'

/** Reads an archive: a pickle, and an entry for each storage. */
function readArchive({ where }: Reader, bytes: Uint8Array): [Item, Storages] {
  const entries = entriesOf(bytes, where)
  const name = [...entries.keys()].find((name) => name.endsWith(PICKLE))
  const pickle = name === undefined ? undefined : entries.get(name)
  const folder = name?.slice(0, -PICKLE.length)
  const archive = { where }
  if (pickle === undefined)
    throw refusal(archive, 'an entry data.pkl', 'none; the file is no model')
  const order = entries.get(`${folder}/byteorder`)
  if (order !== undefined && new TextDecoder().decode(order()) !== 'little') {
    throw refusal(archive, 'numbers with the least byte first', 'another byte order')
  }
  const storages: Storages = (storage) => {
    const entry = entries.get(`${folder}/data/${storage.key}`)
    return ofSize(archive, storage, entry?.() ?? new Uint8Array(0))
  }
  return [readPickle(new Reader(`${where} data.pkl`, pickle())), storages]
}

function ofSize(at: { where: string }, storage: Storage, bytes: Uint8Array): Uint8Array {
  const size = storage.count * storage.type.width
  if (bytes.length < size) {
    throw refusal(at, `${size} bytes of storage ${shown(storage.key)}`, `${bytes.length}`)
  }
  return bytes
}

/** The number that a file of PyTorch before 1.6 begins with, as a pickle: a long one of 10 bytes. */
const MAGIC = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]

/**
 * Reads a file of PyTorch before 1.6: pickles of a magic number, a version, the machine, the object and the keys of its
 * storages, and then each storage behind its count.
 */
function readLegacy(reader: Reader, bytes: Uint8Array): [Item, Storages] {
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) {
    // The header of safetensors is an object of JSON behind its length.
    const other =
      bytes[8] === 0x7b ? 'safetensors, which model.load reads' : 'bytes that begin otherwise'
    throw refusal(reader, 'a file of torch.save', other)
  }
  const [, version, , root, keys] = Array.from({ length: 5 }, () => readPickle(reader))
  if (version !== 1001 || !Array.isArray(keys)) {
    throw refusal(reader, 'a file of torch.save, version 1001', 'another version')
  }
  const places = new Map<unknown, number>()
  const counts = storagesOf(root)
  for (const key of keys) {
    const storage = counts.get(key)
    if (storage === undefined) throw refusal(reader, 'storages of its tensors', 'another one')
    const count = reader.size()
    if (count !== storage.count) {
      throw refusal(reader, `a storage of ${storage.count} numbers`, `one of ${count}`)
    }
    places.set(key, reader.at)
    reader.take(count * storage.type.width)
  }
  const storages: Storages = (storage) => {
    const start = places.get(storage.key) ?? bytes.length
    const size = storage.count * storage.type.width
    return ofSize(reader, storage, bytes.subarray(start, start + size))
  }
  return [root, storages]
}

/** Finds the storages of all tensors in an object, by their keys. */
function storagesOf(root: Item): Map<unknown, Storage> {
  const found = new Map<unknown, Storage>()
  const seen = new Set([root])
  // The set grows while it is read.
  for (const item of seen) {
    if (item instanceof Tensor) found.set(item.storage.key, item.storage)
    const parts = item instanceof Map ? item.values() : Array.isArray(item) ? item : []
    for (const part of parts) if (typeof part === 'object') seen.add(part)
  }
  return found
}
