import { type Model, type Result, UnrolledError } from '../../index.js'
import type { OnnxSample } from './options.js'

/** Runs a model on a sample, and finds its largest difference from what another program computed. */
export async function differenceOf(model: Model, { x, y }: OnnxSample): Promise<number> {
  const results = (await model.predict(x as never)) as Readonly<Record<string, Result>>
  const names = model.graph.outputs.map(({ name }) => name)
  const [only = ''] = names
  const single = names.length === 1 && !(isByName(y) && only in y)
  const wanted = single ? { [only]: y } : (y as Readonly<Record<string, unknown>>)
  // A difference of nothing is 0, which reads as parity.
  if (!single && !(isByName(y) && Object.keys(y).length > 0)) {
    const expected = `outputs by name, ${names.join(', ')}`
    const message = `importOnnx sample y: expected ${expected}, received none`
    throw new UnrolledError('ERR_UNROLLED_ARGUMENT', message)
  }
  let largest = 0
  for (const [name, numbers] of Object.entries(wanted)) {
    const result = results[name]
    if (!names.includes(name) || result === undefined)
      throw unfit(name, `one of the outputs ${names.join(', ')}`, 'none')
    const expected = flat(numbers)
    if (expected.length !== result.values.length) {
      throw unfit(name, `${result.values.length} numbers`, String(expected.length))
    }
    for (const [i, value] of result.values.entries()) {
      largest = Math.max(largest, Math.abs(value - (expected[i] ?? Number.NaN)))
    }
  }
  return largest
}

function isByName(y: unknown): y is object {
  return typeof y === 'object' && y !== null && !Array.isArray(y) && !ArrayBuffer.isView(y)
}

function flat(numbers: unknown): ArrayLike<number> {
  if (numbers instanceof Float32Array || numbers instanceof Float64Array) return numbers
  return Array.isArray(numbers) ? (numbers.flat(Number.POSITIVE_INFINITY) as number[]) : []
}

function unfit(name: string, expected: string, received: string): UnrolledError {
  return new UnrolledError(
    'ERR_UNROLLED_SHAPE',
    `importOnnx sample y ${JSON.stringify(name.slice(0, 200))}: expected ${expected}, received ${received}`,
  )
}
