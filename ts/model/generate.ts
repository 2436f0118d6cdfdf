import { isList, isRecord } from '../brand.js'
import type { DataOf } from '../data/data.js'
import { rowsByPort } from '../data/feed.js'
import type { Port } from '../data/kind.js'
import { Described, mismatch } from '../errors.js'
import type { Values } from '../graph/value.js'
import type { NativeGeneration, NativeSequence, NativeTensor } from '../native/contract.js'
import { guard, guardAsync } from '../native/errors.js'
import { checkCount, checkOptions } from '../options.js'
import { checkSignal, onAbort, type Signal, throwIfAborted, untilAborted } from '../train/signal.js'
import type { Parts } from './parts.js'
import { numberRoles, type Roles, tokenRoles } from './roles.js'
import { resolveSearch, type SearchLike } from './search.js'
import { type GeneratedNumbers, type GeneratedTokens, numbersOf, tokensOf } from './sequences.js'
import { resolveStop, type StopJson, type StopOptions } from './stop.js'

/** Options of `generate`, `generateTokens` and `freeRun` alike. */
interface RunOptions extends StopOptions {
  /** The most items of a row. */
  readonly maxSteps: number
  /** The items before a sequence may end; 0 by default. */
  readonly minSteps?: number
  /** The input that takes each item; found where the model leaves no choice. */
  readonly input?: string
  /** The output that decides each item; found where the model leaves no choice. */
  readonly output?: string
  /**
   * The number of the first row; 0 by default. A draw depends on the seed, the number of the row and the
   * step, so that a batch in pieces draws what the whole draws.
   */
  readonly firstRow?: number
  /** Stops the work; the promise rejects with the signal's reason. */
  readonly signal?: Signal
}

/** Options of `generate` and `generateTokens`. */
export interface GenerateOptions extends RunOptions {
  /** The choice of each token: `'greedy'` (default), `'sample'`, `'beam'`, or one with options. */
  readonly search?: SearchLike
  /** The id in front of each prompt; none by default, or that of the model's `shift`. */
  readonly start?: number
  /** Ids that are never chosen; none by default. */
  readonly forbidden?: readonly number[]
}

/** Options of `freeRun`. */
export interface FreeRunOptions extends Omit<RunOptions, 'endToken'> {
  /** `'greedy'` (default), or `'sample'`, which draws the end of a sequence. */
  readonly search?: SearchLike
}

const RUN_OPTIONS = [
  'maxSteps',
  'minSteps',
  'stop',
  'length',
  'search',
  'input',
  'output',
  'firstRow',
  'signal',
] as const

export const GENERATE_OPTIONS = [
  ...RUN_OPTIONS,
  'endToken',
  'start',
  'forbidden',
] as const satisfies readonly (keyof GenerateOptions)[]

export const FREE_RUN_OPTIONS = RUN_OPTIONS satisfies readonly (keyof FreeRunOptions)[]

/**
 * Rows to begin with, by input: prompts for the input that takes the tokens or numbers, each row of any
 * length, and whatever else the model takes. Prompts may be left out where the model knows its start.
 * A single input that is needed stands alone.
 */
export type GenerateFeed<I extends Values> =
  | { readonly [K in keyof I]?: DataOf<I[K]> }
  | DataOf<I[keyof I]>

/** Makes up sequences of tokens. */
export function generate(
  parts: Parts,
  x: unknown,
  options: GenerateOptions,
): Promise<GeneratedTokens[]> {
  return finished(begin('generate', parts, x, options)).then((rows) => rows.map(tokensOf))
}

/** Makes up one sequence, a token a call; `use` gives the parts of a model that is in use. */
export async function* tokens(
  use: () => Parts,
  x: unknown,
  options: GenerateOptions,
): AsyncGenerator<number, void, void> {
  const { generation, signal } = begin('generateTokens', use(), x, options)
  if (generation === undefined) {
    const received = new Described('no row')
    throw mismatch('ERR_UNROLLED_SHAPE', 'generateTokens x', 'one row', received)
  }
  const leave = signal && onAbort(signal, () => generation.cancel())
  try {
    for (;;) {
      throwIfAborted(signal)
      const token = await untilAborted(
        guardAsync(() => generation.next()),
        signal,
      )
      if (token === null) return
      yield token
    }
  } finally {
    leave?.()
    generation.cancel()
  }
}

