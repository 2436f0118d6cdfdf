/** The order of `count` rows in an epoch: the same for the same seed. */
export function permutation(count: number, seed: number, epoch: number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, index) => index)
  let state = (Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul(epoch, 0x85ebca6b)) | 0
  for (let last = count - 1; last > 0; last--) {
    state = (state + 0x9e3779b9) | 0
    const other = Math.floor((mix(state) / 2 ** 32) * (last + 1))
    const kept = order[last] ?? 0
    order[last] = order[other] ?? 0
    order[other] = kept
  }
  return order
}

/** SplitMix32's finaliser: 32 well mixed bits of a counter. */
function mix(counter: number): number {
  let bits = counter
  bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad)
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97)
  return (bits ^ (bits >>> 15)) >>> 0
}
