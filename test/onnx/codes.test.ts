import { dense, graph, last, layerNorm, lstm, sequential, UnrolledError } from 'unrolled'
import { exportOnnx, importOnnx } from 'unrolled/onnx'
import { expect, test } from 'vitest'
import type { ModelProto, NodeProto, TensorProto } from '../../ts/onnx/messages.js'
import { readModel, writeModel } from '../../ts/onnx/proto.js'

const tagger = () =>
  exportOnnx(sequential([lstm({ inputSize: 2, hiddenSize: 3 }), dense({ size: 2 })]))
const normed = () =>
  exportOnnx(graph({ x: { sequence: { size: 3 } } }, ({ x }) => ({ y: layerNorm()(x) })))

/** Changes the nodes and tensors of a file. */
function changed(
  bytes: Uint8Array,
  { node = (it) => it, tensor = (it) => it }: Changes,
): Uint8Array {
  const model: ModelProto = readModel(bytes)
  const own = model.graph as NonNullable<ModelProto['graph']>
  const made = { ...own, node: own.node.map(node), initializer: own.initializer.map(tensor) }
  return writeModel({ ...model, graph: made })
}

interface Changes {
  readonly node?: (node: NodeProto) => NodeProto
  readonly tensor?: (tensor: TensorProto) => TensorProto
}

async function refusal(bytes: Uint8Array): Promise<UnrolledError> {
  const error = await importOnnx(bytes).catch((error: unknown) => error)
  expect(error).toBeInstanceOf(UnrolledError)
  return error as UnrolledError
}

test('what a layer of this library refuses is a node that no graph says, by name', async () => {
  const bytes = changed(normed(), {
    node: (node) => ({
      ...node,
      attribute: node.attribute.map((it) => (it.name === 'epsilon' ? { ...it, f: -1 } : it)),
    }),
  })
  const { code, message, cause } = await refusal(bytes)
  expect(code).toBe('ERR_UNROLLED_GRAPH')
  expect(message).toMatch(/^importOnnx: node "layerNorm" \(LayerNormalization\): .*epsilon/)
  expect(cause).toMatchObject({ code: 'ERR_UNROLLED_ARGUMENT' })
})

test('a weight that is no number', async () => {
  const bytes = changed(tagger(), {
    tensor: (it) => {
      if (it.name !== 'dense.bias') return it
      return { ...it, rawData: new Uint8Array(Float32Array.of(1, Number.NaN).buffer) }
    },
  })
  const { code, message } = await refusal(bytes)
  expect(code).toBe('ERR_UNROLLED_NON_FINITE')
  expect(message).toMatch(/^importOnnx: /)
})

test('the last step of a row is one by its length alone, and not by another input', async () => {
  const bytes = exportOnnx(sequential([lstm({ inputSize: 2, hiddenSize: 3 }), last()]), {
    lengths: true,
  })
  expect((await importOnnx(bytes)).model.graph.outputs).toHaveLength(1)
  const own = Buffer.from(bytes).toString('latin1').replaceAll('lengths_time', 'any_place_at')
  const { code, message } = await refusal(Uint8Array.from(own, (char) => char.charCodeAt(0)))
  expect(code).toBe('ERR_UNROLLED_GRAPH')
  expect(message).toContain('node "time.place" (Sub): expected numbers that a run computes')
})

test('more numbers than a model may have', async () => {
  const bytes = changed(tagger(), {
    tensor: (it) => (it.name === 'dense.bias' ? { ...it, dims: [2 ** 40] } : it),
  })
  expect((await refusal(bytes)).code).toBe('ERR_UNROLLED_FORMAT')
})
