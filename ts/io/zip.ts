import zlib, { inflateRawSync } from 'node:zlib'
import type { UnrolledError } from '../index.js'
import { malformed, shown } from './options.js'

// Reads what zip archives of models hold (torch.save, Keras): stored and deflated entries below 4 GiB. Every number of the
// archive is checked against its length before memory is asked for.

const LOCAL = 0x04034b50
const CENTRAL = 0x02014b50
const END = 0x06054b50
/** Bytes of the headers without names, extra fields and comments. */
const [LOCAL_SIZE, CENTRAL_SIZE, END_SIZE] = [30, 46, 22] as const
const LONGEST_COMMENT = 0xffff
/** A size or offset that stands elsewhere, in an archive of 4 GiB and more. */
const ELSEWHERE = 0xffffffff
const [STORED, DEFLATED] = [0, 8] as const
const ENCRYPTED = 1
/** Bytes that a deflated entry may grow to however small it is; above, at most {@link RATIO} times its size. */
const SMALL = 1 << 24
const RATIO = 100

/** An entry as the archive's directory describes it. */
interface Entry {
  readonly name: string
  readonly method: number
  readonly checksum: number
  readonly packed: number
  readonly size: number
  /** The first byte of the data, and the first one behind them. */
  readonly start: number
  readonly end: number
}

/**
 * Finds the entries of a zip archive by name, folders left out. Each is read, inflated and checked when its function is
 * called; a stored one is a view of `bytes`. `most` is the largest size of an entry in bytes.
 *
 * @throws UnrolledError `ERR_UNROLLED_FORMAT`, at once or from an entry's function: an archive that is damaged or cut
 * off, encrypted, has a name twice, entries that overlap, or one that grows more than weights do.
 */
export function entriesOf(
  bytes: Uint8Array,
  where: string,
  most = 2 ** 31,
): Map<string, () => Uint8Array> {
  const archive = new Archive(bytes, where)
  const found = new Map<string, () => Uint8Array>()
  for (const entry of archive.directory()) {
    const { name, size, packed } = entry
    if (found.has(name)) throw archive.refused(`one entry ${shown(name)}`, 'two')
    const limit = Math.min(most, Math.max(SMALL, RATIO * packed))
    if (size > limit) {
      throw archive.refused(`${shown(name)} of at most ${limit} bytes`, `${size} bytes`)
    }
    if (!name.endsWith('/')) found.set(name, () => archive.contents(entry))
  }
  return found
}

class Archive {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #where: string

