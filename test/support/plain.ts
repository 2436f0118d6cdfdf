/** Arithmetic on arrays as a textbook has it, to hold models to. */

/** The numbers of a parameter. */
export function weightsOf(model: { parameters(): object }, name: string): number[] {
  const all = model.parameters() as Record<string, { values: Float32Array }>
  return [...(all[name]?.values ?? [])]
}

/** `W v`, with W row by row. */
export function product(w: readonly number[], v: readonly number[]): number[] {
  return Array.from({ length: w.length / v.length }, (_, row) =>
    v.reduce((sum, value, k) => sum + value * (w[row * v.length + k] ?? 0), 0),
  )
}

/** The sum of vectors. */
export function plus(...all: readonly (readonly number[])[]): number[] {
  return (all[0] ?? []).map((_, i) => all.reduce((sum, v) => sum + (v[i] ?? 0), 0))
}
