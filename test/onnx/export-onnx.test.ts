import {
  attention,
  cell,
  concat,
  dense,
  embedding,
  graph,
  gru,
  gumbelTree,
  linear,
  lstm,
  Model,
  mean,
  root,
  scan,
  sequential,
  tanh,
  treeRnn,
  UnrolledError,
} from 'unrolled'
import { exportOnnx } from 'unrolled/onnx'
import { expect, test } from 'vitest'
import { type GraphProto, readModel } from '../../ts/onnx/proto.js'
import { runtime, shuffled } from '../support/exported.js'

const tagger = () =>
  sequential([
    embedding({ vocabularySize: 9, size: 4 }),
    lstm({ hiddenSize: 5 }),
    dense({ size: 2 }),
  ])

const declared = ({ input, output }: GraphProto) =>
  [...input, ...output].map(({ name, type }) => {
    const { elemType, shape } = type?.tensorType ?? {}
    return [name, elemType, ...(shape?.dim ?? []).map((dim) => dim.dimParam ?? dim.dimValue)]
  })

test('inputs, outputs and the version', () => {
  const model = readModel(exportOnnx(tagger()))
  expect(model).toMatchObject({ irVersion: 8, producerName: 'unrolled' })
  expect(model.opsetImport).toEqual([{ domain: '', version: 17 }])
  expect(declared(model.graph as GraphProto)).toEqual([
    ['tokens', 7, 'batch', 'time'],
    ['output', 1, 'batch', 'time', 2],
  ])
})

test('lengths are an input of each axis', () => {
  const inputs = {
    x: { sequence: { size: 3 } },
    m: { sequence: { size: 3, axis: 'batch' } },
    v: { vector: { size: 3 } },
    id: { token: { vocabularySize: 4 } },
  } as const
  const model = graph(inputs, ({ x, m, v, id }) => {
    const look = attention({ score: 'dot' })(x, m)
    return { y: concat(look.context, v, embedding({ size: 2 })(id)), weights: look.weights }
  })
  expect(declared(readModel(exportOnnx(model, { lengths: true })).graph as GraphProto)).toEqual([
    ['x', 1, 'batch_', 'time', 3],
    ['m', 1, 'batch_', 'batch', 3],
    ['v', 1, 'batch_', 3],
    ['id', 7, 'batch_'],
    ['lengths_time', 6, 'batch_'],
    ['lengths_batch', 6, 'batch_'],
    ['y', 1, 'batch_', 'time', 8],
    ['weights', 1, 'batch_', 'time', 'batch'],
  ])
})

test('parameters keep names and bits, and those of LSTM have the order of ONNX', () => {
  const model = shuffled(tagger())
  const found = new Map(
    readModel(exportOnnx(model)).graph?.initializer.map((tensor) => [tensor.name, tensor]),
  )
  const bytes = (values: Float32Array) => new Uint8Array(values.buffer.slice(0))
  const all = model.parameters()
  for (const name of ['embedding.weight', 'dense.weight', 'dense.bias']) {
    const { values, shape } = all[name] ?? { values: new Float32Array(), shape: [] }
    expect(found.get(name)?.dims).toEqual(shape)
    expect(found.get(name)?.rawData).toEqual(bytes(values))
  }
  const { values } = all['lstm.weight_hh_l0'] ?? { values: new Float32Array() }
  const gates = [0, 3, 1, 2].map((gate) => values.slice(gate * 25, (gate + 1) * 25))
  const ordered = new Float32Array(100)
  gates.forEach((gate, i) => {
    ordered.set(gate, 25 * i)
  })
  const recurrent = found.get('lstm.weight_hh_l0.LSTM')
  expect(recurrent?.dims).toEqual([1, 20, 5])
  expect(recurrent?.rawData).toEqual(bytes(ordered))
  expect(found.has('lstm.weight_hh_l0')).toBe(false)
})

