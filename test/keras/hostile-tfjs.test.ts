import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { importKeras } from 'unrolled/keras'
import { afterAll, describe, expect, test } from 'vitest'
import { dense, golden, refusal } from '../support/keras.js'

const folder = mkdtempSync(join(tmpdir(), 'unrolled-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('TensorFlow.js', () => {
  const json = () => JSON.parse(golden('tfjs-graph/model.json').toString())
  const files = (
    change: (json: ReturnType<typeof JSON.parse>, shards: Uint8Array[]) => unknown,
  ) => {
    const model = json()
    const shards = [1, 2].map((at) =>
      Uint8Array.from(golden(`tfjs-graph/group1-shard${at}of2.bin`)),
    )
    change(model, shards)
    const [paths] = model.weightsManifest.map((group: { paths: string[] }) => group.paths)
    const named = shards.map((bytes, at) => [paths[at], bytes] as const)
    return {
      'model.json': new TextEncoder().encode(JSON.stringify(model)),
      ...Object.fromEntries(named),
    }
  }

  test('files by name are read', async () => {
    const { report } = await importKeras(files(() => undefined))
    expect(report.leftOver).toEqual([])
  })

  test.each<
    [string, (json: ReturnType<typeof JSON.parse>, shards: Uint8Array[]) => unknown, string]
  >([
    [
      'a shard that is short',
      (_, shards) => shards.splice(1, 1, (shards[1] ?? new Uint8Array()).slice(1)),
      'bytes for the weights',
    ],
    [
      'a shard that is long',
      (_, shards) => shards.splice(1, 1, new Uint8Array(2000)),
      'bytes for the weights',
    ],
    [
      'a size of 2^60',
      (it) => {
        it.weightsManifest[0].weights[0].shape = [2 ** 30, 2 ** 30]
      },
      'whole',
    ],
    [
      'a size of 2^52',
      (it) => {
        it.weightsManifest[0].weights[0].shape = [2 ** 26, 2 ** 26]
      },
      'bytes for the weights',
    ],
    [
      'a negative size',
      (it) => {
        it.weightsManifest[0].weights[0].shape = [-3, -3]
      },
      'whole numbers',
    ],
    [
      'text',
      (it) => {
        it.weightsManifest[0].weights[0].dtype = 'string'
      },
      'received string',
    ],
    [
      'a graph model',
      (it) => {
        it.format = 'graph-model'
      },
      'received "graph-model"',
    ],
    ['a missing shard', (_, shards) => shards.pop(), 'group1-shard2of2.bin'],
  ])('%s is refused', async (what, change, message) => {
    const error = await refusal(files(change))
    expect(error.message).toContain(what === 'a size of 2^60' ? 'bytes for the weights' : message)
    expect(error.code).toBe(what === 'a missing shard' ? 'ERR_UNROLLED_IO' : 'ERR_UNROLLED_FORMAT')
  })

  test.each([
    '../up.bin',
    '/etc/hostname',
    'a/../../up.bin',
    'C:\\up.bin',
    '..\\up.bin',
    'http://a/b',
    'out.bin',
    '',
  ])('a shard at %j is refused', async (path) => {
    const own = join(folder, 'model')
    mkdirSync(own, { recursive: true })
    writeFileSync(join(folder, 'up.bin'), new Uint8Array(936))
    rmSync(join(own, 'out.bin'), { force: true })
    symlinkSync(join(folder, 'up.bin'), join(own, 'out.bin'))
    const model = json()
    model.weightsManifest[0].paths = [path]
    writeFileSync(join(own, 'model.json'), JSON.stringify(model))
    const error = await refusal(join(own, 'model.json'))
    expect(error.message).toContain('expected a file in the folder of model.json')
    expect(error.code).toBe('ERR_UNROLLED_FORMAT')
  })

  test.each(['GlobalAveragePooling1D', 'GlobalMaxPooling1D'])(
    '%s over the channels is none over the steps',
    async (className) => {
      const read = (dataFormat: string) => {
        const topology = dense(2)
        const input = {
          class_name: 'InputLayer',
          config: { name: 'i', batch_shape: [null, null, 3] },
        }
        const config = { name: 'pool', data_format: dataFormat }
        const layers = [input, { class_name: className, config }]
        const modelTopology = { ...topology, config: { ...topology.config, layers } }
        const json = { modelTopology, weightsManifest: [] }
        return { 'model.json': new TextEncoder().encode(JSON.stringify(json)) }
      }
      const error = await refusal(read('channels_first'))
      expect(error.message).toContain('data_format: expected "channels_last"')
      expect(error.code).toBe('ERR_UNROLLED_FORMAT')
      await expect(importKeras(read('channels_last'))).resolves.toBeDefined()
    },
  )

  test('integers of few bits become numbers', async () => {
    const config = dense(2)
    const read = async (quantization: object, bytes: Uint8Array) => {
      const weights = [{ name: 'd/kernel', shape: [3, 2], dtype: 'float32', quantization }]
      const json = { modelTopology: config, weightsManifest: [{ paths: ['w'], weights }] }
      const { model } = await importKeras({
        'model.json': new TextEncoder().encode(JSON.stringify(json)),
        w: bytes,
      })
      return [...(model.parameters()['d.weight']?.values ?? [])]
    }
    const scaled = { scale: 0.5, min: -1 }
    expect(await read({ dtype: 'uint8', ...scaled }, Uint8Array.of(0, 1, 2, 3, 4, 255))).toEqual([
      -1, 0, 1, -0.5, 0.5, 126.5,
    ])
    const words = new Uint8Array(Uint16Array.of(0, 1, 2, 3, 4, 65535).buffer)
    expect(await read({ dtype: 'uint16', ...scaled }, words)).toEqual([
      -1, 0, 1, -0.5, 0.5, 32766.5,
    ])
    // 1, -2, 65504, the smallest number, a third, 0, as IEEE 754 has them in 16 bits.
    const halves = new Uint8Array(
      Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x3555, 0x8000).buffer,
    )
    expect(await read({ dtype: 'float16' }, halves)).toEqual([
      1,
      65504,
      0.333251953125,
      -2,
      2 ** -24,
      -0,
    ])
  })
})
