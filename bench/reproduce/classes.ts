/** The class with the highest score. */
export function best(scores: readonly number[]): number {
  return scores.indexOf(Math.max(...scores))
}

/** The share that is right, in percent. */
export function percentOf(right: readonly boolean[]): number {
  return (100 * right.filter(Boolean).length) / right.length
}
