import { isFloats, isObject, isRecord, lengthOf, own } from '../brand.js'
import { Described, mismatch } from '../errors.js'
import type { NativeModel } from '../native/contract.js'
import type { Description } from '../native/description.js'
import { guard } from '../native/errors.js'
import { reserve } from '../native/memory.js'
import { checkOptions } from '../options.js'

/** A parameter's numbers, row-major. */
export interface Parameter {
  readonly values: Float32Array
  readonly shape: readonly number[]
}

/** Parameters under PyTorch's names: `lstm.weight_ih_l0`. */
export type Parameters = Readonly<Record<string, Parameter>>

/** Parameters to set: flat arrays, or the result of `parameters()`. */
export type ParameterData = Readonly<
  Record<string, { readonly values: Float32Array } | Float32Array>
>

/** Copies all parameters. */
export function getParameters(model: NativeModel, description: Description): Parameters {
  return namedParameters(
    guard(() => model.parameters()),
    description,
  )
}

/** Cuts numbers of all parameters, one after the other, into copies under their names. */
export function namedParameters(native: Float32Array, { parameters }: Description): Parameters {
  const all = own(native)
  const named = parameters.map(({ name, shape, offset }) => {
    const count = sizeOf(shape)
    const values = reserve(name, count, () => all.slice(offset, offset + count))
    return [name, { values, shape }] as const
  })
  return Object.fromEntries(named)
}

/** Some of the parameters, read and checked. */
export type Settings = readonly { readonly offset: number; readonly values: Float32Array }[]

/** Reads and copies the given parameters first: a getter of the caller's may use the model. */
export function readParameters(
  { parameters }: Description,
  given: ParameterData,
  where = 'setParameters',
): Settings {
  const names = parameters.map(({ name }) => name)
  checkOptions(where, given, names, 'parameter')
  const byName = new Map(Object.entries(given))
  return parameters.flatMap(({ name, shape, offset }) => {
    const entry = byName.get(name)
    if (entry === undefined) return []
    const values = checkValues(`${where} ${name}`, entry, shape)
    return [{ offset, values: reserve(name, values.length, () => new Float32Array(values)) }]
  })
}

/** Sets the given parameters and leaves the others. */
export function setParameters(model: NativeModel, given: Settings): void {
  const all = guard(() => model.parameters())
  for (const { offset, values } of given) all.set(values, offset)
  guard(() => model.setParameters(all))
}

function checkValues(
  where: string,
  entry: { readonly values: Float32Array } | Float32Array,
  shape: readonly number[],
): Float32Array {
  const values = isFloats(entry) || !isObject(entry) ? entry : entry.values
  if (!isFloats(values)) {
    const [place, received] = isRecord(entry) ? [`${where} values`, values] : [where, entry]
    throw mismatch('ERR_UNROLLED_KIND', place, 'a Float32Array', received)
  }
  if (lengthOf(values) !== sizeOf(shape)) {
    const received = new Described(String(lengthOf(values)))
    const expected = `${sizeOf(shape)} values for the shape [${shape.join(', ')}]`
    throw mismatch('ERR_UNROLLED_SHAPE', where, expected, received)
  }
  return values
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, part) => product * part, 1)
}
