import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { flopsOf } from '../../bench/compare/flops.js'
import type { Comparison } from '../../bench/compare/record.js'
import { leastMilliseconds } from '../../bench/compare/roofline.js'

test.each(['compare', 'compare-bf16'])('%s was recorded with the formulas of today', (name) => {
  const text = readFileSync(new URL(`../../bench/record/${name}.json`, import.meta.url), 'utf8')
  const { compare } = JSON.parse(text) as { compare: Comparison }
  for (const { shape, flops, ceilings, least, share, milliseconds, duels } of compare.rows) {
    expect(flops).toBe(flopsOf(shape))
    if (!ceilings || !milliseconds) continue
    const { precision } = compare.settings
    // To the digits that a record keeps.
    expect((least ?? 0) / leastMilliseconds(shape, precision, ceilings)).toBeCloseTo(1, 4)
    expect(share?.roofline).toBeCloseTo((least ?? 0) / milliseconds.median, 3)
    for (const { name, ceilings: theirs, theirsMs, most } of duels) {
      expect(theirs !== undefined).toBe(name.startsWith('ours'))
      // Ours in another way stands at its own roofline.
      const { lengths: _, ...full } = shape
      const other =
        theirs === undefined
          ? theirsMs.median
          : leastMilliseconds(full, name === 'ours, f32' ? 'f32' : precision, theirs)
      expect((most ?? 0) / (other / (least ?? 0))).toBeCloseTo(1, 3)
    }
  }
})
