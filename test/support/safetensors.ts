/** Safetensors files in parts, so that a fuzzer changes one and frames all again. */
import { crc32 } from 'node:zlib'
import { changeBytes, changedJson, decode, encode, NAMES, oddNumber } from './hostile.js'
import type { Random } from './random.js'

interface Info {
  dtype: string
  shape: number[]
  data_offsets: [number, number]
}

/** A header in its order, where a name may come twice, and the data. */
export interface Parts {
  metadata: Record<string, string> | undefined
  tensors: [name: string, info: Info][]
  data: Uint8Array
}

const METADATA = '__metadata__'
const CHECKSUMS = 'unrolled.checksums'
const TYPES = [
  'F32',
  'F64',
  'F16',
  'BF16',
  'I64',
  'I8',
  'U8',
  'BOOL',
  'F8_E4M3',
  'F4',
  'F32 ',
  '',
] as const

export function partsOf(bytes: Uint8Array): Parts {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = 8 + Number(view.getBigUint64(0, true))
  const { [METADATA]: metadata, ...tensors } = JSON.parse(decode(bytes.subarray(8, end)))
  return { metadata, tensors: Object.entries<Info>(tensors), data: bytes.slice(end) }
}

const textOf = ({ metadata, tensors }: Parts): string => {
  const fields = tensors.map(([name, info]) => `${JSON.stringify(name)}:${JSON.stringify(info)}`)
  if (metadata !== undefined) fields.unshift(`"${METADATA}":${JSON.stringify(metadata)}`)
  const text = `{${fields.join(',')}}`
  return text + ' '.repeat((8 - (encode(text).length % 8)) % 8)
}

/** The bytes of a file; its header is as long as it is, or as `declared` says. */
export function bytesOf(parts: Parts, declared?: number): Uint8Array {
  const header = encode(textOf(parts))
  const bytes = new Uint8Array(8 + header.length + parts.data.length)
  const length = declared ?? header.length
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, BigInt(Math.round(length))), true)
  bytes.set(header, 8)
  bytes.set(parts.data, 8 + header.length)
  return bytes
}

const sum = (bytes: Uint8Array): string => crc32(bytes).toString(16).padStart(8, '0')

/** Sets the checksums of tensors and header to those of the bytes, as a forger would. */
export function seal(parts: Parts): void {
  const sums = parts.tensors.map(
    ([, { data_offsets }]) => ` ${sum(parts.data.subarray(...data_offsets))}`,
  )
  const named = (own: string) => {
    const metadata = { ...parts.metadata, [CHECKSUMS]: own + sums.join('') }
    parts.metadata = Object.fromEntries(
      Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)),
    )
  }
  named('00000000')
  named(sum(encode(textOf(parts))))
}

/** Changes a tensor's place, size, type or name. */
function changeTensor(random: Random, { tensors }: Parts): void {
  const entry = random.pick(tensors)
  const [, info] = entry
  const at = random.below(2)
  switch (random.below(8)) {
    case 0:
      info.data_offsets[at] = oddNumber(random, info.data_offsets[at] ?? 0)
      break
    case 1: {
      // Bytes of a neighbor: an overlap, or a gap behind.
      const [, other] = random.pick(tensors)
      info.data_offsets = random.chance(0.5)
        ? other.data_offsets
        : [other.data_offsets[0], info.data_offsets[1]]
      break
    }
    case 2:
      info.shape[random.below(info.shape.length + 1)] = oddNumber(random, info.shape[0] ?? 1)
      break
    case 3:
      info.shape = random.pick([
        [],
        [0],
        info.shape.toReversed(),
        [...info.shape, 1],
        [2 ** 32, 2 ** 32],
        Array(5000).fill(1),
      ])
      break
    case 4:
      info.dtype = random.pick(TYPES)
      break
    case 5:
      entry[0] = random.chance(0.5) ? random.pick(NAMES) : random.pick(tensors)[0]
      break
    case 6:
      tensors.splice(random.below(tensors.length), 1)
      break
    default:
      tensors.push([random.chance(0.5) ? random.pick(NAMES) : entry[0], structuredClone(info)])
  }
}

/** Changes the numbers: NaN, infinity, bits. */
function changeData(random: Random, parts: Parts): void {
  const { data } = parts
  if (random.chance(0.3) || data.length < 4) {
    parts.data = changeBytes(random, data)
    return
  }
  const value = random.pick([Number.NaN, Number.POSITIVE_INFINITY, 3e38, 1e-45, -0])
  new DataView(data.buffer, data.byteOffset).setFloat32(
    4 * random.below(Math.floor(data.length / 4)),
    value,
    true,
  )
}

function changeMetadata(random: Random, parts: Parts): void {
  const { metadata = {} } = parts
  const key = random.pick(Object.keys(metadata).concat('unrolled.graph'))
  const text = metadata[key] ?? '{}'
  let changed = text
  if (random.chance(0.85) && /^[[{]/.test(text)) changed = changedJson(random, text)
  else if (random.chance(0.5)) changed = decode(changeBytes(random, encode(text)))
  else changed = random.pick([...NAMES, '['.repeat(100_000), '{"a":'.repeat(1000)])
  parts.metadata = { ...metadata, [random.chance(0.95) ? key : random.pick(NAMES)]: changed }
}

/** Changes a file of safetensors: its metadata mostly, where the graph is. */
export function changeParts(random: Random, parts: Parts, metadata = 0.6): void {
  for (let i = random.few(); i > 0; i--) {
    if (random.chance(metadata)) changeMetadata(random, parts)
    else if (parts.tensors.length > 0 && random.chance(0.8)) changeTensor(random, parts)
    else changeData(random, parts)
  }
}
