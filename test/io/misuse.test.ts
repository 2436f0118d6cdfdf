import { readFileSync } from 'node:fs'
import { dense, lstm, sequential, UnrolledError } from 'unrolled'
import { importKeras } from 'unrolled/keras'
import { exportOnnx, importOnnx } from 'unrolled/onnx'
import { importPyTorch } from 'unrolled/pytorch'
import { describe, expect, test } from 'vitest'
import { pytorchBytes, RENAME_TAGGER, tagger } from '../support/pytorch.js'
import { expectTimers } from '../support/timers.js'

const model = () => sequential([lstm({ inputSize: 2, hiddenSize: 3 }), dense({ size: 2 })])
const keras = new Uint8Array(readFileSync('test/golden/keras/tagger.keras'))
const pytorch = pytorchBytes('tagger.pt')
const onnx = exportOnnx(model())

type Call = (options?: unknown) => unknown

/** The four functions on what they take, with options of any kind. */
const calls: Readonly<Record<string, Call>> = {
  importKeras: (options) => importKeras(keras, options as never),
  importPyTorch: (options) => importPyTorch(tagger(), pytorch, options as never),
  importOnnx: (options) => importOnnx(onnx, options as never),
  exportOnnx: (options) => exportOnnx(model(), options as never),
}
const sources: Readonly<Record<string, Call>> = {
  importKeras: (source) => importKeras(source as never),
  importPyTorch: (source) => importPyTorch(model(), source as never),
  importOnnx: (source) => importOnnx(source as never),
}

function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

const thrown = new Error('a getter of the caller')
const throwing = (key: string) =>
  Object.defineProperty({}, key, {
    enumerable: true,
    get() {
      throw thrown
    },
  })

/** Values that are no record, and how messages show them. */
const strange: readonly (readonly [shown: string, value: unknown])[] = [
  ['a revoked proxy', revoked({})],
  ['a revoked proxy', revoked([])],
  ['an object of Date', new Date(0)],
  ['an object of Map', new Map()],
  ['an object of Promise', Promise.resolve()],
  ['an array of 0', []],
  ['an array of 2', [1, 2]],
  ['3', 3],
  ['3n', 3n],
  ['true', true],
  ['Symbol(own)', Symbol('own')],
  ['"text"', 'text'],
  ['a function', () => undefined],
]

async function refusal(call: Call, given: unknown): Promise<UnrolledError> {
  try {
    await call(given)
  } catch (error) {
    expect(error).toBeInstanceOf(UnrolledError)
    return error as UnrolledError
  }
  throw new Error('nothing was refused')
}

describe.each(Object.entries(calls))('%s', (name, call) => {
  test.each([...strange, ['null', null] as const])('options that are %s', async (shown, value) => {
    const { code, message } = await refusal(call, value)
    expect(code).toBe('ERR_UNROLLED_ARGUMENT')
    expect(message).toBe(`${name}: expected an object of options, received ${shown}`)
  })

  test('a getter that throws', async () => {
    const { code, message, cause } = await refusal(call, throwing('sample'))
    expect(code).toBe('ERR_UNROLLED_ARGUMENT')
    expect(message).toBe(
      `${name}: expected an object of options, received an object whose keys cannot be read`,
    )
    expect(cause).toBe(thrown)
  })

  test('a proxy whose keys cannot be read', async () => {
    const options = new Proxy(
      {},
      {
        ownKeys: () => {
          throw thrown
        },
      },
    )
    expect((await refusal(call, options)).cause).toBe(thrown)
  })

  test.each(['smaple', '__proto__', 'constructor'])('an unknown option %s', async (key) => {
    const { code, message } = await refusal(call, JSON.parse(`{ "${key}": 1 }`))
    expect(code).toBe('ERR_UNROLLED_ARGUMENT')
    expect(message).toContain(`${name}: unknown option "${key}"; known: `)
  })

  test('options that are undefined, and a realm of their own', async () => {
    for (const options of [undefined, Object.create(null)]) {
      // The names of the state dict are others than the model's.
      const run = (async () => call(options))()
      if (name !== 'importPyTorch') await expect(run).resolves.toBeDefined()
      else await expect(run).rejects.toThrow("importPyTorch: expected the model's parameters")
    }
  })
})

