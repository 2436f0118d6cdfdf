import { isRecord } from '../brand.js'
import { rowsByPort } from '../data/feed.js'
import type { Port } from '../data/kind.js'
import { Described, mismatch } from '../errors.js'
import type { NativeTensor } from '../native/contract.js'
import { guardAsync } from '../native/errors.js'
import { checkOptions } from '../options.js'
import type { Parts } from './parts.js'

/** Inputs of a run, and the outputs that are expected of it. */
export interface CheckedSample {
  readonly inputs: NativeTensor[]
  readonly outputs: readonly NativeTensor[]
}

/** Reads a sample, and runs the model on it once as it is: later on, nothing of the sample is refused any more. */
export async function checkSample(
  where: string,
  parts: Parts,
  sample: unknown,
  keys: readonly string[],
): Promise<CheckedSample> {
  if (!isRecord(sample)) throw mismatch('ERR_UNROLLED_ARGUMENT', where, '{ x, y }', sample)
  checkOptions(where, sample, keys, 'key')
  const { x, y } = sample as { x?: unknown; y?: unknown }
  const inputs = rowsByPort(`${where} x`, parts.inputs, x).map((rows) => rows.all())
  const outputs = rowsByPort(`${where} y`, portsOf(parts, y), y).map((rows) => rows.all())
  const run = await guardAsync(() => parts.native.predict(inputs, []))
  for (const output of outputs) {
    const [expected, received] = [sizeOf(named(run.outputs, output.name)), sizeOf(output)]
    if (expected !== received) {
      const name = `${where} y ${output.name}`
      const size = `the shape of the output for x, ${expected}`
      throw mismatch('ERR_UNROLLED_SHAPE', name, size, new Described(received))
    }
  }
  // A difference of nothing is 0, which reads as parity.
  if (outputs.some((output) => valid(output).length > 0)) return { inputs, outputs }
  throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} y`, 'numbers to compare', new Described('none'))
}

/** The outputs that a sample names; all without names, or with one that is none. */
function portsOf({ outputs }: Parts, y: unknown): readonly Port[] {
  const names = isRecord(y) ? Object.keys(y) : []
  const known = names.every((name) => outputs.some((port) => port.name === name))
  return names.length > 0 && known ? outputs.filter(({ name }) => names.includes(name)) : outputs
}

/** Runs the model on a sample and finds the largest absolute difference of a number. */
export async function largestDifference(
  parts: Parts,
  { inputs, outputs }: CheckedSample,
): Promise<number> {
  const run = await guardAsync(() => parts.native.predict(inputs, []))
  const differences = outputs.map((output) => {
    const expected = valid(output)
    const received = valid(named(run.outputs, output.name))
    return expected.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - (received[i] ?? Number.NaN))),
      0,
    )
  })
  return Math.max(...differences)
}

function named(tensors: readonly NativeTensor[], name: string): NativeTensor {
  return tensors.find((tensor) => tensor.name === name) ?? { name, shape: [] }
}

/** Rows, steps of each and size in words. */
function sizeOf({ shape, lengths }: NativeTensor): string {
  const [rows = 0, time = 0, size] = shape
  if (size === undefined) return `[${shape.join(', ')}]`
  const steps = lengths ?? Array.from({ length: rows }, () => time)
  return `[${rows}, time, ${size}] of ${[...steps].join(', ')} steps`
}

/** The numbers of the valid steps, of an array with its padding or without. */
function valid({ shape, values = new Float32Array(0), lengths }: NativeTensor): number[] {
  const [rows = 0, time = 0, size] = shape
  if (size === undefined || lengths === undefined || values.length < rows * time * size) {
    return Array.from(values)
  }
  return Array.from(lengths).flatMap((steps, row) =>
    Array.from(values.subarray(row * time * size, (row * time + steps) * size)),
  )
}
