import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The place where a training stands. */
export interface Place {
  /** Whole epochs behind it. */
  readonly epochs: number
  /** Steps of the epoch under way. */
  readonly step: number
  /** Seconds of training, of all starts. */
  readonly seconds: number
  /** The number of starts. */
  readonly starts: number
  /** Set when the training is over, by its length or by its goal. */
  readonly done: boolean
  readonly curve: readonly Point[]
  /** The file of the weights, in the same folder. */
  readonly model: string
}

/** An epoch: the loss of its steps, and the measures after it. */
export interface Point {
  readonly epoch: number
  readonly loss: number
  readonly measures: Readonly<Record<string, number>>
}

/** Gives the place of a training; none before its first save. */
export function readPlace(folder: string, name: string): Place | undefined {
  const path = join(folder, `${name}.json`)
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Place) : undefined
}

/** Saves weights, then the place that names them: a kill in between leaves the pair of before. */
export function savePlace(
  folder: string,
  name: string,
  weights: Uint8Array,
  place: Omit<Place, 'model'>,
): void {
  const before = readPlace(folder, name)
  const model = `${name}-${place.epochs}-${place.step}.safetensors`
  replace(join(folder, model), weights)
  replace(join(folder, `${name}.json`), JSON.stringify({ ...place, model }))
  if (before !== undefined && before.model !== model) rmSync(join(folder, before.model))
}

/** The starts of a run so far. */
export interface Starts {
  readonly count: number
  /** Seconds of all of them. */
  readonly seconds: number
}

/**
 * Makes the folder of a run and gives the starts before this one. A run of another kind in it is refused: its
 * weights are of no use.
 *
 * @throws Error for a folder of another kind of run.
 */
export function openFolder(folder: string, kind: object): Starts {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, RUN)
  if (!existsSync(path)) saveStarts(folder, kind, { count: 0, seconds: 0 })
  const run = JSON.parse(readFileSync(path, 'utf8')) as { kind: object; starts: Starts }
  const [expected, received] = [JSON.stringify(kind), JSON.stringify(run.kind)]
  if (expected === received) return run.starts
  const advice = 'begin anew by --fresh'
  throw new Error(
    `${folder}: expected a run of ${expected}, received one of ${received}; ${advice}`,
  )
}

/** Saves the starts of a run. */
export function saveStarts(folder: string, kind: object, starts: Starts): void {
  replace(join(folder, RUN), JSON.stringify({ kind, starts }))
}

const RUN = 'run.json'

function replace(path: string, content: string | Uint8Array): void {
  writeFileSync(`${path}.new`, content)
  renameSync(`${path}.new`, path)
}
