/** The fewest insertions, deletions and substitutions from one list to the other (Levenshtein, 1966). */
export function distance<T>(from: readonly T[], to: readonly T[]): number {
  let row = Array.from({ length: to.length + 1 }, (_, j) => j)
  from.forEach((one, i) => {
    const next = [i + 1]
    to.forEach((other, j) => {
      const kept = (row[j] ?? 0) + (one === other ? 0 : 1)
      next.push(Math.min(kept, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    })
    row = next
  })
  return row[to.length] ?? 0
}

/** The errors of pronunciations, in percent. */
export interface Errors {
  /** Words whose pronunciation is none of those listed. */
  readonly word: number
  /** Distance to the nearest pronunciation listed, over the phones of the nearest. */
  readonly phone: number
}

/** Measures pronunciations against those listed for each word; of two as near the first listed counts. */
export function errorsOf(
  found: readonly (readonly string[])[],
  listed: readonly (readonly (readonly string[])[])[],
): Errors {
  let [wrong, errors, phones] = [0, 0, 0]
  listed.forEach((pronunciations, row) => {
    const distances = pronunciations.map((one) => distance(found[row] ?? [], one))
    const least = Math.min(...distances)
    wrong += least > 0 ? 1 : 0
    errors += least
    phones += pronunciations[distances.indexOf(least)]?.length ?? 0
  })
  return { word: (100 * wrong) / listed.length, phone: (100 * errors) / phones }
}
