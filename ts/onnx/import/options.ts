import { isList, mismatch, readOptions, readRecord, shown } from '../../io/options.js'
import { readSample, type Sample } from '../../io/sample.js'
import { WHERE } from './fault.js'
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
  /** The branch that an `If` takes, by the name of its node, where the file does not fix it; none by default. */
  readonly branches?: Readonly<Record<string, 'then' | 'else'>>
  /** Data as for `predict`, and another program's outputs for them, for the report's `largestDifference`; none by default. */
  readonly sample?: Sample
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
  readonly sample: Sample | undefined
}

export function checkImport(options: unknown): Request {
  const read = readOptions(WHERE, options, IMPORT_ONNX_OPTIONS)
  const { inputs, outputs, branches, sample } = read
  return {
    inputs: inputsIn(inputs),
    outputs: outputs === undefined ? undefined : namesIn('outputs', outputs),
    branches: branchesIn(branches),
    sample: readSample(`${WHERE} sample`, sample),
  }
}

function inputsIn(inputs: unknown): Request['inputs'] {
  if (inputs === undefined) return undefined
  if (isList(inputs)) return new Map(namesIn('inputs', inputs).map((name) => [name, undefined]))
  const where = `${WHERE} inputs`
  const shapes = Object.entries(readRecord(where, inputs, 'names, or shapes by name'))
  return new Map(shapes.map(([name, shape]) => [name, shapeIn(`${where} ${shown(name)}`, shape)]))
}

function shapeIn(where: string, shape: unknown): InputShape {
  const axes = isList(shape) ? Array.from(shape) : undefined
  const roles = axes?.filter((axis) => typeof axis === 'string')
  const known = axes?.every((axis) =>
    typeof axis === 'number'
      ? Number.isInteger(axis) && axis > 0 && axis <= 2 ** 20
      : axis === 'batch' || axis === 'time',
  )
  if (axes !== undefined && known === true && new Set(roles).size === roles?.length)
    return axes as InputShape
  const expected = "axes: 'batch' and 'time' once each at most, and numbers of features"
  throw mismatch(where, expected, shown(shape))
}

function branchesIn(branches: unknown): Request['branches'] {
  const where = `${WHERE} branches`
  const entries = Object.entries(
    readRecord(where, branches ?? {}, 'branches by the name of a node'),
  )
  const chosen = entries.map(([name, branch]) => {
    if (branch === 'then' || branch === 'else') return [name, branch] as const
    throw mismatch(`${where} ${shown(name)}`, "'then' or 'else'", shown(branch))
  })
  return new Map(chosen)
}

function namesIn(option: string, names: unknown): readonly string[] {
  const list = isList(names) ? Array.from(names) : []
  if (list.length > 0 && list.every((name): name is string => typeof name === 'string')) return list
  throw mismatch(`${WHERE} ${option}`, 'names of values', shown(names))
}
