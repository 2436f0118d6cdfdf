/** Something that only grows, with an order: what was added last is what stands last. */
type Growing = unknown[] | Map<unknown, unknown> | Set<unknown>

/** Remembers how much there is of some lists, maps and sets; the returned function takes away all that came after. */
export function mark(...all: readonly Growing[]): () => void {
  const sizes = all.map((it) => (Array.isArray(it) ? it.length : it.size))
  return () => {
    for (const [i, it] of all.entries()) shorten(it, sizes[i] ?? 0)
  }
}

function shorten(growing: Growing, size: number): void {
  if (Array.isArray(growing)) {
    growing.length = size
    return
  }
  for (const key of [...growing.keys()].slice(size)) growing.delete(key)
}