/** Feeds a model its own numbers. */
export function freeRun(
  parts: Parts,
  x: unknown,
  options: FreeRunOptions,
): Promise<GeneratedNumbers[]> {
  checkOptions('freeRun', options, FREE_RUN_OPTIONS)
  const roles = numberRoles('freeRun', parts, options)
  const work = started('freeRun', parts, roles, x, options, {})
  const size = 'size' in roles.input.rows ? roles.input.rows.size : 1
  return finished(work).then((rows) => rows.map((row) => numbersOf(row, size)))
}

/** A generation under way, and the signal that stops it. */
interface Work {
  /** None of no rows. */
  readonly generation: NativeGeneration | undefined
  readonly signal: Signal | undefined
}

function begin(where: string, parts: Parts, x: unknown, options: GenerateOptions): Work {
  checkOptions(where, options, GENERATE_OPTIONS)
  const { start, forbidden = [] } = options
  const roles = tokenRoles(where, parts, options)
  if (!isList(forbidden)) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} forbidden`, 'an array of ids', forbidden)
  }
  const id = (name: string, value: unknown): number => checkCount(name, value, 0, 0xffff_ffff)
  return started(where, parts, roles, x, options, {
    ...(start !== undefined && { start: id(`${where} start`, start) }),
    forbidden: forbidden.map((value, index) => id(`${where} forbidden[${index}]`, value)),
  })
}

function started(
  where: string,
  parts: Parts,
  roles: Roles,
  x: unknown,
  options: RunOptions & { readonly search?: SearchLike },
  more: object,
): Work {
  const { search = 'greedy', minSteps = 0, firstRow = 0 } = options
  const stop = resolveStop(where, parts, options)
  const maxSteps = checkCount(`${where} maxSteps`, options.maxSteps, 1, 2 ** 24)
  const config = {
    input: roles.input.name,
    output: roles.output.name,
    search: resolveSearch(`${where} search`, search),
    stop,
    maxSteps,
    minSteps: checkCount(`${where} minSteps`, minSteps, 0, maxSteps),
    firstRow: checkCount(`${where} firstRow`, firstRow, 0),
    ...alignmentOf(parts, roles.input),
    ...more,
  }
  const signal = options.signal && checkSignal(`${where} signal`, options.signal)
  throwIfAborted(signal)
  const inputs = inputsOf(`${where} x`, parts, roles.input, stop, x)
  if (inputs[0]?.shape[0] === 0) return { generation: undefined, signal }
  const generation = guard(() => parts.native.generation(JSON.stringify(config), inputs))
  return { generation, signal }
}

/** The alignment that comes with each item, if the model has one along the axis of the items. */
function alignmentOf({ description }: Parts, input: Port): { alignment?: string } {
  const along = description.outputs.filter(
    ({ kind }) => 'alignment' in kind && kind.alignment.axis === input.axis,
  )
  const [only] = along
  return only !== undefined && along.length === 1 ? { alignment: only.name } : {}
}

/** The inputs that a generation begins with: those given by name, or the only one that is needed. */
function inputsOf(
  where: string,
  { inputs }: Parts,
  input: Port,
  stop: StopJson,
  x: unknown,
): NativeTensor[] {
  const remaining = typeof stop === 'object' && 'length' in stop ? stop.length.remaining : undefined
  const others = inputs.filter(({ name }) => name !== input.name && name !== remaining)
  const prompted = isRecord(x) && !('values' in x) && Reflect.get(x, input.name) !== undefined
  const ports = others.length === 0 ? [input] : prompted ? [...others, input] : others
  return rowsByPort(where, ports, x).map((rows) => rows.all())
}

/** Waits for all rows; an abort ends the work as well. */
async function finished({ generation, signal }: Work): Promise<NativeSequence[][]> {
  if (generation === undefined) return []
  const leave = signal && onAbort(signal, () => generation.cancel())
  try {
    return await untilAborted(
      guardAsync(() => generation.run()),
      signal,
    )
  } finally {
    leave?.()
  }
}
