/** Free names by number; names are freed by {@link clear} alone, so each search goes on where the last one ended. */
export class Numbering {
  readonly #next = new Map<string, number>()

  /** Gives the first free name of `label`, `label_1`, `label_2` and so on. */
  free(label: string, isTaken: (name: string) => boolean): string {
    if (!isTaken(label)) return label
    let i = this.#next.get(label) ?? 1
    while (isTaken(`${label}_${i}`)) i++
    this.#next.set(label, i)
    return `${label}_${i}`
  }

  /** Searches from the start again, after names were freed. */
  clear(): void {
    this.#next.clear()
  }
}
