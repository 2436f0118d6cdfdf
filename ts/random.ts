/** The step between two states of a counter of chance: 2^32 over the golden ratio. */
export const STRIDE = 0x9e3779b9

/** SplitMix32's finalizer: 32 well mixed bits of a counter. */
export function mix(counter: number): number {
  let bits = counter
  bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad)
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97)
  return (bits ^ (bits >>> 15)) >>> 0
}
