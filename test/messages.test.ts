import { describe, expect, test } from 'vitest'
import { show } from '../ts/errors.js'
import { affine, dense, graph, layerNorm, linear, sequential, sgd } from '../ts/index.js'
import { refusal } from './support/refusal.js'

/** Hides a type that no argument has. */
const untyped = (value: unknown): never => value as never

describe('values are shown in a few words', () => {
  class Named {}
  Object.defineProperty(Named, 'name', { value: 'N'.repeat(500) })
  test.each<[value: unknown, shown: string]>([
    ['x', '"x"'],
    ['a "b"\n', '"a \\"b\\"\\n"'],
    ['\ud800', '"\\ud800"'],
    ['x'.repeat(41), `"${'x'.repeat(40)}…"`],
    [`${'x'.repeat(39)}😀y`, `"${'x'.repeat(39)}…"`],
    [1e300, '1e+300'],
    [10n ** 300n, `1${'0'.repeat(39)}…n`],
    [-3n, '-3n'],
    [Symbol('s'.repeat(100)), `Symbol(${'s'.repeat(33)}…`],
    [new Named(), `an object of ${'N'.repeat(40)}…`],
    [new Float32Array(3), 'Float32Array(3)'],
    [new DataView(new ArrayBuffer(5)), 'DataView(5)'],
    [undefined, 'undefined'],
    [null, 'null'],
    [[1, 2], 'an array of 2'],
    [() => 1, 'a function'],
  ])('%#: %s', (value, shown) => {
    expect(show(value)).toBe(shown)
  })
})

describe('numbers beyond single precision are refused where they are given, and shortly', () => {
  const x = { x: { vector: { size: 2 } } } as const
  test.each([
    [1e39, '1e+39'],
    [-1e300, '-1e+300'],
    [Number.NaN, 'NaN'],
  ])('%d', async (value, shown) => {
    for (const name of ['scale', 'shift'] as const) {
      const build = () => graph(x, ({ x }) => ({ y: affine(x, { [name]: value }) }))
      expect(await refusal(build)).toBe(
        `affine ${name}: expected a number from -3.4028234663852886e+38 to 3.4028234663852886e+38, received ${shown}`,
      )
    }
    const normed = () => graph(x, ({ x }) => ({ y: layerNorm({ epsilon: value })(x) }))
    const message = await refusal(normed)
    expect(message).toContain('expected')
    expect(message.length).toBeLessThan(150)
  })

  test('of an optimizer', async () => {
    const model = sequential([dense({ inputSize: 1, size: 1 })])
    const data = { x: [[1]], y: [[1]] }
    for (const optimizer of [sgd({ learningRate: 1e300 }), sgd({ momentum: 1e300 })]) {
      const message = await refusal(() => model.fit(data, { loss: 'meanSquared', optimizer }))
      expect(message.length).toBeLessThan(200)
    }
  })
})

test('a name with half of a surrogate pair is refused, and shown escaped', async () => {
  const expected = 'name: expected some text without ":", NUL and halves of surrogate pairs'
  for (const name of ['\ud800', 'a\udc00', '\udc00\ud800']) {
    const escaped = JSON.stringify(name)
    expect(await refusal(() => linear(1, { name }))).toBe(`linear ${expected}, received ${escaped}`)
    const input = () => graph(({ input }) => ({ y: input.vector(name, { size: 1 }) }))
    expect(await refusal(input)).toBe(`input ${expected}, received ${escaped}`)
    const output = () => graph(({ input }) => ({ [name]: input.vector('x', { size: 1 }) }))
    expect(await refusal(output)).toBe(`output ${expected}, received ${escaped}`)
    const model = sequential([dense({ inputSize: 1, size: 1 })])
    expect(await refusal(() => model.predict(untyped({ [name]: 1 })))).toContain(
      `unknown name ${escaped}`,
    )
  }
  linear(1, { name: '😀' })
})

test('of many known names the first are listed', async () => {
  const names = Array.from({ length: 300 }, (_, i) => `x${i}`)
  const model = graph(
    Object.fromEntries(names.map((name) => [name, { vector: { size: 1 } }] as const)),
    (inputs) => ({ y: dense({ size: 1 })(untyped(Object.values(inputs)[0])) }),
  )
  expect(await refusal(() => model.predict(untyped({ something: 1 })))).toBe(
    `predict x: unknown name "something"; known: ${names.slice(0, 20).join(', ')}, and 280 more`,
  )
})

describe('settings by hand are refused with what was expected and what came', () => {
  const model = sequential([dense({ inputSize: 1, size: 2 })])
  const data = { x: [[1]], y: [[[1, 1]]] }
  const loss = { kind: { huber: { delta: 1 } }, reduction: 'mean', weight: 1 }
  const optimizer = { learningRate: 0.1, rule: { sgd: {} } }
  test.each<[options: unknown, message: string]>([
    [{ loss: 3 }, 'fit loss: expected a loss or its name, received 3'],
    [{ loss: {} }, 'fit loss: expected a loss, received an object'],
    [{ loss: { ...loss, kind: 3 } }, 'received'],
    [{ loss: { ...loss, kind: [] } }, 'received'],
    [{ loss: { ...loss, kind: { huber: 3 } } }, 'received'],
    [{ loss: { ...loss, kind: {} } }, 'received'],
    [{ loss: { ...loss, reduction: 'none' } }, "expected 'mean' or 'sum', received \"none\""],
    [{ loss: { ...loss, reduction: 3 } }, 'received'],
    [{ loss: { kind: loss.kind } }, 'received'],
    [{ loss, optimizer: { ...optimizer, rule: undefined } }, 'received'],
    [{ loss, optimizer: { ...optimizer, rule: null } }, 'received'],
    [{ loss, optimizer: { ...optimizer, rule: {} } }, 'received'],
    [{ loss, optimizer: { ...optimizer, rule: 'sgd' } }, 'received'],
    [{ loss, optimizer: { ...optimizer, learningRate: '1' } }, 'received "1"'],
    [{ loss, optimizer: { rule: { sgd: {} } } }, 'received undefined'],
    [{ loss, schedule: {} }, 'received'],
    [{ loss, schedule: { cosine: null } }, 'received'],
    [{ loss, schedule: { cosine: {} } }, 'received undefined'],
    [{ loss, clip: {} }, 'received'],
    [{ loss, truncate: { k1: 1 } }, 'received undefined'],
  ])('%j', async (options, message) => {
    const text = await refusal(() => model.fit(data, untyped(options)))
    expect(text).toContain(message)
    expect(text).toMatch(/expected .+, received /)
  })
})
