import { isFunction, isList, isRecord } from '../brand.js'
import { Described, mismatch, show, UnrolledError } from '../errors.js'
import { checkOptions } from '../options.js'
import type { MatchedLayer } from './report.js'

/**
 * Names of tensors to names of parameters: prefixes and what stands in their place, the longest that fits first
 * (`{ 'encoder.rnn.': 'lstm.' }`; the prefix `''` fits every name), or a function that gives the new name, and nothing to
 * leave the tensor out.
 */
export type Rename = Readonly<Record<string, string>> | ((name: string) => string | undefined)

/** A tensor of another library. */
export interface ForeignTensor {
  readonly shape: readonly number[]
  /** Numbers, row-major; read where the model has a place for them. */
  readonly values: Float32Array
  /** The type that they had: `'F32'` by default. Tensors of whole numbers (`'I64'`) are passed over. */
  readonly type?: string
}

/** Tensors by name: those of a file, or of `parameters()`. */
export type ForeignTensors = Readonly<Record<string, ForeignTensor>>

/** A tensor and the parameter that it becomes. */
interface Match {
  readonly parameter: string
  readonly tensor: ForeignTensor
}

/** The fate of each tensor and of each parameter. */
export interface Matches {
  readonly pairs: readonly Match[]
  readonly matched: readonly MatchedLayer[]
  readonly missing: readonly string[]
  readonly leftOver: readonly string[]
}

type Shapes = readonly { readonly name: string; readonly shape: readonly number[] }[]

/** Checks a {@link Rename} and gives it as a function. */
export function checkRename(where: string, rename: unknown): (name: string) => string | undefined {
  if (rename === undefined) return (name) => name
  if (isFunction(rename)) {
    const given = rename as (name: string) => unknown
    return (name) => checkNewName(`${where} of ${show(name)}`, given(name))
  }
  if (!isRecord(rename)) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', where, 'prefixes or a function of a name', rename)
  }
  const prefixes = Object.entries(rename).map(
    ([from, to]) => [from, checkNewName(`${where} ${show(from)}`, to) ?? ''] as const,
  )
  prefixes.sort(([a], [b]) => b.length - a.length)
  return (name) => {
    const found = prefixes.find(([from]) => name.startsWith(from))
    return found === undefined ? name : found[1] + name.slice(found[0].length)
  }
}

function checkNewName(where: string, name: unknown): string | undefined {
  if (name === undefined || typeof name === 'string') return name
  throw mismatch('ERR_UNROLLED_ARGUMENT', where, 'a name or undefined', name)
}

/**
 * Finds the tensor of each parameter.
 *
 * @throws UnrolledError `ERR_UNROLLED_SHAPE` that lists every tensor of another shape, `ERR_UNROLLED_ARGUMENT` for two
 * tensors of one parameter and, where `strict`, one that lists all that is missing or left over.
 */
export function match(
  where: string,
  parameters: Shapes,
  tensors: ForeignTensors,
  { rename, strict }: { rename: (name: string) => string | undefined; strict: boolean },
): Matches {
  const shapes = new Map(parameters.map(({ name, shape }) => [name, shape]))
  const sources = new Map<string, string>()
  const pairs: Match[] = []
  const matched: MatchedLayer[] = []
  const leftOver: string[] = []
  const unwanted: string[] = []
  const misshapen: string[] = []
  for (const [source, tensor] of Object.entries(tensors)) {
    const type = checkTensor(`${where} ${show(source)}`, tensor)
    const parameter = rename(source)
    if (parameter === undefined) continue
    const shape = shapes.get(parameter)
    if (shape === undefined || !FLOATS.includes(type)) {
      leftOver.push(source)
      if (FLOATS.includes(type)) unwanted.push(source)
      continue
    }
    const first = sources.get(parameter)
    if (first !== undefined) throw twice(where, parameter, first, source)
    sources.set(parameter, source)
    if (tensor.shape.join() !== shape.join()) {
      misshapen.push(`${parameter}: [${shape.join(', ')}], not [${tensor.shape.join(', ')}]`)
    }
    pairs.push({ parameter, tensor })
    const conventions = type === 'F32' ? [] : [`${type} -> F32`]
    matched.push({ source, parameters: [parameter], conventions })
  }
  if (misshapen.length > 0) {
    const message = `${where}: expected tensors of the parameters' shapes, received others; ${listed(misshapen)}`
    throw new UnrolledError('ERR_UNROLLED_SHAPE', message)
  }
  const missing = parameters.map(({ name }) => name).filter((name) => !sources.has(name))
  if (strict && missing.length + unwanted.length > 0) {
    const prefix = pairs.length === 0 ? prefixOf(missing, unwanted) : undefined
    throw unlike(where, missing, unwanted, prefix)
  }
  return { pairs, matched, missing, leftOver }
}

