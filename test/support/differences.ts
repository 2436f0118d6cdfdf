import type { Model } from 'unrolled'
import { expect } from 'vitest'

const STEP = 5e-3
const LOSS = { kind: { meanSquared: {} }, reduction: 'sum', weight: 1 } as const

/** Numbers of an input or target: rows, or rows of steps. */
type Numbers = readonly (readonly number[] | readonly (readonly number[])[])[]

/** A copy with one number moved. */
function moved(numbers: Numbers, path: readonly number[], by: number): Numbers {
  const copy = structuredClone(numbers) as unknown[]
  const list = path.slice(0, -1).reduce<unknown[]>((it, at) => it[at] as unknown[], copy)
  const last = path.at(-1) ?? 0
  list[last] = (list[last] as number) + by
  return copy as unknown as Numbers
}

/** The places of all numbers. */
function paths(numbers: unknown, path: readonly number[] = []): number[][] {
  if (typeof numbers === 'number') return [[...path]]
  return (numbers as unknown[]).flatMap((it, at) => paths(it, [...path, at]))
}

/**
 * Holds the gradients of a model's parameters and inputs to central differences of the summed squared loss. Inputs are
 * whole numbers of steps in every row: none is padded.
 */
export async function expectSlopes(
  model: Model,
  x: Readonly<Record<string, Numbers>>,
  y: Readonly<Record<string, Numbers>>,
  digits = 2,
): Promise<void> {
  const loss = Object.fromEntries(Object.keys(y).map((name) => [name, LOSS]))
  const measure = async (x: unknown) =>
    (await model.evaluate({ x, y } as never, { loss } as never)).loss
  const found = await model.gradients({ x, y } as never, { loss } as never)
  expect(found.loss).toBeGreaterThan(0)
  for (const [name, { values }] of Object.entries(model.parameters())) {
    const slopes = found.parameters[name]?.values ?? []
    expect(slopes.length, name).toBe(values.length)
    for (const at of values.keys()) {
      const along = async (by: number) => {
        model.setParameters({ [name]: values.map((value, i) => (i === at ? value + by : value)) })
        return measure(x)
      }
      const slope = ((await along(STEP)) - (await along(-STEP))) / (2 * STEP)
      expect(slopes[at], `${name} ${at}`).toBeCloseTo(slope, digits)
    }
    model.setParameters({ [name]: values })
  }
  for (const [name, numbers] of Object.entries(x)) {
    const slopes = (found.inputs as Record<string, { values: Float32Array }>)[name]?.values ?? []
    for (const [at, path] of paths(numbers).entries()) {
      const along = (by: number) => measure({ ...x, [name]: moved(numbers, path, by) })
      const slope = ((await along(STEP)) - (await along(-STEP))) / (2 * STEP)
      expect(slopes[at], `${name} ${path}`).toBeCloseTo(slope, digits)
    }
  }
}

/** Sets all parameters to numbers that are not small and follow no pattern. */
export function spread(model: Model, scale = 0.7): void {
  const all = Object.entries(model.parameters()).map(([name, { values }], at) => [
    name,
    Float32Array.from(values, (_, i) => scale * Math.sin(3.7 * i + 1.3 * at + 1)),
  ])
  model.setParameters(Object.fromEntries(all))
}
