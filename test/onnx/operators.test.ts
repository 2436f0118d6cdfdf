// Operators of the graph around recurrent nodes, in the forms of old opsets too, each beside ONNX Runtime.
import { UnrolledError } from 'unrolled'
import { importOnnx } from 'unrolled/onnx'
import { describe, expect, test } from 'vitest'
import { DataType, type GraphProto, type NodeProto, writeModel } from '../../ts/onnx/proto.js'
import { runtime } from '../support/exported.js'

type Dim = string | number
type Attribute = NodeProto['attribute'][number]

const int = (name: string, i: number): Attribute => ({ name, type: 2, i })
const ints = (name: string, list: readonly number[]): Attribute => ({ name, type: 7, ints: list })
const float = (name: string, f: number): Attribute => ({ name, type: 1, f })

const dimOf = (dim: Dim) => (typeof dim === 'string' ? { dimParam: dim } : { dimValue: dim })
const info = (name: string, dims: readonly Dim[]): GraphProto['input'][number] => ({
  name,
  type: { tensorType: { elemType: DataType.FLOAT, shape: { dim: dims.map(dimOf) } } },
})

interface Graph {
  readonly opset: number
  /** Each node as its operator, its inputs, its outputs and its attributes; the first reads `x`, the last gives `y`. */
  readonly nodes: readonly (readonly [
    op: string,
    from: string,
    to: string,
    ...attributes: Attribute[],
  ])[]
  readonly x: readonly Dim[]
  readonly y: readonly Dim[]
  /** Lists of whole numbers. */
  readonly lists?: Readonly<Record<string, readonly number[]>>
  /** Lists of numbers. */
  readonly numbers?: Readonly<Record<string, readonly number[]>>
}

function fileOf({ opset, nodes, x, y, lists = {}, numbers = {} }: Graph): Uint8Array {
  return writeModel({
    irVersion: opset < 9 ? 3 : 8,
    opsetImport: [{ domain: '', version: opset }],
    graph: {
      node: nodes.map(([opType, from, to, ...attribute], i) => {
        const [input, output] = [from.split(' '), to.split(' ')]
        return { name: `${opType}_${i}`, opType, input, output, attribute }
      }),
      initializer: [
        ...Object.entries(lists).map(([name, int64Data]) => {
          return { name, dims: [int64Data.length], dataType: DataType.INT64, int64Data }
        }),
        ...Object.entries(numbers).map(([name, floatData]) => {
          return { name, dims: [floatData.length], dataType: DataType.FLOAT, floatData }
        }),
      ],
      input: [info('x', x)],
      output: [info('y', y)],
    },
  })
}

/** Twelve numbers from -3 to 3, one of them 0. */
const small = Float32Array.from({ length: 12 }, (_, i) => 3 * Math.sin(1.7 * i))

async function bothOf(graph: Graph, shape: readonly number[], values: Float32Array) {
  if (runtime === undefined) throw new Error('no ONNX Runtime')
  const bytes = fileOf(graph)
  const session = await runtime.InferenceSession.create(bytes, { logSeverityLevel: 3 })
  const theirs = await session.run({ x: new runtime.Tensor('float32', values, shape) })
  const { model } = await importOnnx(bytes)
  const { y: ours } = await model.predict({ x: { values, shape } } as never)
  model.dispose()
  return [Array.from(ours?.values as Float32Array), Array.from(theirs['y']?.data as Float32Array)]
}

const rows = { x: ['batch', 3], shape: [4, 3] } as const
const steps = { x: ['batch', 'time', 3], shape: [2, 2, 3] } as const

type Case = Omit<Graph, 'opset'> & { readonly shape: readonly number[]; readonly by?: number }

