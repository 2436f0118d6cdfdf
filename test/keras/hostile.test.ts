import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as hdf5 from 'h5wasm'
import { UnrolledError } from 'unrolled'
import { importKeras } from 'unrolled/keras'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const golden = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../golden/keras/${name}`, import.meta.url)))

const folder = mkdtempSync(join(tmpdir(), 'unrolled-'))
afterAll(() => rmSync(folder, { recursive: true }))
beforeAll(async () => {
  await hdf5.ready
})

/** The code of the error that an import ends with, and how long it takes. */
async function refusal(...given: Parameters<typeof importKeras>): Promise<UnrolledError> {
  const error: unknown = await importKeras(...given).catch((it: unknown) => it)
  if (error instanceof UnrolledError) return error
  throw new Error(`no refusal, but ${error}`)
}

const dense = (units: number, inputs = 3) => ({
  class_name: 'Sequential',
  config: {
    name: 'm',
    layers: [
      { class_name: 'InputLayer', config: { name: 'i', batch_shape: [null, inputs] } },
      { class_name: 'Dense', config: { name: 'd', units, activation: 'linear', use_bias: false } },
    ],
  },
})

/** The bytes of an HDF5 file. */
function written(fill: (file: hdf5.File) => void): Uint8Array {
  const path = '/hostile.h5'
  const file = new hdf5.File(path, 'w')
  fill(file)
  file.close()
  const bytes = hdf5.FS?.readFile(path) as Uint8Array
  hdf5.FS?.unlink(path)
  return Uint8Array.from(bytes)
}

/** A file of weights whose one dataset `make` makes. */
function weights(make: (vars: hdf5.Group) => void): Uint8Array {
  return written((file) => {
    file.create_group('layers')
    file.create_group('layers/dense')
    make(file.create_group('layers/dense/vars'))
  })
}

describe('HDF5', () => {
  test('a whole one is read, in single or double precision', async () => {
    for (const dtype of ['<f', '<d']) {
      const bytes = weights((vars) =>
        vars.create_dataset({ name: '0', data: [1, 2, 3, 4, 5, 6], shape: [3, 2], dtype }),
      )
      const { model } = await importKeras(bytes, { config: dense(2) })
      expect([...(model.parameters()['d.weight']?.values ?? [])]).toEqual([1, 3, 5, 2, 4, 6])
    }
  })

  test.each<[string, (vars: hdf5.Group) => unknown, string]>([
    [
      'a link to another file',
      (vars) => vars.create_external_link('/etc/passwd', '/', '0'),
      'a link to "/etc/passwd"',
    ],
    [
      'a link to another place',
      (vars) => vars.create_soft_link('/elsewhere', '0'),
      'a link to "/elsewhere"',
    ],
    [
      'integers',
      (vars) =>
        vars.create_dataset({ name: '0', data: [1, 2, 3, 4, 5, 6], shape: [3, 2], dtype: '<i' }),
      'numbers of float32',
    ],
    [
      'another shape',
      (vars) =>
        vars.create_dataset({ name: '0', data: [1, 2, 3, 4, 5, 6], shape: [2, 3], dtype: '<f' }),
      '0 [2, 3]',
    ],
    [
      'one more tensor',
      (vars) =>
        ['0', '1'].map((name) =>
          vars.create_dataset({ name, data: [1, 2, 3, 4, 5, 6], shape: [3, 2], dtype: '<f' }),
        ),
      'expected kernel, received',
    ],
    ['none', () => undefined, 'expected kernel, received none'],
    ['a group', (vars) => vars.create_group('0'), 'expected numbers, received nothing'],
    [
      'NaN',
      (vars) =>
        vars.create_dataset({
          name: '0',
          data: [1, 2, 3, 4, 5, Number.NaN],
          shape: [3, 2],
          dtype: '<f',
        }),
      'NaN',
    ],
  ])('%s is refused', async (_, make, message) => {
    const error = await refusal(weights(make), { config: dense(2) })
    expect(error.message).toContain(message)
    expect(error.code).toBe(message === 'NaN' ? 'ERR_UNROLLED_NON_FINITE' : 'ERR_UNROLLED_FORMAT')
  })

  test.each([2 ** 20, 2 ** 30, 2 ** 52])(
    'a declared size of 3 x %i is refused before memory is asked for',
    async (units) => {
      const bytes = weights((vars) =>
        vars
          .create_dataset({
            name: '0',
            data: [],
            shape: [0, 0],
            maxshape: [null, null],
            chunks: [1, 1],
            dtype: '<f',
          })
          .resize([3, units]),
      )
      const before = process.memoryUsage().arrayBuffers
      const started = performance.now()
      const error = await refusal(bytes, { config: dense(units) })
      expect(['ERR_UNROLLED_SIZE', 'ERR_UNROLLED_FORMAT']).toContain(error.code)
      expect(performance.now() - started).toBeLessThan(5000)
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 26)
    },
  )

  test('groups that hold themselves, or each the next one twice, end', async () => {
    const loop = written((file) => {
      file.create_group('layers')
      file.create_hard_link('/layers', 'layers/loop')
    })
    expect((await refusal(loop, { config: dense(2) })).code).toBe('ERR_UNROLLED_SIZE')
    const doubled = written((file) => {
      const names = Array.from({ length: 25 }, (_, at) => `/g${at}`)
      for (const name of ['/layers', ...names]) file.create_group(name)
      for (const [at, name] of names.entries()) {
        const holder = ['/layers', ...names][at]
        for (const link of ['a', 'b']) file.create_hard_link(name, `${holder}/${link}`)
      }
    })
    const started = performance.now()
    expect((await refusal(doubled, { config: dense(2) })).code).toBe('ERR_UNROLLED_SIZE')
    expect(performance.now() - started).toBeLessThan(5000)
  })

  test('one cut short at any length is refused, one with a flipped bit is read or refused', async () => {
    const whole = golden('keras2-weights.weights.h5')
    const config = golden('keras2-weights.json').toString()
    for (let length = 0; length < whole.length; length += length < 200 ? 9 : 811) {
      expect((await refusal(whole.subarray(0, length), { config })).code).toBe(
        'ERR_UNROLLED_FORMAT',
      )
    }
    for (let place = 5; place < whole.length; place += 307) {
      const bytes = Uint8Array.from(whole)
      bytes[place] = (bytes[place] ?? 0) ^ (1 << (place % 8))
      const error: unknown = await importKeras(bytes, { config }).then(
        () => undefined,
        (it: unknown) => it,
      )
      if (error !== undefined) expect(error).toBeInstanceOf(UnrolledError)
    }
  })

  test('weights alone ask for the model, a model refuses another', async () => {
    const alone = golden('keras2-weights.weights.h5')
    expect((await refusal(alone)).message).toContain(
      'give the model by { config: model.to_json() }',
    )
    const error = await refusal(golden('tagger.keras'), { config: '{}' })
    expect(error.code).toBe('ERR_UNROLLED_ARGUMENT')
  })
})

describe('a zip', () => {
  test('cut short or with a flipped bit is refused, or read where the bit means nothing', async () => {
    const whole = golden('keras2-archive.keras')
    for (let length = 0; length < whole.length; length += 61) {
      expect((await refusal(whole.subarray(0, length))).code).toBe('ERR_UNROLLED_FORMAT')
    }
    for (let place = 3; place < whole.length; place += 61) {
      const bytes = Uint8Array.from(whole)
      bytes[place] = (bytes[place] ?? 0) ^ (1 << (place % 8))
      const error: unknown = await importKeras(bytes).then(
        () => undefined,
        (it: unknown) => it,
      )
      if (error !== undefined) expect(error).toBeInstanceOf(UnrolledError)
    }
  })
})

describe('a configuration', () => {
  const bytes = () =>
    weights((vars) =>
      vars.create_dataset({ name: '0', data: [1, 2, 3, 4, 5, 6], shape: [3, 2], dtype: '<f' }),
    )
  const functional = (layers: object[], output: unknown = ['d', 0, 0]) => ({
    class_name: 'Functional',
    config: { name: 'm', layers, input_layers: [['i', 0, 0]], output_layers: [output] },
  })
  const input = {
    class_name: 'InputLayer',
    name: 'i',
    config: { batch_shape: [null, 3] },
    inbound_nodes: [],
  }
  const layer = (name: string, from: string, extra: object = {}) => ({
    class_name: 'Dense',
    name,
    config: { name, units: 2, use_bias: false, activation: 'linear' },
    inbound_nodes: [[[from, 0, 0, {}]]],
    ...extra,
  })

  test.each<[string, object | string, string]>([
    ['of lists 10^5 deep', `${'['.repeat(1e5)}${']'.repeat(1e5)}`, 'an object, received a list'],
    [
      'of 10^5 models inside',
      `${'{"class_name":"Sequential","config":{"layers":['.repeat(1e5)}${']}}'.repeat(1e5)}`,
      'bytes of JSON',
    ],
    [
      'of 20 models inside',
      JSON.parse(
        `${'{"class_name":"Sequential","config":{"name":"s","layers":[{"class_name":"InputLayer","config":{"batch_shape":[null,3]}},'.repeat(20)}${JSON.stringify(layer('d', 'i'))}${']}}'.repeat(20)}`,
      ),
      'models around one',
    ],
    ['that is cut short', '{"class_name": "Seq', 'expected JSON'],
    ['of another class', { class_name: 'constructor', config: {} }, 'received constructor'],
    ['of a circle', functional([input, layer('d', 'e'), layer('e', 'd')]), 'one that reads itself'],
    [
      'of a layer that is not there',
      functional([input, layer('d', 'nobody')]),
      'expected a layer of the model',
    ],
    ['of a name twice', functional([input, layer('d', 'i'), layer('d', 'i')]), 'one that is taken'],
    [
      'of an unknown layer',
      functional([input, layer('d', 'i', { class_name: 'Conv1D' })]),
      'layer "m/d" (Conv1D): expected one of Dense',
    ],
    [
      'of a class of the prototype',
      functional([input, layer('d', 'i', { class_name: '__proto__' })]),
      'received __proto__',
    ],
    [
      'of a function of the prototype',
      functional([input, layer('d', 'i', { config: { units: 2, activation: 'toString' } })]),
      'activation: expected one of linear',
    ],
    [
      'of units that are none',
      functional([input, layer('d', 'i', { config: { units: 2 ** 60 } })]),
      'units: expected a whole number',
    ],
    [
      'of an output that is not there',
      functional([input, layer('d', 'i')], ['d', 0, 3]),
      'expected an output 3',
    ],
  ])('%s is refused by name', async (_, config, message) => {
    const started = performance.now()
    const error = await refusal(bytes(), { config })
    expect(error.message).toContain(message)
    expect(error.code).toMatch(/FORMAT|SIZE/)
    expect(performance.now() - started).toBeLessThan(5000)
  })

  test('names of the prototype are names', async () => {
    const config = functional([input, layer('__proto__', 'i')], ['__proto__', 0, 0])
    const { model, report } = await importKeras(bytes(), { config })
    expect(report.matched.map(({ source }) => source)).toEqual(['__proto__'])
    expect(Object.keys(await model.predict([[1, 1, 1]]))).toContain('__proto__')
  })
})

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

test.each<[string, unknown, unknown, string, string]>([
  ['a number', 3, {}, 'ERR_UNROLLED_ARGUMENT', 'a path, a Uint8Array, or files by name'],
  ['no file', join(folder, 'nothing.keras'), {}, 'ERR_UNROLLED_IO', 'ENOENT'],
  ['a folder', folder, {}, 'ERR_UNROLLED_IO', 'EISDIR'],
  ['no bytes', new Uint8Array(0), {}, 'ERR_UNROLLED_FORMAT', 'no bytes'],
  ['other bytes', new Uint8Array(99), {}, 'ERR_UNROLLED_FORMAT', 'other bytes'],
  ['an unknown option', 'x', { cofnig: '' }, 'ERR_UNROLLED_ARGUMENT', 'received "cofnig"'],
  ['an option of another kind', 'x', { logits: 1 }, 'ERR_UNROLLED_ARGUMENT', 'true or false'],
])('%s is refused', async (_, source, options, code, message) => {
  const error = await refusal(source as string, options as object)
  expect(error.code).toBe(code)
  expect(error.message).toContain(message)
})
