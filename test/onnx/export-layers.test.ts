import {
  type ActivationName,
  abs,
  activation,
  add,
  affine,
  argmax,
  attention,
  choose,
  concat,
  constant,
  dense,
  detach,
  divide,
  dropout,
  embedding,
  exp,
  graph,
  gumbelSoftmax,
  last,
  lastStep,
  layerNorm,
  linear,
  log,
  matmul,
  max,
  maximum,
  mean,
  minimum,
  mix,
  multiply,
  type Numeric,
  type Outputs,
  oneHot,
  parameter,
  repeat,
  type Sequence,
  shift,
  sigmoid,
  slice,
  softmaxOverTime,
  sqrt,
  stepIndex,
  straightThrough,
  subtract,
  sum,
  sumOverTime,
  type Token,
  type Tokens,
  type Vector,
  where,
} from 'unrolled'
import { describe, test } from 'vitest'
import { expectSame } from '../support/exported.js'

interface Inputs {
  readonly x: Sequence<3>
  readonly y: Sequence<3>
  readonly m: Sequence<3>
  readonly v: Vector<3>
  readonly ids: Tokens<6>
  readonly id: Token<6>
}

const RAGGED = { time: [4, 7, 1, 0, 6], memory: [2, 0, 3, 5, 1] }
const KINDS = {
  x: { sequence: { size: 3 } },
  y: { sequence: { size: 3 } },
  m: { sequence: { size: 3, axis: 'memory' } },
  v: { vector: { size: 3 } },
  ids: { tokens: { vocabularySize: 6 } },
  id: { token: { vocabularySize: 6 } },
} as const

/** A model of all inputs: each is read, so that each row has its steps. */
const model = (build: (inputs: Inputs) => Outputs) =>
  graph(KINDS, (inputs) => ({ ...build(inputs as Inputs) }) as never)

const cases: Readonly<Record<string, (inputs: Inputs) => Outputs>> = {
  'numbers of two sequences': ({ x, y }) => ({
    add: add(x, y, x),
    multiply: multiply(x, y, y),
    subtract: subtract(x, y),
    divide: divide(x, affine(abs(y), { shift: 1 })),
    maximum: maximum(x, y),
    minimum: minimum(x, y),
    where: where(maximum(x, constant([0, 0, 0])), x, y),
    mix: mix(x, y, 0.25),
    concat: concat(x, y, x),
  }),
  'sequences beside vectors and constants': ({ x, v }) => ({
    add: add(x, v),
    multiply: multiply(constant([2, -1, 0.5]), x, sum(v)),
    where: where(sum(v), x, constant([1, 2, 3])),
    mix: mix(x, v, sigmoid(sum(v))),
    concat: concat(v, x, parameter(2), constant([5])),
    both: concat(v, constant([1, 2])),
    given: add(constant([1, 2]), parameter(2)),
  }),
  'functions of each number': ({ x, v }) => ({
    abs: abs(x),
    exp: exp(x),
    log: log(affine(abs(x), { shift: 0.5 })),
    sqrt: sqrt(abs(v)),
    detach: detach(x),
    affine: affine(x, { scale: -2, shift: 0.5 }),
    scaled: affine(v, { scale: 3 }),
    sum: sum(x),
    sumOfRow: sum(v),
    sumOfNone: sum(constant([1, 2, 4])),
    slice: slice({ start: 1, size: 2 })(x),
    dropout: dropout({ rate: 0.5 })(x),
  }),
  'dense layers and norms': ({ x, v }) => ({
    dense: dense({ size: 4, activation: 'relu' })(x),
    row: dense({ size: 4 })(v),
    plain: linear(5, { bias: false })(x),
    given: linear(2)(constant([1, 2, 3])),
    norm: layerNorm()(x),
    rowNorm: layerNorm()(v),
    givenNorm: layerNorm()(parameter(4)),
  }),
  'small matrices': ({ x, v }) => ({
    outer: matmul(x, v, { rows: 3, inner: 1, columns: 3 }),
    rows: matmul(v, parameter(6), { rows: 1, inner: 3, columns: 2 }),
    a: matmul(parameter(6), x, { rows: 2, inner: 3, columns: 1, transpose: 'a' }),
    b: matmul(x, constant([1, 2, 3, 4, 5, 6]), { rows: 1, inner: 3, columns: 2, transpose: 'b' }),
  }),
  ids: ({ ids, id }) => ({
    table: embedding({ size: 4 })(ids),
    row: embedding({ size: 4 })(id),
    padded: embedding({ size: 2, padding: 2 })(ids),
    oneHot: oneHot(ids),
    one: oneHot(id),
  }),
  choices: ({ x, y, v, ids, id }) => ({
    argmax: argmax(x),
    row: argmax(v),
    none: argmax(constant([1, 3, 3])),
    choose: oneHot(choose(linear(6)(x), { teacher: ids })),
    forced: oneHot(choose(linear(6)(x), { teacher: ids, evaluation: 'forced' })),
    given: oneHot(choose(linear(6)(x), { teacher: ids, ratio: sigmoid(sum(x)) })),
    rowGiven: oneHot(choose(linear(6)(v), { teacher: id, ratio: sigmoid(sum(v)) })),
    constant: oneHot(choose(constant([0, 1, 0]))),
    straight: straightThrough(argmax(x), y),
    gumbel: gumbelSoftmax(x),
  }),
  'pools over time': ({ x, ids }) => ({
    last: last()(x),
    lastStep: lastStep()(dense({ size: 2 })(x)),
    mean: mean()(x),
    max: max()(x),
    sum: sumOverTime()(x),
    log: sumOverTime()(log(abs(x))),
    words: mean()(embedding({ size: 3 })(ids)),
    softmax: softmaxOverTime(x),
    attended: sumOverTime()(multiply(softmaxOverTime(sum(x)), x)),
  }),
  shifts: ({ x, v, ids }) => ({
    late: shift()(x),
    first: shift()(x, { initial: v }),
    start: oneHot(shift({ start: 2 })(ids)),
    twice: shift({ by: 2 })(x),
  }),
  repeats: ({ x, v, id }) => ({
    three: repeat(v, 3),
    like: repeat(v, x),
    likeIds: oneHot(repeat(id, x)),
    given: repeat(constant([1, 2]), x),
    index: stepIndex(x),
  }),
  'ids at three steps': ({ id }) => ({ threeIds: oneHot(repeat(id, 3)) }),
}

