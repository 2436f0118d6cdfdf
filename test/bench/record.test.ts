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
    if (!ceilings || !least || !share || !milliseconds) continue
    // To the digits that a record keeps.
    expect(least / leastMilliseconds(shape, compare.settings.precision, ceilings)).toBeCloseTo(1, 4)
    expect(share.roofline).toBeCloseTo(least / milliseconds.median, 3)
    for (const duel of duels) {
      const ours = duel.name.startsWith('ours')
      expect(duel.ceilings !== undefined).toBe(ours)
      // Ours in another way stands at its own roofline: in f32, on full rows.
      const { lengths: _, ...full } = shape
      const other = duel.ceilings
        ? leastMilliseconds(full, 'f32', duel.ceilings)
        : duel.theirsMs.median
      expect((duel.most ?? 0) / (other / least)).toBeCloseTo(1, 3)
    }
  }
})
