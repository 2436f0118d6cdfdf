import { UnrolledError } from '../../index.js'
import { quoted } from './fault.js'
import type { InputShape } from './inputs.js'

/** Options of {@link importOnnx}. */
export interface ImportOnnxOptions {
  /**
   * The values that are fed: names of inputs, or of values anywhere in the file at which the graph is cut; or each with
   * its axes, `{ x: ['batch', 'time', 3] }`. All inputs of the file by default. An input that is left out and only begins
   * a recurrent state becomes the model's own state: zeros at first, kept by streams and sessions.
   */
  readonly inputs?: readonly string[] | Readonly<Record<string, InputShape>>
  /** The values that the model gives, anywhere in the file; the outputs of the file by default. */
  readonly outputs?: readonly string[]
  /** The branch that an `If` takes, by the name of its node, where the file does not fix it. */
  readonly branches?: Readonly<Record<string, 'then' | 'else'>>
  /** Data as for `predict`, and each output's numbers on the other side, for the report's `largestDifference`. */
  readonly sample?: OnnxSample
}

/** Inputs, and the outputs that another program computed of them: by name, flat or nested, or the one output's. */
export interface OnnxSample {
  readonly x: unknown
  readonly y: unknown
}

export const IMPORT_ONNX_OPTIONS = [
  'inputs',
  'outputs',
  'branches',
  'sample',
] as const satisfies readonly (keyof ImportOnnxOptions)[]

/** Checked options. */
export interface Request {
  readonly inputs: ReadonlyMap<string, InputShape | undefined> | undefined
  readonly outputs: readonly string[] | undefined
  readonly branches: ReadonlyMap<string, 'then' | 'else'>
  readonly sample: OnnxSample | undefined
}

export function checkImport(file: unknown, options: ImportOnnxOptions): Request {
  if (typeof file !== 'string' && !(file instanceof Uint8Array)) {
    throw unfit('importOnnx', 'a path or a Uint8Array', file)
  }
  if (!isObject(options)) throw unfit('importOnnx', 'options', options)
  for (const name of Object.keys(options)) {
    if (!IMPORT_ONNX_OPTIONS.some((known) => known === name)) {
      throw unfit('importOnnx', `an option among ${IMPORT_ONNX_OPTIONS.join(', ')}`, name)
    }
  }
  const { inputs, outputs, branches = {}, sample } = options
  if (outputs !== undefined) checkNames('outputs', outputs)
  if (sample !== undefined && !(isObject(sample) && 'x' in sample && 'y' in sample)) {
    throw unfit('importOnnx sample', '{ x, y }', sample)
  }
  return { inputs: inputsIn(inputs), outputs, branches: branchesIn(branches), sample }
}

function inputsIn(inputs: ImportOnnxOptions['inputs']): Request['inputs'] {
  if (inputs === undefined) return undefined
  if (Array.isArray(inputs)) {
    checkNames('inputs', inputs)
    return new Map((inputs as readonly string[]).map((name) => [name, undefined]))
  }
  if (!isObject(inputs)) throw unfit('importOnnx inputs', 'names, or shapes by name', inputs)
  const shapes = Object.entries(inputs as Readonly<Record<string, InputShape>>)
  for (const [name, shape] of shapes) checkShape(`importOnnx inputs ${quoted(name)}`, shape)
  return new Map(shapes)
}

function checkShape(where: string, shape: unknown): void {
  const axes: readonly unknown[] = Array.isArray(shape) ? shape : []
  const roles = axes.filter((axis) => typeof axis === 'string')
  const known = axes.every((axis) =>
    typeof axis === 'number'
      ? Number.isInteger(axis) && axis > 0 && axis <= 2 ** 20
      : axis === 'batch' || axis === 'time',
  )
  if (!Array.isArray(shape) || !known || new Set(roles).size !== roles.length) {
    throw unfit(where, "axes: 'batch' and 'time' once each at most, and numbers of features", shape)
  }
}

function branchesIn(branches: unknown): Request['branches'] {
  if (!isObject(branches))
    throw unfit('importOnnx branches', 'branches by the name of a node', branches)
  const entries = Object.entries(branches as Readonly<Record<string, 'then' | 'else'>>)
  for (const [name, branch] of entries) {
    if (branch !== 'then' && branch !== 'else') {
      throw unfit(`importOnnx branches ${quoted(name)}`, '"then" or "else"', branch)
    }
  }
  return new Map(entries)
}

function checkNames(option: string, names: unknown): void {
  if (Array.isArray(names) && names.length > 0 && names.every((name) => typeof name === 'string'))
    return
  throw unfit(`importOnnx ${option}`, 'names of values', names)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function unfit(where: string, expected: string, received: unknown): UnrolledError {
  const shown = typeof received === 'string' ? quoted(received) : typeof received
  return new UnrolledError(
    'ERR_UNROLLED_ARGUMENT',
    `${where}: expected ${expected}, received ${shown}`,
  )
}
