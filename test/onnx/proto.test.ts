import { readFileSync } from 'node:fs'
import { UnrolledError } from 'unrolled'
import { expect, test } from 'vitest'
import { type ModelProto, readModel, writeModel } from '../../ts/onnx/proto.js'

const silero = readFileSync('node_modules/@ricky0123/vad-web/dist/silero_vad_v5.onnx')

function failure(run: () => unknown): UnrolledError {
  try {
    run()
  } catch (error) {
    if (error instanceof UnrolledError) return error
    throw error
  }
  throw new Error('expected a failure')
}

const model: ModelProto = {
  irVersion: 8,
  opsetImport: [{ domain: '', version: 17 }],
  metadataProps: [{ key: '__proto__', value: 'é'.repeat(200) }],
  graph: {
    name: 'g',
    node: [
      {
        input: ['x', ''],
        output: ['y'],
        opType: 'Slice',
        attribute: [
          { name: 'a', type: 1, f: -0.5 },
          { name: 'b', type: 2, i: -1 },
          { name: 'c', type: 7, ints: [0, -1, 300, 2 ** 40, 2 ** 63] },
          { name: 'd', type: 6, floats: [1.5, -2] },
          { name: 'e', type: 3, s: new Uint8Array([104, 105]) },
          { name: 'f', type: 5, g: { node: [], initializer: [], input: [], output: [] } },
        ],
      },
    ],
    initializer: [
      { name: 'w', dims: [2], dataType: 1, rawData: new Uint8Array([0, 0, 128, 63, 0, 0, 0, 64]) },
      { name: 'v', dims: [1], dataType: 11, doubleData: [Math.PI], dataLocation: 0 },
    ],
    input: [
      {
        name: 'x',
        type: {
          tensorType: { elemType: 1, shape: { dim: [{ dimParam: 'batch' }, { dimValue: 0 }] } },
        },
      },
    ],
    output: [],
  },
}

test('what is written is read again', () => {
  const again = readModel(writeModel(model))
  const furthest = 2 ** 63 - 1024
  const text = (value: unknown): string =>
    JSON.stringify(value, (_, it) =>
      it === 2 ** 63 ? furthest : ArrayBuffer.isView(it) ? [...(it as Uint8Array)] : it,
    )
  expect(JSON.parse(text(again))).toEqual(JSON.parse(text(model)))
})

test('a file of another writer stays the same when it is written', () => {
  const first = writeModel(readModel(silero))
  expect(Buffer.from(writeModel(readModel(first))).equals(first)).toBe(true)
  expect(readModel(silero).graph?.node.map(({ opType }) => opType)).toContain('If')
})

/** A field of so many bytes. */
function field(number: number, bytes: Uint8Array): Uint8Array {
  const length: number[] = []
  for (let n = bytes.length; ; n = Math.floor(n / 128)) {
    length.push(n < 128 ? n : (n % 128) | 128)
    if (n < 128) break
  }
  return new Uint8Array([...[(number << 3) | 2], ...length, ...bytes])
}

test('lists are read packed and one by one, and unknown fields skipped', () => {
  const dims = [8, 3, 8, 4]
  const packed = field(1, new Uint8Array([3, 4]))
  for (const bytes of [new Uint8Array(dims), packed]) {
    const unknown = [0x78, 5, 0x7d, 1, 2, 3, 4, 0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0x7a, 1, 9]
    const tensor = field(5, new Uint8Array([...bytes, ...unknown]))
    expect(readModel(field(7, tensor)).graph?.initializer[0]?.dims).toEqual([3, 4])
  }
})

test('graphs are 64 deep at most', () => {
  const nested = (depth: number): ModelProto => {
    let graph = { node: [], initializer: [], input: [], output: [] } as NonNullable<
      ModelProto['graph']
    >
    for (let i = 1; i < depth; i++) {
      graph = { ...graph, node: [{ input: [], output: [], attribute: [{ g: graph }] }] }
    }
    return { opsetImport: [], graph }
  }
  expect(readModel(writeModel(nested(64))).graph?.node).toHaveLength(1)
  expect(failure(() => readModel(writeModel(nested(65)))).message).toBe(
    'importOnnx: expected graphs at most 64 deep, received deeper ones',
  )
})

test('a file that breaks off is refused at every length', () => {
  const bytes = writeModel(model)
  const whole = new Set([0])
  for (let length = 1; length < bytes.length; length++) {
    // Between two fields of the model itself, a shorter file is a whole one.
    try {
      readModel(bytes.subarray(0, length))
      whole.add(length)
    } catch (error) {
      expect(error).toBeInstanceOf(UnrolledError)
      expect((error as UnrolledError).code).toBe('ERR_UNROLLED_FORMAT')
    }
  }
  expect(whole.size).toBeLessThan(5)
})
