import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'

/** An array of PyTorch's. */
export interface Golden {
  readonly shape: readonly number[]
  readonly values: readonly number[]
}

/** A case of a golden file: the facts about it, and its arrays by name. */
export interface GoldenCase<F> {
  readonly name: string
  readonly facts: F
  readonly tensors: ReadonlyMap<string, Golden>
}

interface Entry {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly data_offsets: readonly [number, number]
}

const ARRAYS = { F64: Float64Array, F32: Float32Array, I32: Int32Array } as const

/** Reads the cases of `test/golden/{file}.safetensors`, which `tools/golden.py` writes. */
export function goldenCases<F>(file: string): readonly GoldenCase<F>[] {
  const path = fileURLToPath(new URL(`../golden/${file}.safetensors`, import.meta.url))
  const bytes = new Uint8Array(readFileSync(path))
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true))
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))
  const { __metadata__: metadata, ...entries } = header as {
    __metadata__: { cases: string }
  } & Record<string, Entry>
  const tensors = Object.entries(entries as Record<string, Entry>).map(([name, entry]) => {
    const Kind = ARRAYS[entry.dtype as keyof typeof ARRAYS]
    const [begin, end] = entry.data_offsets
    const values = new Kind(bytes.slice(8 + length + begin, 8 + length + end).buffer)
    return [name, { shape: entry.shape, values: [...values] }] as const
  })
  const cases = JSON.parse(metadata.cases) as ({ name: string } & F)[]
  return cases.map((facts) => ({
    name: facts.name,
    facts,
    tensors: new Map(
      tensors.flatMap(([name, it]) =>
        name.startsWith(`${facts.name}/`) ? [[name.slice(facts.name.length + 1), it] as const] : [],
      ),
    ),
  }))
}

/** The distance of two lists of numbers, in units of the largest number of the second. */
export function distance(found: ArrayLike<number>, { values }: Golden): number {
  expect(found.length).toBe(values.length)
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return (
    values.reduce((most, value, i) => Math.max(most, Math.abs((found[i] ?? 0) - value)), 0) /
    largest
  )
}

/** The steps of each row, without padding. */
export function ragged({ shape, values }: Golden, lengths: readonly number[]): number[][][] {
  const [, time = 0, size = 0] = shape
  return lengths.map((length, row) =>
    Array.from({ length }, (_, t) =>
      values.slice((row * time + t) * size, (row * time + t + 1) * size),
    ),
  )
}