/** Refusals of the import, whose graphs cannot say ids at a number of steps. */
const UNREAD: Readonly<Record<string, string>> = {
  'ids at three steps': 'node "oneHot" (OneHot): expected one id of each row or step',
}

describe.each(Object.entries(cases))('%s', (name, build) => {
  const back = { unread: UNREAD[name] }
  test('ragged', async () => expectSame(model(build), RAGGED, back))
  test('full', async () => expectSame(model(build), { time: [7, 7, 7], memory: [2, 2, 2] }, back))
  test('one row of one step', async () =>
    expectSame(model(build), { time: [1], memory: [1] }, back))
})

const NAMES: readonly ActivationName[] = [
  'tanh',
  'sigmoid',
  'relu',
  'softplus',
  'hardSigmoid',
  'silu',
  'gelu',
  'softmax',
  'identity',
  'elu',
  'leakyRelu',
]

test('every activation', async () => {
  const build = ({ x, v }: Inputs) =>
    Object.fromEntries(
      NAMES.flatMap((name) => [
        [name, activation(name)(affine(x, { scale: 5 })) as Numeric],
        [`${name}Row`, activation(name)(v) as Numeric],
      ]),
    )
  await expectSame(model(build as never), RAGGED)
})

describe.each(['dot', 'scaled', 'general', 'additive'] as const)('attention by %s', (score) => {
  const build = ({ x, m, v }: Inputs) => {
    const look = attention({ score, name: 'look' })
    const steps = look(x, m)
    const row = look(v, { keys: m, values: dense({ size: 5 })(m) })
    const own = attention({ score, name: 'own' })(x, x)
    const asked = attention({ score, name: 'asked' })(parameter(3), m)
    return {
      steps: steps.context,
      weights: steps.weights,
      row: row.context,
      rowWeights: row.weights,
      own: own.context,
      ownWeights: own.weights,
      asked: asked.context,
    }
  }
  // Each step of one time beside each of another is no value that the import has.
  const unread =
    score === 'additive'
      ? 'node "look.sums" (Add): expected values whose axes agree'
      : 'node "look.dots" (MatMul)'
  const full = { time: [7, 7, 7], memory: [2, 2, 2] }
  test('ragged', async () => expectSame(model(build), RAGGED, { unread }))
  test('full', async () => expectSame(model(build), full, { unread }))
  const outputs = ['row', 'rowWeights', 'asked']
  test('of a row, ragged', async () => expectSame(model(build), RAGGED, { outputs }))
  test('of a row, full', async () => expectSame(model(build), full, { outputs }))
})
