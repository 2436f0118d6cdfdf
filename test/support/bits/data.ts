/** Whole numbers that follow no pattern, the same each time and on every machine. */
export class Draw {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** From 0 to below `limit`. */
  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0
    return (this.#state >>> 8) % limit
  }

  /** A number from -1 to 1, in thousandths. */
  number(): number {
    return (this.below(2001) - 1000) / 1000
  }

  numbers(count: number): number[] {
    return Array.from({ length: count }, () => this.number())
  }

  /** An odd number of steps for each of `rows` rows, from `least` (odd) to at most `most`. */
  lengths(rows: number, least: number, most: number): number[] {
    const choices = (most - least + 2) >>> 1
    return Array.from({ length: rows }, () => least + 2 * this.below(choices))
  }

  vectors(rows: number, size: number): number[][] {
    return Array.from({ length: rows }, () => this.numbers(size))
  }

  sequences(lengths: readonly number[], size: number): number[][][] {
    return lengths.map((length) => this.vectors(length, size))
  }

  /** One id a row. */
  ids(rows: number, limit: number): number[] {
    return Array.from({ length: rows }, () => this.below(limit))
  }

  /** One id a step. */
  tokens(lengths: readonly number[], limit: number): number[][] {
    return lengths.map((length) => this.ids(length, limit))
  }
}
