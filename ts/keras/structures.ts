import { fault } from './fault.js'

/** The addresses and sizes of a file are numbers of 8 bytes, those of every file that h5py writes. */
const WORD = 8

/** The mark of the end of a list of free blocks. */
const NO_BLOCK = 1

/** The bytes of a free block's head, of an object's in a heap, and of a header's before its messages. */
const HEAD = 2 * WORD

/** The bytes of an entry of a group, and the message of a header that says where the header goes on. */
const ENTRY = 5 * WORD
const CONTINUATION = 16

/** Reads numbers of 8 and 2 bytes; none beyond the file. */
interface Numbers {
  readonly length: number
  word(at: number): number
  short(at: number): number
}

/**
 * Refuses what the HDF5 library would read without an end, or would take memory for that it never gives back: lists of free
 * blocks that lead into themselves, objects without a size, heaps and headers that are longer than the file. The library
 * itself checks all else.
 */
export function checkStructures(where: string, bytes: Uint8Array): void {
  const { length } = bytes
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, length)
  const numbers: Numbers = {
    length,
    word: (at) => (at + WORD <= length ? Number(text.readBigUInt64LE(at)) : Number.NaN),
    short: (at) => (at + 2 <= length ? text.readUInt16LE(at) : Number.NaN),
  }
  const walked: Walked = { headers: new Set(), left: length / WORD }
  for (const [signature, version, check] of STRUCTURES) {
    for (
      let at = text.indexOf(signature, 0, 'latin1');
      at >= 0;
      at = text.indexOf(signature, at + WORD, 'latin1')
    ) {
      if (text.at(at + signature.length) !== version || check(numbers, at, walked)) continue
      const advice = 'the file is damaged or hostile'
      throw fault(`${where} byte ${at}`, 'structures with an end', 'one without', advice)
    }
  }
}

/** Tells if the free blocks of a local heap, which holds the names of a group, lead to an end. */
function localHeap({ length, word }: Numbers, at: number): boolean {
  const [size, first, start] = [word(at + WORD), word(at + 2 * WORD), word(at + 3 * WORD)]
  if (size > length) return false
  let block = first
  for (let left = size / HEAD; left >= 0; left--) {
    if (block === NO_BLOCK || !(block < size)) return true
    block = word(start + block)
  }
  return false
}

/** Tells if the objects of a global heap, which holds texts, lead to an end. */
function globalHeap({ length, word, short }: Numbers, at: number): boolean {
  const end = at + word(at + WORD)
  if (end > length) return false
  let object = at + HEAD
  while (object + HEAD <= end) {
    const size = word(object + WORD)
    const taken = short(object) === 0 ? size : HEAD + Math.ceil(size / WORD) * WORD
    if (taken === 0) return false
    object += taken
  }
  return true
}

/** The headers that were walked, and the messages that they may have yet: as many as the file has room for. */
interface Walked {
  readonly headers: Set<number>
  left: number
}

/** Tells if the headers of a group's objects end within the file. */
function entries(numbers: Numbers, at: number, walked: Walked): boolean {
  const count = numbers.short(at + 6)
  for (let entry = at + WORD; entry < at + WORD + count * ENTRY; entry += ENTRY) {
    if (!header(numbers, numbers.word(entry + WORD), walked)) return false
  }
  return true
}

/** Tells if the header of the root, whose address the beginning of a file has, ends within the file. */
function root(numbers: Numbers, at: number, walked: Walked): boolean {
  return header(numbers, numbers.word(at + 8 * WORD), walked)
}

function header(numbers: Numbers, at: number, walked: Walked): boolean {
  const { length, word, short } = numbers
  if (!(at + HEAD <= length) || short(at) !== 1 || walked.headers.has(at)) return true
  walked.headers.add(at)
  const open = [[at + HEAD, word(at + WORD) % 2 ** 32] as const]
  for (let chunk = open.pop(); chunk !== undefined; chunk = open.pop()) {
    const [start, size] = chunk
    for (let message = start; message + WORD <= Math.min(start + size, length); ) {
      walked.left -= 1
      if (walked.left < 0) return false
      if (short(message) === CONTINUATION) {
        const next = [word(message + WORD), word(message + 2 * WORD)] as const
        if (next[0] + next[1] > length) return false
        open.push(next)
      }
      message += WORD + short(message + 2)
    }
  }
  return true
}

/** Signature, version and check of each. */
const STRUCTURES = [
  ['HEAP', 0, localHeap],
  ['GCOL', 1, globalHeap],
  ['SNOD', 1, entries],
  ['\x89HDF\r\n\x1a\n', 0, root],
] as const
