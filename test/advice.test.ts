import { inspect } from 'node:util'
import {
  binaryCrossEntropy,
  cell,
  crossEntropy,
  dense,
  dropout,
  embedding,
  graph,
  gru,
  last,
  layerNorm,
  linear,
  lstm,
  rnn,
  scan,
  sequential,
  shift,
  sigmoid,
  softmax,
} from 'unrolled'
import { describe, expect, test } from 'vitest'
import { refusal } from './support/refusal.js'

/** Calls that the types refuse. */
const loose = (value: unknown) => value as never

const model = () => sequential([rnn({ inputSize: 1, hiddenSize: 3 }), last(), dense({ size: 2 })])
const data = { x: [[1, 2]], y: [1] }
const training = (options: unknown) => () => model().fit(data, loose(options))

describe('what people write at first is answered by what to write', () => {
  const inGraph = (build: (x: never) => unknown) => () =>
    graph({ x: { sequence: { size: 2 } } }, ({ x }) => loose({ y: build(loose(x)) }))
  test.each<[call: () => unknown, advice: string]>([
    [training({ loss: 'categoricalCrossentropy' }), 'did you mean crossEntropy?'],
    [training({ loss: 'mse' }), 'did you mean meanSquared?'],
    [training({ loss: 'mae' }), 'did you mean meanAbsolute?'],
    [() => lstm(loose({ units: 3 })), 'did you mean hiddenSize?'],
    [() => dense(loose({ units: 3 })), 'did you mean size?'],
    [() => sequential(loose(dense({ size: 1 })), loose(last())), 'in brackets: sequential([a, b])'],
    [
      () => sequential(loose([lstm({ inputSize: 1, hiddenSize: 3 }), last, dense({ size: 1 })])),
      'sequential layer 1: expected a layer, received the function last, which makes one; call it: last()',
    ],
    [
      inGraph((x) => dense({ size: 1 })(loose(lstm({ hiddenSize: 2 })(x)))),
      'take its output: layer(x).output',
    ],
    [inGraph(() => dense({ size: 1 })(loose(last))), 'a layer is called with a value: last()(x)'],
    [
      () => model().fit(loose([[1, 2]]), loose([1])),
      'examples are one argument: fit({ x, y }, options)',
    ],
    [() => model().predict(loose([[0, undefined]])), 'expected a number, received undefined'],
    [() => model().predict(loose([['1']])), 'expected a number, received "1"'],
    [
      () => model().predict(loose({ shape: [1, 2, 1], data: [1, 2] })),
      'predict x: expected flat data as { values, shape }, received { shape, data }',
    ],
  ])('%#: %s', async (call, advice) => {
    expect(await refusal(call)).toContain(advice)
  })

  test('a learning rate', async () => {
    const { sgd } = await import('unrolled')
    expect(await refusal(() => sgd(loose({ lr: 1 })))).toBe(
      'sgd: unknown option "lr"; did you mean learningRate?',
    )
  })

  test.each([
    ['lr', 'adam({ learningRate })'],
    ['learningRate', 'adam({ learningRate })'],
    ['learning_rate', 'adam({ learningRate })'],
    ['rate', 'adam({ learningRate })'],
    ['weightDecay', 'adam({ weightDecay })'],
    ['weight_decay', 'adam({ weightDecay })'],
    ['decay', 'adam({ weightDecay })'],
    ['beta1', 'adam({ beta1 })'],
    ['momentum', 'sgd({ momentum })'],
    ['nesterov', 'sgd({ nesterov })'],
  ])('%s beside the optimizer', async (name, place) => {
    const options = loose({ loss: 'crossEntropy', [name]: 0.1 })
    const message = `fit: unknown option "${name}"; a setting of the optimizer: optimizer: ${place}`
    expect(await refusal(() => model().fit(data, options))).toBe(message)
  })

  test('sigmoid before binary cross-entropy', async () => {
    const pair = { x: data.x, y: [[0, 1]] }
    const layers = [rnn({ inputSize: 1, hiddenSize: 3 }), last()] as const
    const expected = 'leave sigmoid out: binaryCrossEntropy takes logits and applies it itself'
    for (const twice of [
      sequential([...layers, dense({ size: 2, activation: 'sigmoid' })]),
      sequential([...layers, dense({ size: 2 }), sigmoid]),
    ]) {
      expect(await refusal(() => twice.fit(pair, { loss: 'binaryCrossEntropy' }))).toContain(
        expected,
      )
      const loss = { output: binaryCrossEntropy({ weight: 2 }) }
      expect(await refusal(() => twice.evaluate(pair, { loss }))).toContain(expected)
      expect(await refusal(() => twice.gradients(pair, { loss }))).toContain(expected)
      await twice.evaluate(pair, { loss: 'meanSquared' })
    }
    await model().evaluate(pair, { loss: 'binaryCrossEntropy' })
  })

  test('softmax before cross-entropy', async () => {
    const twice = sequential([
      rnn({ inputSize: 1, hiddenSize: 3 }),
      last(),
      dense({ size: 2 }),
      softmax,
    ])
    const expected = 'leave softmax out: crossEntropy takes logits and applies it itself'
    expect(await refusal(() => twice.fit(data, { loss: 'crossEntropy' }))).toContain(expected)
    expect(await refusal(() => twice.evaluate(data, { loss: crossEntropy() }))).toContain(expected)
    const activated = sequential([
      rnn({ inputSize: 1, hiddenSize: 3 }),
      last(),
      dense({ size: 2, activation: 'softmax' }),
    ])
    const loss = { output: 'crossEntropy' } as const
    expect(await refusal(() => activated.gradients(data, { loss }))).toContain(expected)
    await twice.evaluate({ x: data.x, y: [[0, 1]] }, { loss: 'meanSquared' })
  })

  test('a model prints as its summary', () => {
    expect(inspect(model())).toBe(model().summary())
  })
})