test('a name is given once: to an input, then to an output', () => {
  const inputs = { x: { sequence: { size: 3 } } } as const
  const model = graph(inputs, ({ x }) => ({
    x: linear(2, { name: 'own' })(x),
    'own.weight': gru({ hiddenSize: 2 })(x).output,
    y: x,
  }))
  const { output, initializer } = readModel(exportOnnx(model)).graph as GraphProto
  expect(output.map(({ name }) => name)).toEqual(['x_1', 'own.weight', 'y'])
  expect(initializer.map(({ name }) => name)).toContain('own.weight_1')
})

test('what no output depends on is left out', () => {
  const model = graph({ x: { sequence: { size: 3 } } }, ({ x }) => {
    gru({ hiddenSize: 2, name: 'unread' })(x)
    const step = cell({ h: 2 }, ({ h }, x) => {
      linear(7, { name: 'unread' })(h)
      return { h: tanh(linear(2)(concat(h, x))) }
    })
    return { y: scan(step)(x).output }
  })
  const { node, initializer } = readModel(exportOnnx(model)).graph as GraphProto
  expect(node.map(({ opType }) => opType)).not.toContain('GRU')
  expect(initializer.map(({ name }) => name).filter((name) => name?.includes('unread'))).toEqual([])
  const body = node.find(({ opType }) => opType === 'Scan')?.attribute.find(({ g }) => g)?.g
  expect(body?.node.filter(({ opType }) => opType === 'Gemm')).toHaveLength(1)
})

const onTree = (build: (words: never) => unknown) =>
  graph({ words: { tree: { size: 2 } } }, ({ words }) => ({ y: build(words as never) }) as never)

test.each<[string, () => unknown, string]>([
  [
    'a fold',
    () => exportOnnx(onTree((words) => mean()(treeRnn({ hiddenSize: 3 })(words).output))),
    'exportOnnx: node "treeRnn": expected a node that operators of ONNX can say, received fold; export a model without the node',
  ],
  [
    'a root',
    () => exportOnnx(onTree((words) => root()(words))),
    'exportOnnx: node "root": expected a node that operators of ONNX can say, received root',
  ],
  [
    'a choice of merges',
    () =>
      exportOnnx(
        graph({ x: { sequence: { size: 3 } } }, ({ x }) => ({
          y: gumbelTree({ hiddenSize: 3 })(x).state.h,
        })),
      ),
    'received gumbelTree',
  ],
  [
    'no model',
    () => exportOnnx({ graph: {} } as never),
    'exportOnnx: expected a model, received an object',
  ],
  [
    'no options',
    () => exportOnnx(tagger(), null as never),
    'exportOnnx: expected an object of options, received null',
  ],
  [
    'an unknown option',
    () => exportOnnx(tagger(), { length: true } as never),
    'exportOnnx: unknown option "length"; known: lengths',
  ],
  [
    'lengths of another kind',
    () => exportOnnx(tagger(), { lengths: 3 } as never),
    'exportOnnx lengths: expected true or false, received 3',
  ],
  [
    'a large whole number for the lengths',
    () => exportOnnx(tagger(), { lengths: 3n } as never),
    'exportOnnx lengths: expected true or false, received 3n',
  ],
  [
    'what has the prototype of a model alone',
    () => exportOnnx(Object.create(Model.prototype)),
    'expected a call on a model',
  ],
])('%s is refused', (_, call, message) => {
  expect(call).toThrow(UnrolledError)
  expect(call).toThrow(message)
})

test('ONNX Runtime is here, or the tests that need its binary say nothing', ({ skip }) => {
  if (runtime === undefined) skip('the binary of onnxruntime-node is not installed')
  expect(runtime).toBeDefined()
})

test('the nodes of trees are steps where no node asks for children', () => {
  const bytes = exportOnnx(
    onTree((words) => mean()(words)),
    { lengths: true },
  )
  expect(declared(readModel(bytes).graph as GraphProto)).toEqual([
    ['words', 1, 'batch', 'tree', 2],
    ['lengths_tree', 6, 'batch'],
    ['y', 1, 'batch', 2],
  ])
})
