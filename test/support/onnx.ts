import { readFileSync } from 'node:fs'
import type { Model, Result } from 'unrolled'
import { type ImportedOnnx, type ImportOnnxOptions, importOnnx } from 'unrolled/onnx'
import { expect } from 'vitest'

/** An array of the other side: its axes, `'batch'`, `'time'` or a size, and its numbers, row-major. */
export interface OnnxArray {
  readonly name: string
  readonly axes: readonly ('batch' | 'time' | number)[]
  readonly data: readonly number[]
  /** The numbers are ids. */
  readonly ids?: boolean
}

/** A file of `tools/onnx-files.py`, with what ONNX Runtime computed. */
export interface OnnxCase {
  readonly name: string
  readonly model: string
  readonly inputs: readonly OnnxArray[]
  readonly outputs: readonly OnnxArray[]
  /** The sizes of the batch and of the time. */
  readonly sizes: { readonly batch: number; readonly time: number }
  /** The lengths of rows, where they differ. */
  readonly lengths?: readonly number[]
}

export function readCases(group: string): readonly OnnxCase[] {
  return JSON.parse(readFileSync(`test/golden/onnx/${group}.json`, 'utf8'))
}

/** The place of each number of `[batch, time, features]` in an array of other axes. */
export function placesOf(
  axes: OnnxArray['axes'],
  { batch, time }: { batch: number; time: number },
): {
  rows: number
  steps: number
  size: number
  at(row: number, step: number, feature: number): number
} {
  const dims = axes.map((axis) => (axis === 'batch' ? batch : axis === 'time' ? time : axis))
  const features = axes.flatMap((axis, i) => (typeof axis === 'number' ? [i] : []))
  const size = features.reduce((product, i) => product * (dims[i] ?? 1), 1)
  const at = (row: number, step: number, feature: number): number => {
    const places = axes.map((axis) => (axis === 'batch' ? row : axis === 'time' ? step : 0))
    let rest = feature
    for (const i of [...features].reverse()) {
      places[i] = rest % (dims[i] ?? 1)
      rest = Math.floor(rest / (dims[i] ?? 1))
    }
    return places.reduce((flat, place, i) => flat * (dims[i] ?? 1) + place, 0)
  }
  return {
    rows: axes.includes('batch') ? batch : 1,
    steps: axes.includes('time') ? time : 1,
    size,
    at,
  }
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/** The inputs of a case as `predict` takes them. */
export function feedsOf(it: OnnxCase): Record<string, unknown> {
  const { sizes } = it
  return Object.fromEntries(
    it.inputs.map(({ name, axes, data, ids }) => {
      const { rows, size, at } = placesOf(axes, sizes)
      const step = (row: number, t: number): unknown => {
        const numbers = range(size).map((f) => data[at(row, t, f)])
        return ids ? numbers[0] : numbers
      }
      const row = (r: number): unknown =>
        axes.includes('time')
          ? range(it.lengths?.[r] ?? sizes.time).map((t) => step(r, t))
          : step(r, 0)
      return [name.replaceAll(':', '_'), range(rows).map(row)]
    }),
  )
}

/** The largest difference between a model's outputs and those of a case. */
export async function largestDifference(model: Model, it: OnnxCase): Promise<number> {
  const results = (await model.predict(feedsOf(it) as never)) as Readonly<Record<string, Result>>
  const { sizes } = it
  let largest = 0
  for (const { name, axes, data } of it.outputs) {
    const result = results[name.replaceAll(':', '_')]
    if (result === undefined) throw new Error(`no output ${name}`)
    const { rows, steps, size, at } = placesOf(axes, sizes)
    expect(result.values.length, `${it.name} ${name}`).toBe(rows * steps * size)
    for (const row of range(rows)) {
      for (const step of range(steps)) {
        for (const feature of range(size)) {
          const ours = result.values[(row * steps + step) * size + feature] ?? Number.NaN
          const difference = Math.abs(ours - (data[at(row, step, feature)] ?? Number.NaN))
          largest = Number.isNaN(difference) ? Number.NaN : Math.max(largest, difference)
        }
      }
    }
  }
  return largest
}

export function importCase(it: OnnxCase, options: ImportOnnxOptions = {}): Promise<ImportedOnnx> {
  return importOnnx(Buffer.from(it.model, 'base64'), options)
}