/** The types of numbers that a parameter can be of. */
const FLOATS: readonly string[] = ['F32', 'F64', 'F16', 'BF16']

function checkTensor(where: string, tensor: unknown): string {
  const expected = 'a tensor { shape, values }'
  if (!isRecord(tensor)) throw mismatch('ERR_UNROLLED_ARGUMENT', where, expected, tensor)
  checkOptions(where, tensor, ['shape', 'values', 'type', 'name'], 'key of a tensor')
  const { shape, type = 'F32' } = tensor as { shape?: unknown; type?: unknown }
  if (!isList(shape) || typeof type !== 'string') {
    throw mismatch('ERR_UNROLLED_ARGUMENT', where, expected, tensor)
  }
  return type
}

function twice(where: string, parameter: string, first: string, source: string): UnrolledError {
  const received = new Described(`${show(first)} and ${show(source)}`)
  const expected = `one tensor for ${parameter}`
  return mismatch('ERR_UNROLLED_ARGUMENT', where, expected, received, 'change rename')
}

/** The most prefixes that are tried. */
const MOST_PREFIXES = 8

/** Finds the prefix that all names have on one side alone, as a `rename` in words. */
function prefixOf(missing: readonly string[], sources: readonly string[]): string | undefined {
  const longer = commonPrefix(missing, sources)
  if (longer !== undefined) return `{ ${show(longer)}: "" }`
  const shorter = commonPrefix(sources, missing)
  return shorter === undefined ? undefined : `{ "": ${show(shorter)} }`
}

/** Finds what, before each of the first names, gives one of the others. */
function commonPrefix(names: readonly string[], others: readonly string[]): string | undefined {
  const [first] = names
  if (first === undefined) return undefined
  const known = new Set(others)
  return others
    .filter((other) => other.endsWith(first))
    .slice(0, MOST_PREFIXES)
    .map((other) => other.slice(0, -first.length))
    .find((prefix) => prefix !== '' && names.every((name) => known.has(prefix + name)))
}

function unlike(
  where: string,
  missing: readonly string[],
  leftOver: readonly string[],
  prefix: string | undefined,
): UnrolledError {
  const parts = [
    ...(missing.length > 0 ? [`missing: ${listed(missing)}`] : []),
    ...(leftOver.length > 0 ? [`left over: ${listed(leftOver)}`] : []),
  ]
  const rename = prefix === undefined ? 'rename' : `rename: ${prefix}`
  const advice = `give ${rename}, or strict: false`
  const message = `${where}: expected the model's parameters, received others; ${parts.join('; ')}; ${advice}`
  return new UnrolledError('ERR_UNROLLED_ARGUMENT', message)
}

/** The most names of a list: a file may hold any number. */
const MOST_LISTED = 500

function listed(names: readonly string[]): string {
  const more = names.length > MOST_LISTED ? [`and ${names.length - MOST_LISTED} more`] : []
  return [...names.slice(0, MOST_LISTED), ...more].join(', ')
}
