import { UnrolledError } from 'unrolled'
import { importOnnx } from 'unrolled/onnx'
import { expect, test } from 'vitest'
import {
  type GraphProto,
  type ModelProto,
  type NodeProto,
  writeModel,
} from '../../ts/onnx/proto.js'
import { readCases } from '../support/onnx.js'

const valid = new Uint8Array(Buffer.from(readCases('cells')[0]?.model ?? '', 'base64'))

async function failure(model: ModelProto | Uint8Array): Promise<UnrolledError> {
  const bytes = model instanceof Uint8Array ? model : writeModel(model)
  const heap = process.memoryUsage().rss
  const start = performance.now()
  const error = await importOnnx(bytes).then(
    () => undefined,
    (error: unknown) => error,
  )
  // Twice the bound: other work shares the machine.
  expect(performance.now() - start).toBeLessThan(400)
  expect(process.memoryUsage().rss - heap).toBeLessThan(2 ** 26)
  if (!(error instanceof UnrolledError)) throw error ?? new Error('expected a failure')
  expect(error.message).toMatch(/^importOnnx: .*expected .*received/s)
  return error
}

const info = (name: string, dims: readonly number[]): NonNullable<GraphProto['input']>[number] => ({
  name,
  type: { tensorType: { elemType: 1, shape: { dim: dims.map((dimValue) => ({ dimValue })) } } },
})

function modelOf(nodes: readonly NodeProto[], more: Partial<GraphProto> = {}): ModelProto {
  return {
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      node: nodes,
      initializer: [],
      input: [info('x', [2, 3])],
      output: [info('y', [2, 3])],
      ...more,
    },
  }
}

const node = (
  opType: string,
  input: readonly string[],
  output: readonly string[],
  more = {},
): NodeProto => ({
  name: `the ${opType}`,
  opType,
  input,
  output,
  attribute: [],
  ...more,
})

test('every truncation is refused', async () => {
  const codes = new Set<string>()
  for (let length = 0; length < valid.length; length++) {
    try {
      const { model } = await importOnnx(valid.subarray(0, length))
      // The last fields of a file may be left out: the opset has been read, or stands at the end.
      model.dispose()
      expect(length).toBeGreaterThan(valid.length - 20)
    } catch (error) {
      expect(error).toBeInstanceOf(UnrolledError)
      codes.add((error as UnrolledError).code)
    }
  }
  expect(codes).toContain('ERR_UNROLLED_FORMAT')
})

test('1,000 flipped bits give a model or a typed error', async () => {
  let refused = 0
  for (let i = 0; i < 1000; i++) {
    const bytes = valid.slice()
    const at = (i * 7919) % bytes.length
    bytes[at] = (bytes[at] ?? 0) ^ (1 << (i % 8))
    try {
      const { model } = await importOnnx(bytes)
      model.dispose()
    } catch (error) {
      expect(error, `bit ${i % 8} of byte ${at}: ${error}`).toBeInstanceOf(UnrolledError)
      refused++
    }
  }
  expect(refused).toBeGreaterThan(100)
})

test('shapes that lie are refused', async () => {
  for (const dims of [[2 ** 60], [-1], [2 ** 31, 2 ** 31], [2 ** 62, 4], [0.5]]) {
    const more = { initializer: [{ name: 'w', dims, dataType: 1, rawData: new Uint8Array(8) }] }
    const error = await failure(modelOf([node('Add', ['x', 'w'], ['y'])], more))
    expect(error.code).toBe('ERR_UNROLLED_FORMAT')
    expect(error.message).toContain('tensor "w"')
  }
  await failure(modelOf([node('Relu', ['x'], ['y'])], { input: [info('x', [1, 2, 2 ** 60])] }))
  const huge = {
    initializer: [{ name: 's', dims: [2], dataType: 7, int64Data: [2 ** 40, 2 ** 40] }],
  }
  const made = await failure(
    modelOf([node('ConstantOfShape', ['s'], ['z']), node('Add', ['x', 'z'], ['y'])], huge),
  )
  expect(made.message).toContain('node "the ConstantOfShape" (ConstantOfShape)')
})

test('100,000 graphs within each other are refused', async () => {
  // Made from the inside out by hand: lengths grow with every level.
  const levels = 100_000
  const pieces: Uint8Array[] = []
  let size = 0
  const around = (field: number): void => {
    const head: number[] = [(field << 3) | 2]
    let rest = size
    while (rest >= 128) {
      head.push((rest % 128) | 128)
      rest = Math.floor(rest / 128)
    }
    head.push(rest)
    pieces.push(Uint8Array.from(head))
    size += head.length
  }
  for (let i = 0; i < levels; i++) {
    around(6)
    around(5)
    around(1)
  }
  around(7)
  const bytes = Buffer.concat(pieces.reverse())
  expect((await failure(new Uint8Array(bytes))).message).toContain('at most 64 deep')
})

test('circles, and values that nothing makes, are refused by name', async () => {
  const circle = [
    node('Relu', ['b'], ['a']),
    node('Tanh', ['a'], ['b']),
    node('Add', ['x', 'b'], ['y']),
  ]
  expect((await failure(modelOf(circle))).message).toContain('a graph without circles')
  expect((await failure(modelOf([node('Add', ['x', 'y'], ['y'])]))).message).toContain(
    'made of itself',
  )
  expect((await failure(modelOf([node('Add', ['x', 'nobody'], ['y'])]))).message).toContain(
    '"nobody"',
  )
})

test('a chain of 20,000 nodes needs no stack', async () => {
  const nodes = Array.from({ length: 20_000 }, (_, i) =>
    node('Identity', [i === 0 ? 'x' : `v${i}`], [`v${i + 1}`]),
  )
  const { model } = await importOnnx(
    writeModel(modelOf([...nodes, node('Relu', ['v20000'], ['y'])])),
  )
  const { y } = await model.predict([[1, -2, 3]])
  expect(y?.toNested()).toEqual([[1, 0, 3]])
})

test('names are only names', async () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'a:0', `${'n'.repeat(1e7)}`]) {
    const more = { input: [info(name, [0, 3])], output: [info('y', [0, 3])] }
    const { model } = await importOnnx(writeModel(modelOf([node('Relu', [name], ['y'])], more)))
    expect(model.graph.outputs.map((it) => it.name)).toEqual(['y'])
  }
  expect({}).not.toHaveProperty('polluted')
  const error = await failure(modelOf([node('__proto__', ['x'], ['y'])]))
  expect(error.message).toBe(
    'importOnnx: node "the __proto__" (__proto__): expected an operator that the import knows, received __proto__',
  )
})

test('numbers in another file are never read', async () => {
  const tensor = {
    name: 'w',
    dims: [3],
    dataType: 1,
    dataLocation: 1,
    externalData: [{ key: 'location', value: '/etc/passwd' }],
  }
  const error = await failure(modelOf([node('Add', ['x', 'w'], ['y'])], { initializer: [tensor] }))
  expect(error.message).toBe(
    'importOnnx: tensor "w": expected numbers in the file itself, received numbers in another file (external data); write one file: torch.onnx.export(…, external_data=False), or onnx.save(onnx.load(path), path)',
  )
})