  constructor(bytes: Uint8Array, where: string) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#where = where
  }

  refused(expected: string, received: string, cause?: unknown): UnrolledError {
    return malformed(this.#where, `a zip archive with ${expected}`, received, cause)
  }

  /** Reads the directory, and checks that no two entries share bytes. */
  directory(): Entry[] {
    const { count, start, end } = this.#ending()
    const entries: Entry[] = []
    let at = start
    for (let i = 0; i < count; i++) {
      const [entry, next] = this.#entry(at, start, end)
      entries.push(entry)
      at = next
    }
    if (at !== end) throw this.refused('a directory of as many entries as it says', 'another one')
    const inOrder = entries.toSorted((a, b) => a.start - b.start)
    for (const [i, { name, end }] of inOrder.entries()) {
      const next = inOrder[i + 1]
      if (next !== undefined && next.start < end) {
        throw this.refused('entries side by side', `${shown(name)} over another one`)
      }
    }
    return entries
  }

  /** Finds the directory from the archive's end, which a comment may follow. */
  #ending(): { count: number; start: number; end: number } {
    const view = this.#view
    const last = view.byteLength - END_SIZE
    for (let at = last; at >= 0 && at >= last - LONGEST_COMMENT; at--) {
      if (view.getUint32(at, true) !== END || view.getUint16(at + 20, true) !== last - at) continue
      const count = view.getUint16(at + 10, true)
      const start = view.getUint32(at + 16, true)
      const end = start + view.getUint32(at + 12, true)
      const disks = view.getUint32(at + 4, true) !== 0 || view.getUint16(at + 8, true) !== count
      if (count === 0xffff || start === ELSEWHERE) {
        throw this.refused('fewer than 65,535 entries in less than 4 GiB', 'a larger one')
      }
      if (disks || end > at) throw this.refused('a directory at its end', 'another one')
      return { count, start, end }
    }
    throw this.refused('a directory at its end', `${view.byteLength} bytes without one`)
  }

  /** Reads a header of the directory, and the entry's own one; gives the place of the next as well. */
  #entry(at: number, directory: number, end: number): [Entry, number] {
    const view = this.#view
    if (at + CENTRAL_SIZE > end || view.getUint32(at, true) !== CENTRAL) {
      throw this.refused('a header for every entry', 'none where one should be')
    }
    const nameLength = view.getUint16(at + 28, true)
    const extra = view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
    const next = at + CENTRAL_SIZE + nameLength + extra
    if (next > end) throw this.refused('whole headers', 'one that is cut off')
    const raw = this.#bytes.subarray(at + CENTRAL_SIZE, at + CENTRAL_SIZE + nameLength)
    const name = new TextDecoder().decode(raw)
    const [checksum, packed, size] = [16, 20, 24].map((k) => view.getUint32(at + k, true)) as Three
    const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)]
    if ((flags & ENCRYPTED) !== 0) throw this.refused('open entries', `${shown(name)} encrypted`)
    if (packed === ELSEWHERE || size === ELSEWHERE) {
      throw this.refused('entries below 4 GiB', `${shown(name)} of more`)
    }
    if (method !== DEFLATED && !(method === STORED && packed === size)) {
      throw this.refused('stored or deflated entries', `${shown(name)} by method ${method}`)
    }
    const start = this.#dataOf(name, raw, view.getUint32(at + 42, true), directory)
    if (start + packed > directory) {
      throw this.refused(`${packed} bytes of ${shown(name)}`, 'fewer; the file is truncated')
    }
    return [{ name, method, checksum, packed, size, start, end: start + packed }, next]
  }

  /** Finds the first byte of an entry's data behind its own header, which says the same name. */
  #dataOf(name: string, raw: Uint8Array, at: number, directory: number): number {
    const view = this.#view
    const nameStart = at + LOCAL_SIZE
    if (nameStart <= directory && view.getUint32(at, true) === LOCAL) {
      const nameEnd = nameStart + view.getUint16(at + 26, true)
      const own = this.#bytes.subarray(nameStart, nameEnd)
      if (own.length === raw.length && own.every((byte, i) => byte === raw[i])) {
        return nameEnd + view.getUint16(at + 28, true)
      }
    }
    throw this.refused(`a header before ${shown(name)}`, 'another one')
  }

  contents({ name, method, checksum, size, start, end }: Entry): Uint8Array {
    const packed = this.#bytes.subarray(start, end)
    const whole = method === STORED ? packed : this.#inflated(name, packed, size)
    if (whole.length !== size || checksumOf(whole) !== checksum) {
      throw this.refused(`the bytes of ${shown(name)} as written`, 'others; the file is damaged')
    }
    return whole
  }

  #inflated(name: string, packed: Uint8Array, size: number): Uint8Array {
    try {
      return inflateRawSync(packed, { maxOutputLength: Math.max(1, size) })
    } catch (cause) {
      const expected = `${size} bytes in ${shown(name)}`
      throw this.refused(expected, 'others; the file is damaged', cause)
    }
  }
}

type Three = [number, number, number]

/** The CRC-32 of bytes, as zip has it. */
const checksumOf: (bytes: Uint8Array) => number = zlib.crc32 ?? byTable

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0)
  return value
})

/** The same, before Node 20.15. */
function byTable(bytes: Uint8Array): number {
  let value = 0xffffffff
  for (let i = 0; i < bytes.length; i++) {
    value = (value >>> 8) ^ (TABLE[(value ^ (bytes[i] as number)) & 0xff] as number)
  }
  return ~value >>> 0
}
