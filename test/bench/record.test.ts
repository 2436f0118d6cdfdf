import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { flopsOf } from '../../bench/compare/flops.js'
import type { Comparison } from '../../bench/compare/record.js'
import { leastMilliseconds } from '../../bench/compare/roofline.js'

test.each(['compare', 'compare-bf16'])('%s was recorded with the formulas of today', (name) => {
  const text = readFileSync(new URL(`../../bench/record/${name}.json`, import.meta.url), 'utf8')
  const { compare } = JSON.parse(text) as { compare: Comparison }
  for (const { shape, flops, ceilings, share, milliseconds } of compare.rows) {
    expect(flops).toBe(flopsOf(shape))
    if (!ceilings || !share || !milliseconds) continue
    const least = leastMilliseconds(shape, compare.settings.precision, ceilings)
    expect(share.roofline).toBeCloseTo(least / milliseconds.median, 3)
  }
})
