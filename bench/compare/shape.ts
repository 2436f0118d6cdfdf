import { readFileSync } from 'node:fs'

export const CELLS = ['lstm', 'gru', 'rnn'] as const
export const TASKS = ['infer', 'train', 'step'] as const
export type Cell = (typeof CELLS)[number]
export type Task = (typeof TASKS)[number]

/** The work of a row of the comparison. */
export interface Shape {
  /** The table that the row belongs to. */
  readonly set: string
  readonly cell: Cell
  readonly input: number
  readonly hidden: number
  readonly layers: number
  readonly batch: number
  /** Steps of a sequence; of the task `step`, how many are checked. */
  readonly time: number
  readonly task: Task
  /** The activation of `rnn`; `tanh` by default. */
  readonly activation?: 'tanh' | 'relu'
  /** Lengths spread evenly over 1..time: ours alone, over a full batch. */
  readonly lengths?: 'uniform'
  /** Ours over ours: on the threads of the run over one, or in the run's precision over f32. */
  readonly over?: '1 thread' | 'f32'
}

/** The task in a line, `train lstm 64-128 B32 T100`. */
export function shapeWords(shape: Shape): string {
  const { task, cell, input, hidden, layers, batch, time, activation } = shape
  const kind = activation === 'relu' ? `${cell} relu` : cell
  const sizes = `${input}-${hidden}${layers === 1 ? '' : ` x${layers}`}`
  return task === 'step'
    ? `step ${kind} ${sizes}`
    : `${task} ${kind} ${sizes} B${batch} T${time}${shape.lengths === undefined ? '' : ' ragged'}`
}

/** The steps of each row: all of them, or from 1 to `time` evenly and out of order. */
export function lengthsOf({ batch, time, lengths }: Shape): number[] {
  const rows = Array.from({ length: batch }, (_, row) => row)
  if (lengths === undefined) return rows.map(() => time)
  // Odd and coprime to what batches are made of, so that every place is met once.
  const places = rows.map((row) => (row * 7919) % batch)
  return places.map((place) => 1 + Math.floor((time * (place + 0.5)) / batch))
}

/** Reads a file of shapes. */
export function readShapes(path: string): Shape[] {
  const text = readText(path)
  try {
    return checkShapes(JSON.parse(text))
  } catch (error) {
    throw new Error(`${path}: ${error instanceof Error ? error.message : error}`)
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    throw new Error(`--shapes ${path}: the file cannot be read`)
  }
}

/** Checks a list of shapes; `set` is `shapes` and `layers` 1 by default. */
export function checkShapes(list: unknown): Shape[] {
  if (!Array.isArray(list) || list.length === 0) throw new Error('expected a list of shapes')
  return list.map((entry: unknown, index) => checkShape(`shape ${index}`, entry))
}

/** More than any size of a shape that could be measured. */
const MOST = 1_000_000

const COUNTS = ['input', 'hidden', 'layers', 'batch', 'time'] as const
const WORDS: Readonly<Record<string, readonly string[]>> = {
  cell: CELLS,
  task: TASKS,
  activation: ['tanh', 'relu'],
  lengths: ['uniform'],
  over: ['1 thread', 'f32'],
}

function checkShape(where: string, entry: unknown): Shape {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    throw new Error(`${where}: expected an object, received ${JSON.stringify(entry)}`)
  }
  const shape: Record<string, unknown> = { set: 'shapes', layers: 1, ...entry }
  for (const name of Object.keys(shape)) checkName(where, name)
  for (const name of COUNTS) {
    const value = shape[name]
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > MOST) {
      throw new Error(
        `${where}: expected ${name} to be an integer from 1 to ${MOST}, received ${value}`,
      )
    }
  }
  for (const [name, words] of Object.entries(WORDS)) {
    const value = shape[name]
    if (value === undefined && name !== 'cell' && name !== 'task') continue
    if (typeof value !== 'string' || !words.includes(value)) {
      throw new Error(`${where}: expected ${name} to be ${words.join(' or ')}, received ${value}`)
    }
  }
  const { set } = shape
  if (typeof set !== 'string') throw new Error(`${where}: expected set to be a name`)
  const checked = shape as unknown as Shape
  checkTogether(where, checked)
  return checked
}

function checkName(where: string, name: string): void {
  const known: string[] = ['set', ...COUNTS, ...Object.keys(WORDS)]
  if (!known.includes(name)) {
    throw new Error(`${where}: no field '${name}': there are ${known.join(', ')}`)
  }
}

function checkTogether(where: string, shape: Shape): void {
  const refuse = (reason: string): never => {
    throw new Error(`${where}: ${reason}`)
  }
  if (shape.task === 'step' && shape.batch !== 1) refuse('the task step has a batch of 1')
  if (shape.task === 'step' && shape.lengths !== undefined) refuse('the task step has no lengths')
  if (shape.cell !== 'rnn' && shape.activation !== undefined) refuse('activation is for rnn alone')
  if (shape.over !== undefined && shape.lengths !== undefined) {
    refuse('lengths are compared with a full batch: over cannot be given too')
  }
}
