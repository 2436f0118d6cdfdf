/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
export function uniform(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A copy in an order of chance, each as likely (Fisher and Yates). */
export function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const order = [...list]
  for (let end = order.length - 1; end > 0; end--) {
    const at = Math.floor(random() * (end + 1))
    const [one, other] = [order[at] as T, order[end] as T]
    order[at] = other
    order[end] = one
  }
  return order
}

/** A seed for a part of a run, unlike that of any other part nearby. */
export function seedOf(seed: number, part: number): number {
  return (Math.imul(seed, 0x9e3779b1) ^ Math.imul(part + 1, 0x85ebca6b)) >>> 0
}

/** Lists of `size`, the last with what is left. */
export function cut<T>(list: readonly T[], size: number): T[][] {
  const parts: T[][] = []
  for (let start = 0; start < list.length; start += size) {
    parts.push(list.slice(start, start + size))
  }
  return parts
}
