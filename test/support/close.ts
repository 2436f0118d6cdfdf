import { expect } from 'vitest'

/** Expects nested numbers to be equal to five places, whatever their nesting. */
export function close(found: unknown, expected: unknown): void {
  const flat = (it: unknown) => [it].flat(Number.POSITIVE_INFINITY) as number[]
  expect(flat(found)).toHaveLength(flat(expected).length)
  flat(found).forEach((y, i) => {
    expect(y).toBeCloseTo(flat(expected)[i] ?? 0, 5)
  })
}
