import { fault } from './fault.js'

/** The addresses and sizes of a file are numbers of 8 bytes, those of every file that h5py writes. */
const WORD = 8

/** The mark of the end of a list of free blocks. */
const NO_BLOCK = 1

/** The bytes of a free block's head, and of an object's in a heap. */
const HEAD = 2 * WORD

/**
 * Refuses heaps that the HDF5 library would read without an end: lists of free blocks that lead into themselves, for which it
 * takes memory block by block, and objects without a size, which it never passes. The library itself checks all else.
 */
export function checkStructures(where: string, bytes: Uint8Array): void {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const word = (at: number): number =>
    at + WORD <= bytes.length ? Number(view.getBigUint64(at, true)) : Number.NaN
  for (const [signature, version, check] of STRUCTURES) {
    for (let at = text.indexOf(signature); at >= 0; at = text.indexOf(signature, at + WORD)) {
      if (text.at(at + signature.length) !== version || check(word, at, bytes.length)) continue
      const advice = 'the file is damaged or hostile'
      throw fault(`${where} byte ${at}`, 'a heap with an end', 'one without', advice)
    }
  }
}

type Word = (at: number) => number

/** Tells if the free blocks of a local heap, which holds the names of a group, lead to an end. */
function localHeap(word: Word, at: number, length: number): boolean {
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
function globalHeap(word: Word, at: number, length: number): boolean {
  const end = at + word(at + WORD)
  if (end > length) return false
  let object = at + HEAD
  while (object + HEAD <= end) {
    const [id, size] = [word(object) % 2 ** 16, word(object + WORD)]
    const taken = id === 0 ? size : HEAD + Math.ceil(size / WORD) * WORD
    if (taken === 0) return false
    object += taken
  }
  return true
}

/** Signature, version and check of each. */
const STRUCTURES = [
  ['HEAP', 0, localHeap],
  ['GCOL', 1, globalHeap],
] as const