/** Arrays in arrays, as deep as `String` cannot go. */
function nested(depth: number): unknown {
  let value: unknown = []
  for (let i = 0; i < depth; i++) value = [value]
  return value
}

describe('a name that is no text is refused, before any message holds it', () => {
  const names = [nested(20_000), Symbol('name'), Object.create(null), 3n]
  const own = cell({ h: 1 }, ({ h }) => ({ h }))
  const layers = {
    linear: (name: never) => linear(1, { name }),
    dense: (name: never) => dense({ size: 1, name }),
    dropout: (name: never) => dropout({ rate: 0.1, name }),
    embedding: (name: never) => embedding({ size: 1, name }),
    layerNorm: (name: never) => layerNorm({ name }),
    shift: (name: never) => shift({ name }),
    scan: (name: never) => scan(own, { name }),
    rnn: (name: never) => rnn({ hiddenSize: 1, name }),
    gru: (name: never) => gru({ hiddenSize: 1, name }),
    lstm: (name: never) => lstm({ hiddenSize: 1, name }),
  }
  test.each(Object.entries(layers))('of %s', async (kind, make) => {
    for (const name of names) {
      expect(await refusal(() => make(loose(name)))).toContain(`${kind} name: expected some text`)
    }
  })
})

test('a state of both directions that is null', async () => {
  for (const h of [null, 3, {}]) {
    const build = () =>
      graph({ x: { sequence: { size: 2 } } }, ({ x }) => {
        const layer = gru({ hiddenSize: 2, bidirectional: true })
        return { y: layer(x, { initial: loose({ h }) }).output }
      })
    expect(await refusal(build)).toContain('gru initial h: expected a vector')
  }
})

