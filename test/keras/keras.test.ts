import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { importKeras } from 'unrolled/keras'
import { describe, expect, test } from 'vitest'

const folder = fileURLToPath(new URL('../golden/keras/', import.meta.url))

type Rows = readonly unknown[]

interface Sample {
  readonly x: Readonly<Record<string, Rows>>
  readonly lengths: Readonly<Record<string, readonly number[]>>
  readonly y: Readonly<Record<string, Rows>>
}

interface Entry {
  readonly file: string
  readonly samples: readonly Sample[]
}

function entries(version: 2 | 3 | 'tfjs'): (readonly [string, Entry])[] {
  return Object.entries(JSON.parse(readFileSync(`${folder}samples-${version}.json`, 'utf8')))
}

/** Cuts each row to its length. */
function ragged({ x, lengths }: Sample): Record<string, Rows> {
  const cut = (name: string, rows: Rows) =>
    rows.map((row, at) =>
      (row as unknown[]).slice(0, lengths[name]?.[at] ?? Number.POSITIVE_INFINITY),
    )
  return Object.fromEntries(Object.entries(x).map(([name, rows]) => [name, cut(name, rows)]))
}

describe.each([3, 2, 'tfjs'] as const)('what Keras %s wrote', (version) => {
  test.each(entries(version))('%s gives its outputs', async (name, { file, samples }) => {
    const weightsAlone = file.endsWith('.weights.h5')
    const config = weightsAlone ? { config: readFileSync(`${folder}${name}.json`, 'utf8') } : {}
    for (const sample of samples) {
      const given = { ...config, sample: { x: ragged(sample), y: sample.y } }
      const { report } = await importKeras(`${folder}${file}`, given)
      expect(report.largestDifference).toBeLessThan(1e-5)
      expect(report.leftOver).toEqual([])
      expect(report.missing).toEqual([])
    }
  })
})
