import {
  cell,
  constant,
  dense,
  graph,
  gru,
  gruCell,
  last,
  lstm,
  lstmCell,
  type Model,
  parameter,
  rnn,
  rnnCell,
  type Sequence,
  scan,
} from 'unrolled'
import { describe, expect, test } from 'vitest'

const [INPUTS, UNITS] = [3, 5]
const LENGTHS = [4, 1, 0, 7, 3]
const x = LENGTHS.map((length, row) =>
  Array.from({ length }, (_, t) => [Math.sin(row + t), Math.cos(row * t), t / 4 - row / 3]),
)
const y = LENGTHS.map((_, row) => [row / 5 - 0.3])

/** A model of a layer and a linear map of its last output. */
const modelOf = (layer: (x: Sequence) => Sequence) =>
  graph({ x: { sequence: { size: INPUTS } } }, ({ x }) => {
    const all = layer(x)
    return { y: dense({ size: 1 })(last()(all)), all }
  })

const NORMAL = { layerNorm: true } as const
const OF_LSTM = { peepholes: true, coupledGates: true, projSize: 2, activation: 'elu' } as const

/** Sets the parameters of one model to those of another, whose names differ by a prefix and a suffix. */
function copyParameters(from: Model, to: Model): void {
  const short = (name: string) =>
    name.replace(/^(scan\.)?(rnn|lstm|gru)(Cell)?\./, '').replace(/_l0$/, '')
  const known = new Map(Object.entries(from.parameters()).map(([name, it]) => [short(name), it]))
  const wanted = Object.keys(to.parameters()).map((name) => [name, known.get(short(name))])
  to.setParameters(Object.fromEntries(wanted))
}

describe('a step is the layer’s, to the bit, and trains like it', () => {
  test.each<[string, (x: Sequence) => Sequence, (x: Sequence) => Sequence]>([
    [
      'rnn',
      (x) => rnn({ hiddenSize: UNITS })(x).output,
      (x) => scan(cell({ h: UNITS }, rnnCell(UNITS)))(x).output,
    ],
    [
      'rnn, relu',
      (x) => rnn({ hiddenSize: UNITS, activation: 'relu' })(x).output,
      (x) => scan(cell({ h: UNITS }, rnnCell(UNITS, { activation: 'relu' })))(x).output,
    ],
    [
      'lstm',
      (x) => lstm({ hiddenSize: UNITS })(x).output,
      (x) => scan(cell({ h: UNITS, c: UNITS }, lstmCell(UNITS)))(x).output,
    ],
    [
      'gru',
      (x) => gru({ hiddenSize: UNITS })(x).output,
      (x) => scan(cell({ h: UNITS }, gruCell(UNITS)))(x).output,
    ],
    [
      'gru, reset before',
      (x) => gru({ hiddenSize: UNITS, resetAfter: false, bias: true })(x).output,
      (x) => scan(cell({ h: UNITS }, gruCell(UNITS, { resetAfter: false, bias: true })))(x).output,
    ],
    [
      'rnn, normalized',
      (x) => rnn({ hiddenSize: UNITS, ...NORMAL, activation: 'softplus' })(x).output,
      (x) =>
        scan(cell({ h: UNITS }, rnnCell(UNITS, { ...NORMAL, activation: 'softplus' })))(x).output,
    ],
    [
      'lstm, every option',
      (x) => lstm({ hiddenSize: UNITS, ...NORMAL, ...OF_LSTM })(x).output,
      (x) => scan(cell({ h: 2, c: UNITS }, lstmCell(UNITS, { ...NORMAL, ...OF_LSTM })))(x).output,
    ],
    [
      'gru, normalized',
      (x) => gru({ hiddenSize: UNITS, ...NORMAL, activation: 'elu' })(x).output,
      (x) => scan(cell({ h: UNITS }, gruCell(UNITS, { ...NORMAL, activation: 'elu' })))(x).output,
    ],
  ])('%s', async (_, ofLayer, ofCell) => {
    const [layer, own] = [modelOf(ofLayer), modelOf(ofCell)]
    copyParameters(layer, own)
    for (let round = 0; round < 2; round++) {
      const [expected, found] = [await layer.predict({ x }), await own.predict({ x })]
      expect(found.all.values).toEqual(expected.all.values)
      expect(found.all.values.some((value) => value !== 0)).toBe(true)
      for (const model of [layer, own]) {
        await model.fit({ x, y: { y } }, { loss: { y: 'meanSquared' }, epochs: 3, batchSize: 2 })
      }
    }
  })
})

test('parameters have the names of PyTorch’s cells', () => {
  const model = graph({ x: { sequence: { size: 2 } } }, ({ x }) => ({
    y: scan(
      cell({ h: 3, c: 3 }, (state, x) => lstmCell(3)(state, x)),
      { name: 'own' },
    )(x).output,
  }))
  const shapes = Object.entries(model.parameters()).map(([name, { shape }]) => [name, shape])
  expect(Object.fromEntries(shapes)).toEqual({
    'own.lstmCell.weight_ih': [12, 2],
    'own.lstmCell.weight_hh': [12, 3],
    'own.lstmCell.bias_ih': [12],
    'own.lstmCell.bias_hh': [12],
  })
})

test('two steps outside of a loop are the first two of it', async () => {
  const model = graph({ x: { sequence: { size: 2 } }, v: { vector: { size: 2 } } }, ({ x, v }) => {
    const step = gruCell(3, { name: 'step' })
    const { output } = scan(cell({ h: 3 }, (state, x) => step(state, x)))(x)
    const first = step({ h: constant([0, 0, 0]) }, v)
    return { all: output, second: step(first, v).h }
  })
  const v = [0.5, -1]
  const { all, second } = await model.predict({ x: [[v, v]], v: [v] })
  expect([...second.values]).toEqual([...all.values.slice(3)])
})

describe('refused', () => {
  const declared = (build: (x: Sequence<2>) => unknown) => () =>
    graph({ x: { sequence: { size: 2 } } }, ({ x }) => ({ y: build(x) as Sequence }))

  test.each<[string, () => unknown, string]>([
    ['a size of 0', () => lstmCell(0), 'ERR_UNROLLED_ARGUMENT'],
    [
      'an option of the layer',
      () => lstmCell(3, { numLayers: 2 } as never),
      'ERR_UNROLLED_ARGUMENT',
    ],
    [
      'a state that is missing',
      declared((x) => scan(cell({ h: 3 }, (s, x) => lstmCell(3)(s as never, x)))(x).output),
      'ERR_UNROLLED_KIND',
    ],
    [
      'a state of another size',
      declared((x) => scan(cell({ h: 3 }, (s, x) => gruCell(4)(s as never, x) as never))(x).output),
      'ERR_UNROLLED_SHAPE',
    ],
    [
      'a sequence',
      declared((x) => rnnCell(3)({ h: parameter(3) }, x as never).h),
      'ERR_UNROLLED_KIND',
    ],
  ])('%s', (_, build, code) => {
    expect(build).toThrow(expect.objectContaining({ code }))
  })
})
