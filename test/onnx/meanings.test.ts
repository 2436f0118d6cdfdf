// Nodes that look like others and mean something else: the import says what they mean, or refuses them.
import { abs, graph, softmax } from 'unrolled'
import { exportOnnx, importOnnx } from 'unrolled/onnx'
import { expect, test } from 'vitest'
import type { ModelProto, NodeProto, TensorProto } from '../../ts/onnx/messages.js'
import { readModel, writeModel } from '../../ts/onnx/proto.js'
import { readCases } from '../support/onnx.js'

/** A file with other nodes and tensors, of another opset. */
function changed(
  bytes: Uint8Array,
  node: (it: NodeProto) => NodeProto[],
  { opset = 17, tensor = (it: TensorProto): TensorProto => it } = {},
): Uint8Array {
  const model: ModelProto = readModel(bytes)
  const own = model.graph as NonNullable<ModelProto['graph']>
  const made = { ...own, node: own.node.flatMap(node), initializer: own.initializer.map(tensor) }
  return writeModel({ ...model, graph: made, opsetImport: [{ domain: '', version: opset }] })
}

const whole = (name: string, value: number) => ({ name, type: 2, i: value })

const steps = { x: { sequence: { size: 3 } } } as const

test('from opset 13 on it is one over its axis', async () => {
  const bytes = exportOnnx(graph(steps, ({ x }) => ({ y: softmax(x) })))
  const file = changed(bytes, (it) => [{ ...it, attribute: [whole('axis', 1)] }], { opset: 13 })
  const { model } = await importOnnx(file)
  const { y } = await model.predict({ values: new Float32Array(12), shape: [1, 4, 3] } as never)
  expect(y?.values).toEqual(new Float32Array(12).fill(0.25))
})

test('a truth becomes a whole number, and a number again', async () => {
  const bytes = exportOnnx(graph(steps, ({ x }) => ({ y: abs(x) })))
  const made = changed(bytes, (it) =>
    it.opType !== 'Abs'
      ? [it]
      : [
          {
            ...it,
            opType: 'Greater',
            input: [...it.input, 'zero'],
            output: ['above'],
            name: 'above',
          },
          { ...it, opType: 'Not', input: ['above'], output: ['not'], name: 'not' },
          {
            ...it,
            opType: 'Cast',
            input: ['not'],
            output: ['whole'],
            attribute: [whole('to', 7)],
            name: 'w',
          },
          { ...it, opType: 'Cast', input: ['whole'], attribute: [whole('to', 1)], name: 'back' },
        ],
  )
  const proto: ModelProto = readModel(made)
  const own = proto.graph as NonNullable<ModelProto['graph']>
  const zero = { name: 'zero', dims: [], dataType: 1, rawData: new Uint8Array(4) } as never
  const file = writeModel({ ...proto, graph: { ...own, initializer: [zero] } })
  const { model } = await importOnnx(file)
  const values = Float32Array.of(-2, 0, 3)
  const { y } = await model.predict({ values, shape: [1, 1, 3] } as never)
  expect(Array.from(y?.values ?? [])).toEqual([1, 1, 0])
})

test('a bias of a Gemm with a number for each row is none of its columns', async () => {
  const it = readCases('graphs').find(({ name }) => name === 'Gemm and Flatten')
  const bytes = new Uint8Array(Buffer.from(it?.model ?? '', 'base64'))
  const gemm = readModel(bytes).graph?.node.find(({ opType }) => opType === 'Gemm')
  const bias = gemm?.input[2]
  const file = changed(bytes, (node) => [node], {
    tensor: (tensor) =>
      tensor.name === bias ? { ...tensor, dims: [...tensor.dims, 1] as never } : tensor,
  })
  await expect(importOnnx(bytes)).resolves.toBeDefined()
  await expect(importOnnx(file)).rejects.toMatchObject({
    code: 'ERR_UNROLLED_GRAPH',
    message: expect.stringContaining('(Gemm): expected numbers that are the same in each row'),
  })
})

// Read as one step, the file would give 3 numbers a row.
test.each(['Add', 'Expand'])(
  'an %s to more places than the one that the file fixes',
  async (opType) => {
    const bytes = exportOnnx(graph(steps, ({ x }) => ({ y: abs(x) })))
    const file = changed(bytes, (it) =>
      it.opType === 'Abs' ? [{ ...it, opType, input: [...it.input, 'more'] }] : [it],
    )
    const proto: ModelProto = readModel(file)
    const own = proto.graph as NonNullable<ModelProto['graph']>
    const sum = opType === 'Add'
    const ones = { name: 'more', dims: [1, 5, 3], dataType: 1 }
    const shape = { name: 'more', dims: [3], dataType: 7 }
    const rawData = new Uint8Array(
      sum ? new Float32Array(15).fill(1).buffer : BigInt64Array.of(1n, 5n, 3n).buffer,
    )
    const initializer = [{ ...(sum ? ones : shape), rawData }] as never
    const [x] = own.input
    const dim = [{ dimParam: 'batch' }, { dimValue: 1 }, { dimValue: 3 }]
    const one = { ...x, type: { tensorType: { elemType: 1, shape: { dim } } } } as never
    const made = writeModel({ ...proto, graph: { ...own, initializer, input: [one] } })
    const { model } = await importOnnx(made)
    const { y } = await model.predict({
      values: Float32Array.of(1, 2, 3),
      shape: [1, 1, 3],
    } as never)
    const row = sum ? [2, 3, 4] : [1, 2, 3]
    expect(Array.from(y?.values ?? [])).toEqual([row, row, row, row, row].flat())
  },
)

test('numbers that double node by node are refused before memory is', async () => {
  const bytes = exportOnnx(graph(steps, ({ x }) => ({ y: abs(x) })))
  const file = changed(bytes, (it) => {
    if (it.opType !== 'Abs') return [it]
    const doubled = Array.from({ length: 24 }, (_, k) => ({
      ...it,
      name: `double${k}`,
      opType: 'Concat',
      input: [`k${k}`, `k${k}`],
      output: [`k${k + 1}`],
      attribute: [whole('axis', 0)],
    }))
    return [...doubled, { ...it, opType: 'Add', input: [...it.input, 'k24'] }]
  })
  const proto: ModelProto = readModel(file)
  const own = proto.graph as NonNullable<ModelProto['graph']>
  const one = { name: 'k0', dims: [1], dataType: 1, rawData: new Uint8Array(4) } as never
  const made = writeModel({ ...proto, graph: { ...own, initializer: [one] } })
  const before = performance.now()
  await expect(importOnnx(made)).rejects.toMatchObject({
    code: 'ERR_UNROLLED_GRAPH',
    message: expect.stringContaining('(Concat): expected fewer fixed numbers'),
  })
  expect(performance.now() - before).toBeLessThan(3000)
})
