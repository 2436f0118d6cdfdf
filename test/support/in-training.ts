import { graph, meanAbsolute, multiply, parameter, type Sequence, sgd, type Vector } from 'unrolled'

/** A row of steps. */
type Row = readonly (readonly number[])[]

/**
 * Computes a vector of a row as training does, to the bit, masks included: the vector times a weight of zeros is far
 * above its target, so that a step of the absolute loss with a rate of 1 takes exactly the vector from the weight.
 */
export async function inTraining(
  size: number,
  build: (x: Sequence) => Vector,
  row: Row,
  set: Readonly<Record<string, readonly number[]>> = {},
): Promise<number[]> {
  const width = row[0]?.length ?? 0
  const model = graph({ x: { sequence: { size: width } } }, ({ x }) => ({
    y: multiply(build(x), parameter(size, { name: 'weight' })),
  }))
  model.setParameters(
    Object.fromEntries(Object.entries(set).map(([name, it]) => [name, Float32Array.from(it)])),
  )
  const loss = { y: meanAbsolute({ reduction: 'sum' }) }
  const target = { y: [Array<number>(size).fill(-10)] }
  await model.fit(
    { x: { x: [row] }, y: target } as never,
    { loss, optimizer: sgd({ learningRate: 1 }), epochs: 1 } as never,
  )
  const { weight } = model.parameters()
  return Array.from(weight?.values ?? [], (value) => 0 - value)
}
