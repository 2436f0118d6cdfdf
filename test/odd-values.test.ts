import { describe, expect, test } from 'vitest'
import {
  adam,
  add,
  cell,
  constant,
  crossEntropy,
  dense,
  dropout,
  embedding,
  fromBytes,
  graph,
  gru,
  huber,
  last,
  layerNorm,
  load,
  lstm,
  Model,
  mix,
  pool,
  Result,
  rnn,
  Stream,
  scan,
  sequential,
  sgd,
  shift,
  slice,
  stepDecay,
  subtract,
  UnrolledError,
} from '../ts/index.js'

/** Hides a type that no argument has. */
const untyped = (value: unknown): never => value as never

const model = sequential([lstm({ inputSize: 2, hiddenSize: 2 }), last()])
const data = { x: [[[1, 2]]], y: [[1, 1]] }
const options = { loss: 'meanSquared' } as const
const stream = model.stream()
const bias = 'lstm.bias_hh_l0'

async function refusal(call: () => unknown): Promise<string> {
  try {
    await call()
  } catch (error) {
    if (error instanceof UnrolledError) return `${error.code} ${error.message}`
    throw error
  }
  return 'nothing thrown'
}

function revoked<T extends object>(target: T): T {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

describe('revoked proxies', () => {
  const calls: Readonly<Record<string, (value: never) => unknown>> = {
    'stream.push': (it) => stream.push(it),
    'stream.push by name': (it) => stream.push(untyped({ input: it })),
    'stream.state': (it) => {
      stream.state = it
    },
    'a state of stream.state': (it) => {
      stream.state = untyped({ 'lstm.l0:h': it })
    },
    predict: (it) => model.predict(it),
    'a row of predict': (it) => model.predict(untyped([it])),
    'a step of predict': (it) => model.predict(untyped([[it]])),
    'a number of predict': (it) => model.predict(untyped([[[it, 1]]])),
    'options of predict': (it) => model.predict(data.x, it),
    'values of predict': (it) => model.predict({ values: it, shape: [1, 1, 2] }),
    'shape of predict': (it) => model.predict({ values: new Float32Array(2), shape: it }),
    'lengths of predict': (it) =>
      model.predict({ values: new Float32Array(2), shape: [1, 1, 2], lengths: it }),
    fit: (it) => model.fit(it, options),
    'options of fit': (it) => model.fit(data, it),
    evaluate: (it) => model.evaluate(it, options),
    'a batch of evaluate': (it) => model.evaluate(untyped([it]), options),
    'an iterable of evaluate': (it) => model.evaluate(() => it, options),
    gradients: (it) => model.gradients(it, options),
    setParameters: (it) => model.setParameters(it),
    'a parameter': (it) => model.setParameters(untyped({ [bias]: it })),
    save: (it) => model.save(it),
    load: (it) => load(it),
    fromBytes: (it) => fromBytes(it),
    graph: (it) => graph(it),
    'inputs of graph': (it) =>
      graph(
        it,
        untyped(() => 1),
      ),
    'the result of graph': (it) => graph(untyped(() => it)),
    'an output of graph': (it) => graph(untyped(() => ({ y: it }))),
    sequential: (it) => sequential(it),
    'a layer of sequential': (it) => sequential(untyped([dense({ inputSize: 1, size: 1 }), it])),
    'sizes of a cell': (it) =>
      cell(
        it,
        untyped(() => ({})),
      ),
    'the step of a cell': (it) => cell({ h: 1 }, it),
    scan: (it) => scan(it),
    add: (it) => add(it, it),
    mix: (it) => mix(it, it, it),
    constant: (it) => constant(it),
    'a name': (it) => dense({ size: 1, name: it }),
  }
  const optionNames = ['loss', 'optimizer', 'validation', 'clip', 'schedule', 'signal'] as const
  const more = ['earlyStopping', 'truncate', 'memory', 'metrics', 'epochs', 'progress'] as const
  const given = [...optionNames, ...more].map(
    (name) => [name, (it: never) => model.fit(data, { ...options, [name]: it })] as const,
  )
  const makers = { lstm, gru, rnn, dense, embedding, dropout, pool, shift, slice, layerNorm }
  const settings = { sgd, adam, stepDecay, crossEntropy, huber }
  const made = Object.entries({ ...makers, ...settings }).map(
    ([name, make]) => [name, (it: never) => (make as (options: never) => unknown)(it)] as const,
  )
  const classes = [Model, Stream, Result].map(
    (Class) => [Class.name, (it: never) => Reflect.construct(Class, [it])] as const,
  )
  test.each([...Object.entries(calls), ...given, ...made, ...classes])('%s', async (_, call) => {
    for (const target of [{}, [], new Float32Array(2), () => 1]) {
      expect(await refusal(() => call(untyped(revoked(target))))).toMatch(/^ERR_UNROLLED_/)
    }
  })
})

describe('typed arrays', () => {
  test('transferred away, in a step', async () => {
    const gone = Float32Array.of(1, 2)
    structuredClone(gone, { transfer: [gone.buffer] })
    expect(await refusal(() => stream.push(gone))).toBe(
      'ERR_UNROLLED_STATE push: expected an array with a buffer of its own, received one whose buffer was transferred away',
    )
  })

  test('behind a proxy', async () => {
    const proxy = new Proxy(Float32Array.of(1, 2), {})
    const packed = { values: proxy, shape: [1, 1, 2] }
    for (const x of [[proxy], [[proxy]], packed]) {
      expect(await refusal(() => model.predict(untyped(x)))).toMatch(/^ERR_UNROLLED_/)
    }
    expect(await refusal(() => stream.push(proxy))).toMatch(/^ERR_UNROLLED_/)
    expect(await refusal(() => model.setParameters({ [bias]: proxy }))).toMatch(/^ERR_UNROLLED_/)
  })

  class Lying extends Float32Array {
    override get length() {
      return 8
    }
    override slice(): never {
      throw new Error('slice is not called')
    }
    override subarray(): never {
      throw new Error('subarray is not called')
    }
  }
  const shadowed = (size: number) =>
    Object.defineProperty(new Float32Array(size), 'length', { value: 8 })

  test('count the elements that they have', async () => {
    for (const two of [new Lying(2), shadowed(2)]) {
      expect(await refusal(() => model.setParameters({ [bias]: two }))).toBe(
        `ERR_UNROLLED_SHAPE setParameters ${bias}: expected 8 values for the shape [8], received 2`,
      )
      const packed = { values: two, shape: [1, 4, 2] }
      expect(await refusal(() => model.predict(packed))).toContain('received 2')
      const { output } = await model.predict([two])
      expect(output.values).toEqual((await model.predict([[[0, 0]]])).output.values)
      expect((await model.predict({ values: two, shape: [1, 1, 2] })).output).toEqual(output)
      expect(await refusal(() => dense(untyped({ size: two })))).toContain(
        'received Float32Array(2)',
      )
    }
    const own = sequential([lstm({ inputSize: 2, hiddenSize: 2 }), last()])
    own.setParameters({ [bias]: new Lying(8).fill(3) })
    expect(own.parameters()[bias]?.values).toEqual(new Float32Array(8).fill(3))
  })
})

describe('what is not a state', () => {
  const others = [new Map([['lstm.l0:h', [[1, 2]]]]), new Set(), [], new Date(), 3, 'h', null]
  test.each([...others, undefined])('%o, for a stream', async (value) => {
    stream.push([1, 2])
    const before = stream.state
    const set = () => {
      stream.state = untyped(value)
    }
    expect(await refusal(set)).toContain('stream state: expected an object of states')
    expect(stream.state).toEqual(before)
  })
  test.each(others)('%o, for a model', async (value) => {
    const state = untyped(value)
    expect(await refusal(() => model.predict(data.x, { state }))).toContain('predict state')
    expect(await refusal(() => model.gradients(data, { ...options, state }))).toContain('gradients')
  })
})

test('an object with the prototype of signals alone', async () => {
  const signal = Object.create(AbortSignal.prototype)
  expect(await refusal(() => model.fit(data, { ...options, signal }))).toBe(
    'ERR_UNROLLED_ARGUMENT fit signal: expected an AbortSignal, received an object of AbortSignal',
  )
})

describe('what is no value of a graph', () => {
  const built = (build: (x: never) => unknown) => () =>
    graph({ x: { sequence: { size: 2 } } }, (({ x }: { x: never }) => ({ y: build(x) })) as never)
  const none = untyped(undefined)
  test.each<[name: string, call: (x: never) => unknown, message: string]>([
    ['mix', (x) => mix(none, x, x), 'KIND mix: expected a value of a graph, received undefined'],
    ['mix', (x) => mix(x, none, x), 'KIND mix: expected a value of a graph, received undefined'],
    ['mix', (x) => mix(x, x, none), 'KIND mix: expected a value of a graph, received undefined'],
    ['mix', (x) => mix(x, untyped({}), 0.5), 'mix: expected a value of a graph'],
    ['mix', (x) => mix(x, x, 1e39), 'ARGUMENT mix alpha: expected a number from -3.4028234663852'],
    ['subtract', (x) => subtract(x, none), 'KIND subtract: expected a value of a graph, received'],
    ['shift', (x) => shift()(x, { initial: untyped(null) }), 'shift call initial: expected'],
    ['shift', (x) => shift()(x, { initial: untyped({}) }), 'shift initial: expected a vector'],
  ])('%s (%#)', async (_, call, message) => {
    expect(await refusal(built(call))).toContain(message)
  })

  test.each<[cell: unknown, message: string]>([
    [undefined, 'scan cell: expected a cell, received undefined'],
    [{ step: () => ({}) }, 'scan cell states: expected an object of sizes, received undefined'],
    [{ step: () => ({}), sizes: 3 }, 'scan cell states: expected an object of sizes, received 3'],
    [{ step: () => ({}), sizes: { h: -1 } }, 'scan cell state h: expected a whole number'],
    [{ step: () => ({}), sizes: { h: '1' } }, 'scan cell state h: expected a whole number'],
    [{ sizes: { h: 1 } }, 'scan cell step: expected a function, received undefined'],
  ])('a cell by hand (%#)', async (given, message) => {
    expect(await refusal(() => scan(untyped(given)))).toContain(message)
  })
})
