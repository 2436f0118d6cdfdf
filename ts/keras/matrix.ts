/** Turns a kernel `[inputs, blocks × units]` into a weight `[blocks × units, inputs]`, its blocks in another order. */
export function turned(
  kernel: Float32Array,
  inputs: number,
  units: number,
  order: readonly number[],
): Float32Array {
  const columns = order.length * units
  const weight = new Float32Array(kernel.length)
  let to = 0
  for (const block of order) {
    for (let unit = 0; unit < units; unit += 1) {
      for (let input = 0; input < inputs; input += 1) {
        weight[to] = kernel[input * columns + block * units + unit] ?? 0
        to += 1
      }
    }
  }
  return weight
}

/** Brings the blocks of a bias into another order. */
export function reordered(
  bias: Float32Array,
  units: number,
  order: readonly number[],
): Float32Array {
  const moved = new Float32Array(bias.length)
  for (const [at, block] of order.entries()) {
    moved.set(bias.subarray(block * units, (block + 1) * units), at * units)
  }
  return moved
}
