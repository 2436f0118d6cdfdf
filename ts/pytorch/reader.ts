import type { UnrolledError } from '../index.js'
import { malformed } from '../io/options.js'

/** Bytes read from the front, with the words that begin a message. */
export class Reader {
  readonly where: string
  readonly #bytes: Uint8Array
  at = 0

  constructor(where: string, bytes: Uint8Array) {
    this.where = where
    this.#bytes = bytes
  }

  /** Takes the next bytes, as a view. */
  take(count: number): Uint8Array {
    if (count > this.#bytes.length - this.at) {
      throw refusal(this, `${count} bytes more`, 'fewer; the file is truncated')
    }
    this.at += count
    return this.#bytes.subarray(this.at - count, this.at)
  }

  view(count: number): DataView {
    const { buffer, byteOffset } = this.take(count)
    return new DataView(buffer, byteOffset, count)
  }

  byte(): number {
    const byte = this.#bytes[this.at]
    if (byte === undefined) throw refusal(this, 'one byte more', 'none; the file is truncated')
    this.at += 1
    return byte
  }

  /** Reads a whole number of 2 or 4 bytes, little endian. */
  uint(width: 2 | 4): number {
    const view = this.view(width)
    return width === 2 ? view.getUint16(0, true) : view.getUint32(0, true)
  }

  /** Reads a whole number of 8 bytes that is not negative, little endian. */
  size(): number {
    return Number(this.view(8).getBigUint64(0, true))
  }

  text(count: number): string {
    return new TextDecoder().decode(this.take(count))
  }

  /** Reads to the end of a line. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.at)
    const text = this.text((end < 0 ? this.#bytes.length : end) - this.at)
    this.take(1)
    return text
  }
}

/** The error for a file that is not what it should be. */
export function refusal({ where }: { where: string }, expected: string, received: string) {
  return malformed(where, expected, received)
}

/** The error for a pickle that no pickler writes. */
export function damaged(reader: Reader): UnrolledError {
  return refusal(reader, 'the pickle of a state dict', `a damaged one, at byte ${reader.at}`)
}