describe('settings by hand pass the checks of settings by function', () => {
  const loss = (more: object, settings: unknown = {}) =>
    training({ loss: { kind: { crossEntropy: settings }, reduction: 'mean', weight: 1, ...more } })
  const cyclic: { self?: object } = {}
  cyclic.self = cyclic
  const optimizer = (rule: unknown, more: object = {}) =>
    training({ loss: 'crossEntropy', optimizer: { learningRate: 0.1, rule, ...more } })
  const schedule = (value: unknown) => training({ loss: 'crossEntropy', schedule: value })
  test.each<[name: string, call: () => unknown, message: string]>([
    ['weight below zero', loss({ weight: -1 }), 'fit loss weight: expected a number of at least 0'],
    ['no weight', loss({ weight: undefined }), 'fit loss weight: expected a number'],
    ['a bigint', loss({ weight: 3n }), 'received 3n'],
    ['a circle', loss({ weight: cyclic }), 'fit loss weight: expected a number'],
    ['a circle of settings', loss({}, cyclic), 'crossEntropy: unknown option "self"'],
    ['NaN of a class', loss({}, { classWeights: [Number.NaN] }), 'crossEntropy classWeights[0]'],
    [
      'no list',
      loss({}, { classWeights: Number.NaN }),
      'crossEntropy classWeights: expected an array',
    ],
    ['infinity', loss({}, { ignore: Number.POSITIVE_INFINITY }), 'crossEntropy ignore'],
    ['a further key', loss({ wait: 1 }), 'fit loss: unknown option "wait"'],
    [
      'another loss',
      training({ loss: { kind: { focal: {} }, reduction: 'mean', weight: 1 } }),
      'unknown kind "focal"',
    ],
    ['by position', optimizer({ sgd: [1] }), 'one kind with its settings'],
    [
      'a further setting',
      optimizer({ sgd: { mass: 1 } }),
      'fit optimizer rule sgd: unknown option "mass"',
    ],
    [
      'a further key',
      optimizer({ sgd: {} }, { speed: 1 }),
      'fit optimizer: unknown option "speed"',
    ],
    [
      'a sparse list',
      optimizer({ sgd: { momentum: new Array(2 ** 32 - 1) } }),
      'sgd momentum: expected',
    ],
    [
      'out of range',
      optimizer({ adam: { beta1: 2 } }),
      'adam beta1: expected a number from 0 to 1',
    ],
    ['by position', schedule({ cosine: [1] }), 'one kind with its settings'],
    ['no whole steps', schedule({ cosine: { steps: 1.5 } }), 'cosineDecay steps'],
    ['another schedule', schedule({ plateau: {} }), 'unknown kind "plateau"'],
  ])('%s (%#)', async (_, call, message) => {
    expect(await refusal(call)).toContain(message)
  })

  test('they train as those', async () => {
    const here = crossEntropy({ classWeights: [1, 2], ignore: 7 })
    const byHand = JSON.parse(JSON.stringify(here))
    expect(await model().evaluate(data, { loss: byHand })).toEqual(
      await model().evaluate(data, { loss: here }),
    )
  })
})

describe('options that are no plain object', () => {
  test.each([new Map([['size', 1]]), new Set(), new Date(), Promise.resolve(), /x/, [], 'x', null])(
    '%o',
    async (options) => {
      expect(await refusal(() => dense(loose(options)))).toContain('expected an object of options')
      expect(
        await refusal(() => graph(({ input }) => ({ y: input.vector('x', loose(options)) }))),
      ).toContain('expected an object of options')
      expect(await refusal(training(options))).toContain('expected an object of options')
    },
  )

  test('null is no default', async () => {
    expect(await refusal(() => dense(loose({ size: 1, bias: null })))).toBe(
      'dense bias: expected a value, or undefined for the default, received null',
    )
    expect(await refusal(training({ loss: 'crossEntropy', epochs: null }))).toContain('fit epochs')
    expect(
      await refusal(() => sequential([dense({ inputSize: 1, size: 1 })], loose({ seed: null }))),
    ).toContain('seed')
  })
})

test.each(['2', 1.5, -1, Number.NaN])('a proxy of an array whose length is %o', async (length) => {
  const odd = (array: unknown[]) =>
    new Proxy(array, { get: (it, key) => (key === 'length' ? length : Reflect.get(it, key)) })
  for (const x of [odd([[1, 2]]), [odd([1, 2])]]) {
    expect(await refusal(() => model().predict(loose(x)))).toContain(
      'expected an array, received one of length',
    )
  }
})
