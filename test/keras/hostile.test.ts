import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UnrolledError } from 'unrolled'
import { importKeras } from 'unrolled/keras'
import { afterAll, describe, expect, test } from 'vitest'
import { golden, refusal, weights } from '../support/keras.js'

const folder = mkdtempSync(join(tmpdir(), 'unrolled-'))
afterAll(() => rmSync(folder, { recursive: true }))

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
  const long = 'n'.repeat(3000)
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
    ['of lists 10^5 deep', `${'['.repeat(1e5)}${']'.repeat(1e5)}`, 'an object, received an array'],
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
      'of a name too long for a graph',
      functional([input, layer(long, 'i')], [long, 0, 0]),
      `importKeras: graph: expected a name of 1 to 1024 bytes without ':' and NUL, received "${'n'.repeat(40)}…"`,
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

test.each<[string, unknown, unknown, string, string]>([
  ['a number', 3, {}, 'ERR_UNROLLED_ARGUMENT', 'a path, a Uint8Array, or files by name'],
  ['no file', join(folder, 'nothing.keras'), {}, 'ERR_UNROLLED_IO', 'no such file or directory'],
  ['a folder', folder, {}, 'ERR_UNROLLED_IO', 'received a directory'],
  ['no bytes', new Uint8Array(0), {}, 'ERR_UNROLLED_FORMAT', 'no bytes'],
  ['other bytes', new Uint8Array(99), {}, 'ERR_UNROLLED_FORMAT', 'other bytes'],
  ['an unknown option', 'x', { cofnig: '' }, 'ERR_UNROLLED_ARGUMENT', 'unknown option "cofnig"'],
  ['an option of another kind', 'x', { logits: 1 }, 'ERR_UNROLLED_ARGUMENT', 'true or false'],
])('%s is refused', async (_, source, options, code, message) => {
  const error = await refusal(source as string, options as object)
  expect(error.code).toBe(code)
  expect(error.message).toContain(message)
})