describe.each(['importKeras', 'importPyTorch', 'importOnnx'])('%s', (name) => {
  const call = calls[name] as Call

  test.each<[string, () => unknown]>([
    ['options', () => call({ sample: 3 })],
    ['bytes', () => sources[name]?.(new Uint8Array(3))],
  ])('a loop of refused %s lets timers fire', async (_, refused) => {
    await expectTimers(refused)
  })

  test.each(strange)('a sample that is %s', async (shown, value) => {
    const { code, message } = await refusal(call, { sample: value })
    expect(code).toBe('ERR_UNROLLED_ARGUMENT')
    expect(message).toBe(`${name} sample: expected { x, y }, received ${shown}`)
  })

  test('a sample of other keys, of null, and of a getter that throws', async () => {
    const other = await refusal(call, { sample: { x: [], z: [] } })
    expect(other.message).toBe(`${name} sample: unknown key "z"; known: x, y`)
    const none = await refusal(call, { sample: null })
    expect(none.message).toBe(
      `${name} sample: expected a value, or undefined for the default, received null`,
    )
    expect((await refusal(call, { sample: throwing('x') })).cause).toBe(thrown)
  })

  const source = sources[name] as Call
  const wanted =
    name === 'importKeras' ? 'a path, a Uint8Array, or files by name' : 'a path or a Uint8Array'
  const odd = [...strange, ['null', null], ['undefined', undefined]] as const
  const paths = odd.filter(([shown]) => shown !== '"text"')
  test.each([...paths, ['an object of Float32Array', new Float32Array(2)] as const])(
    'a source that is %s',
    async (shown, value) => {
      const { code, message } = await refusal(source, value)
      expect(code).toBe('ERR_UNROLLED_ARGUMENT')
      expect(message).toBe(`${name}: expected ${wanted}, received ${shown}`)
    },
  )

  test('bytes behind a revoked proxy', async () => {
    expect((await refusal(source, revoked(new Uint8Array(9)))).code).toBe('ERR_UNROLLED_ARGUMENT')
  })

  test.each(['', 'a\0b', '/nowhere/at/all'])('the path %j', async (path) => {
    const { code, message } = await refusal(source, path)
    expect(code).toBe('ERR_UNROLLED_IO')
    expect(message).toContain(`${name}: cannot read '${path}': `)
  })

  const bytes = (text: string) => new TextEncoder().encode(text)
  const foreign: readonly (readonly [string, Uint8Array])[] = [
    ['no bytes', new Uint8Array()],
    ['zeros', new Uint8Array(64)],
    ['ones', new Uint8Array(64).fill(255)],
    ['a line', bytes('hello world\n')],
    ['prose', bytes('This is no file of weights. '.repeat(9))],
    ['JSON', bytes('[1, 2, 3]')],
    ['an empty zip', bytes(`PK\x05\x06${'\0'.repeat(18)}`)],
    ['the start of a zip', bytes('PK\x03\x04')],
    ['a picture', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13)],
    ...(name === 'importKeras' ? [] : [['a model of Keras', keras] as const]),
    ...(name === 'importPyTorch' ? [] : [['a state dict of PyTorch', pytorch] as const]),
    ...(name === 'importOnnx' ? [] : [['an ONNX file', onnx] as const]),
    ['a model of this library', model().toBytes()],
  ]
  test.each(foreign)('%s are no file of the format', async (_, given) => {
    const { code, message } = await refusal(source, given)
    expect(code).toBe('ERR_UNROLLED_FORMAT')
    expect(message).toContain(`${name}: `)
  })
})

const odd = strange.filter(([shown]) => shown !== 'a function')
describe('importPyTorch', () => {
  test.each(odd)('a rename that is %s', async (shown, value) => {
    const { code, message } = await refusal(calls['importPyTorch'] as Call, { rename: value })
    expect(code).toBe('ERR_UNROLLED_ARGUMENT')
    expect(message).toContain('importPyTorch rename: expected prefixes or a function of a name')
    expect(message).toContain(`received ${shown}`)
  })

  test('names that are none, and a getter that throws', async () => {
    const rename = { ...RENAME_TAGGER, a: 3 }
    const number = await refusal(calls['importPyTorch'] as Call, { rename })
    expect(number.message).toContain('importPyTorch rename "a": expected a name or undefined')
    const getter = await refusal(calls['importPyTorch'] as Call, { rename: throwing('a') })
    expect(getter.cause).toBe(thrown)
  })

  test.each(strange.filter(([shown]) => shown !== '"text"'))(
    'a key that is %s',
    async (shown, key) => {
      const { message } = await refusal(calls['importPyTorch'] as Call, { key })
      expect(message).toBe(`importPyTorch key: expected a name in the file, received ${shown}`)
    },
  )
})

describe.each(['seed', 'precision', 'logits', 'config'])('importKeras %s', (key) => {
  test.each(strange.filter(([shown]) => !['3', 'true'].includes(shown)))(
    'is %s',
    async (_, value) => {
      const { code, message } = await refusal(calls['importKeras'] as Call, { [key]: value })
      expect(code).toBe('ERR_UNROLLED_ARGUMENT')
      expect(message).toContain(`importKeras ${key}: expected `)
    },
  )
})

test.each(['inputs', 'outputs', 'branches'])(
  'importOnnx %s of any kind are refused',
  async (key) => {
    for (const [shown, value] of strange) {
      if (key === 'inputs' && shown === 'an array of 2') continue
      const { code, message } = await refusal(calls['importOnnx'] as Call, { [key]: value })
      expect(code).toBe('ERR_UNROLLED_ARGUMENT')
      expect(message).toContain(`importOnnx ${key}: expected `)
      expect(message).toContain(`received ${shown}`)
    }
  },
)