const cases: Readonly<Record<string, readonly [opsets: readonly number[], Case]>> = {
  'Slice by attributes': [
    [7, 9],
    {
      ...rows,
      nodes: [['Slice', 'x', 'y', ints('starts', [1]), ints('ends', [3]), ints('axes', [1])]],
      y: ['batch', 2],
    },
  ],
  'Split by an attribute': [
    [7, 11],
    {
      ...rows,
      nodes: [['Split', 'x', 'y z', int('axis', 1), ints('split', [1, 2])]],
      y: ['batch', 1],
    },
  ],
  'Split by an input': [
    [13, 17],
    {
      ...rows,
      nodes: [['Split', 'x s', 'y z', int('axis', 1)]],
      y: ['batch', 1],
      lists: { s: [1, 2] },
    },
  ],
  'Split into a number of parts': [
    [18, 21],
    {
      ...rows,
      nodes: [['Split', 'x', 'y z', int('axis', 1), int('num_outputs', 2)]],
      y: ['batch', 2],
    },
  ],
  'Unsqueeze and Squeeze by attributes': [
    [7, 11],
    {
      ...rows,
      nodes: [
        ['Unsqueeze', 'x', 'u', ints('axes', [1])],
        ['Squeeze', 'u', 'y', ints('axes', [1])],
      ],
      y: ['batch', 3],
    },
  ],
  'Clip by attributes': [
    [7, 10],
    { ...rows, nodes: [['Clip', 'x', 'y', float('min', -1), float('max', 0.5)]], y: ['batch', 3] },
  ],
  'Dropout with a ratio': [
    [7, 10],
    { ...rows, nodes: [['Dropout', 'x', 'y', float('ratio', 0.5)]], y: ['batch', 3] },
  ],
  'ReduceMean by an attribute': [
    [7, 13],
    {
      ...steps,
      nodes: [['ReduceMean', 'x', 'y', ints('axes', [1]), int('keepdims', 0)]],
      y: ['batch', 3],
    },
  ],
  'ReduceMean by an input': [
    [18, 22],
    {
      ...steps,
      nodes: [['ReduceMean', 'x a', 'y', int('keepdims', 0)]],
      y: ['batch', 3],
      lists: { a: [1] },
    },
  ],
  'ReduceSum of features': [
    [7, 11],
    { ...steps, nodes: [['ReduceSum', 'x', 'y', ints('axes', [-1])]], y: ['batch', 'time', 1] },
  ],
  'Softmax of rows, its axis by default': [
    [7, 11, 13],
    { ...rows, nodes: [['Softmax', 'x', 'y']], y: ['batch', 3] },
  ],
  'Softmax of the time': [
    [13, 17],
    { ...steps, nodes: [['Softmax', 'x', 'y', int('axis', 1)]], y: ['batch', 'time', 3] },
  ],
  'Softmax of the time, one number a step': [
    [7, 11],
    {
      x: ['batch', 'time', 1],
      shape: [3, 4, 1],
      nodes: [['Softmax', 'x', 'y']],
      y: ['batch', 'time', 1],
    },
  ],
  'LogSoftmax of large numbers': [
    [11, 13],
    { ...rows, by: 50, nodes: [['LogSoftmax', 'x', 'y']], y: ['batch', 3] },
  ],
  'ReduceLogSumExp of large numbers': [
    [13, 17],
    {
      ...rows,
      by: 50,
      nodes: [['ReduceLogSumExp', 'x', 'y', ints('axes', [1])]],
      y: ['batch', 1],
    },
  ],
  'Cast to truth': [
    [13, 17],
    {
      ...rows,
      nodes: [
        ['Cast', 'x', 't', int('to', DataType.BOOL)],
        ['Cast', 't', 'y', int('to', DataType.FLOAT)],
      ],
      y: ['batch', 3],
    },
  ],
  'Cast of a comparison to whole numbers': [
    [13, 17],
    {
      ...rows,
      nodes: [
        ['Greater', 'x bound', 'g'],
        ['Cast', 'g', 'i', int('to', DataType.INT64)],
        ['Cast', 'i', 'y', int('to', DataType.FLOAT)],
      ],
      y: ['batch', 3],
      numbers: { bound: [0.5] },
    },
  ],
}

describe.skipIf(runtime === undefined)('as in ONNX Runtime', () => {
  const all = Object.entries(cases).flatMap(([name, [opsets, it]]) =>
    opsets.map((opset) => [name, opset, it] as const),
  )
  test.each(all)('%s, opset %i', async (_, opset, { shape, by = 1, ...graph }) => {
    const [ours = [], theirs = []] = await bothOf(
      { opset, ...graph },
      shape,
      small.map((it) => it * by),
    )
    expect(ours.length).toBe(theirs.length)
    for (const [i, value] of theirs.entries()) {
      expect(Math.abs((ours[i] ?? Number.NaN) - value)).toBeLessThan(1e-5 * Math.max(1, by))
    }
  })
})

test.each<[string, Graph, string]>([
  [
    'the steps and features together',
    { opset: 11, x: ['batch', 'time', 3], nodes: [['Softmax', 'x', 'y']], y: ['batch', 'time', 3] },
    'node "Softmax_0" (Softmax): expected a softmax over features or the time, not over both together',
  ],
  [
    'numbers that become whole',
    {
      opset: 17,
      x: ['batch', 3],
      nodes: [
        ['Cast', 'x', 'i', int('to', DataType.INT64)],
        ['Cast', 'i', 'y', int('to', DataType.FLOAT)],
      ],
      y: ['batch', 3],
    },
    'node "Cast_0" (Cast): expected numbers that need not be whole, or the truth of comparisons',
  ],
])('%s are refused', async (_, graph, words) => {
  const error = await importOnnx(fileOf(graph)).catch((it: unknown) => it)
  expect(error).toBeInstanceOf(UnrolledError)
  expect(error).toMatchObject({
    code: 'ERR_UNROLLED_GRAPH',
    message: expect.stringContaining(words),
  })
})
