import { fault } from './fault.js'

type Write = (stream: unknown, bytes: Uint8Array, offset: number, length: number) => number

/** A stream of the library's file system, which its types leave out. */
export interface Stream {
  stream_ops: { readonly write: Write }
}

/** The number of the stream that the library prints its errors to. */
export const ERRORS = 2

/**
 * The errors that the library prints. An error that it throws leaves open the parts that it was reading, and the
 * memory of a file with open parts is never given back.
 */
export class Heard {
  readonly #stream: Stream
  readonly #printing: Stream['stream_ops']
  #words = ''

  constructor(stream: Stream) {
    this.#stream = stream
    this.#printing = stream.stream_ops
    const write: Write = (_, bytes, offset, length) => {
      this.#words += String.fromCharCode(...bytes.subarray(offset, offset + length))
      return length
    }
    this.#stream.stream_ops = { ...this.#printing, write }
  }

  /** Prints errors again. */
  end(): void {
    this.#stream.stream_ops = this.#printing
  }

  /** Makes an error of this library of the reader's, thrown or printed. */
  guarded<R>(where: string, run: () => R): R {
    this.#words = ''
    try {
      const result = run()
      if (this.#words === '') return result
    } catch (error) {
      if (error instanceof Error && error.name === 'UnrolledError') throw error
      throw unreadable(where, error)
    }
    throw unreadable(where, new Error(this.#words))
  }
}

function unreadable(where: string, cause: unknown): Error {
  const advice = 'the file is damaged, cut short or foreign'
  return fault(where, 'an HDF5 file', 'one that cannot be read', advice, undefined, cause)
}
