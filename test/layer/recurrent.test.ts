import { graph, gru, lstm, rnn, sequential } from 'unrolled'
import { describe, expect, test } from 'vitest'
import { numbers, steps } from '../support/networks.js'
import {
  beside,
  type Kind,
  type Rows,
  run,
  type States,
  type Weights,
} from '../support/recurrence.js'

const HIDDEN = 3
const SIZE = 2
/** Ragged, with a row of one step. */
const X: Rows = [steps(5, SIZE), steps(3, SIZE, 2), steps(1, SIZE, 3)]

type Direction = 'forward' | 'reverse' | 'both'

interface Case {
  readonly kind: Kind
  readonly numLayers: number
  readonly direction: Direction
  readonly bias: boolean
  readonly initial: boolean
}

function layerOf({ kind, numLayers, direction, bias }: Case, more: { dropout?: number } = {}) {
  const options = {
    hiddenSize: HIDDEN,
    numLayers,
    bias,
    reverse: direction === 'reverse',
    bidirectional: direction === 'both',
    ...more,
    name: 'layer',
  }
  if (kind === 'lstm') return lstm(options)
  if (kind === 'rnn' || kind === 'relu')
    return rnn({ ...options, activation: kind === 'relu' ? 'relu' : 'tanh' })
  return gru({ ...options, resetAfter: kind === 'gru' })
}

const statesOf = (kind: Kind) => (kind === 'lstm' ? ['h', 'c'] : ['h'])

/** Initial states of a layer, by row; different for every layer and state. */
function initialOf({ kind, direction, initial }: Case, layer: number): States {
  const size = direction === 'both' ? 2 * HIDDEN : HIDDEN
  const entries = statesOf(kind).map((name, s) => [
    name,
    X.map((_, r) =>
      initial ? numbers(size, 2 + layer + 0.3 * s + 0.1 * r) : Array<number>(size).fill(0),
    ),
  ])
  return Object.fromEntries(entries)
}

/** The model of a case, which gives every output there is, and what to feed it. */
function build(it: Case, more: { dropout?: number } = {}) {
  const layers = Array.from({ length: it.numLayers }, (_, layer) => layer)
  const size = it.direction === 'both' ? 2 * HIDDEN : HIDDEN
  const model = graph(({ input }) => {
    const x = input.sequence('x', { size: SIZE })
    const initial = (layer: number) =>
      Object.fromEntries(
        statesOf(it.kind).map((name) => [name, input.vector(`${name}${layer}`, { size })]),
      )
    const layer = layerOf(it, more) as ReturnType<typeof gru>
    const stacked = it.initial ? layer(x, { initial: layers.map(initial) as never }) : layer(x)
    const states = stacked.layers.flatMap((state, layer) =>
      Object.entries(state).map(([name, value]) => [`${name}_of_${layer}`, value] as const),
    )
    return { output: stacked.output, top: stacked.state.h, ...Object.fromEntries(states) }
  })
  const parameters = Object.entries(model.parameters()).map(
    ([name, { values }], i) =>
      [name, Float32Array.from(numbers(values.length, 1.7 + i / 7), (v) => v * 0.8)] as const,
  )
  model.setParameters(Object.fromEntries(parameters))
  const feeds = layers.flatMap((layer) =>
    Object.entries(initialOf(it, layer)).map(([name, rows]) => [`${name}${layer}`, rows]),
  )
  const x = { x: X, ...(it.initial && Object.fromEntries(feeds)) }
  return { model, x: x as never, parameters: new Map(parameters) }
}

/** All outputs of the model in plain loops. */
function expected(it: Case, parameters: ReadonlyMap<string, Float32Array>) {
  const gates = { rnn: 1, relu: 1, lstm: 4, gru: 3, gruBefore: 3 }[it.kind]
  const weights = (suffix: string): Weights => {
    const of = (name: string) => Array.from(parameters.get(`layer.${name}_${suffix}`) ?? [])
    const zeros = Array<number>(gates * HIDDEN).fill(0)
    const [bi, bh] = it.bias ? [of('bias_ih'), of('bias_hh')] : [zeros, zeros]
    return { ih: of('weight_ih'), hh: of('weight_hh'), bi, bh }
  }
  const outputs: Record<string, unknown> = {}
  let input: Rows = X
  for (let layer = 0; layer < it.numLayers; layer++) {
    const initial = initialOf(it, layer)
    const half = (from: number): States =>
      Object.fromEntries(
        Object.entries(initial).map(([name, rows]) => [
          name,
          rows.map((row) => row.slice(from, from + HIDDEN)),
        ]),
      )
    const ahead = run(it.kind, weights(`l${layer}`), input, half(0), it.direction === 'reverse')
    let { output, states } = ahead
    if (it.direction === 'both') {
      const back = run(it.kind, weights(`l${layer}_reverse`), input, half(HIDDEN), true)
      output = output.map((row, r) => beside(row, back.output[r] ?? []))
      const joined = Object.entries(states).map(([name, rows]) => [
        name,
        beside(rows, back.states[name] ?? []),
      ])
      states = Object.fromEntries(joined)
    }
    input = output
    for (const [name, rows] of Object.entries(states)) outputs[`${name}_of_${layer}`] = rows
    const { h: top = [] } = states
    Object.assign(outputs, { output, top })
  }
  return outputs
}

const cases: Case[] = (['rnn', 'relu', 'lstm', 'gru', 'gruBefore'] as const).flatMap((kind) =>
  (['forward', 'reverse', 'both'] as const).flatMap((direction) =>
    [1, 2, 3].flatMap((numLayers) =>
      [true, false].flatMap((bias) =>
        [false, true].map((initial) => ({ kind, numLayers, direction, bias, initial })),
      ),
    ),
  ),
)

/** The numbers of an output, whose kind the types of a graph built by name do not know. */
function nested(output: unknown): number[][][] {
  return (output as { toNested(): number[][][] }).toNested()
}

/** Every number near its like, lists as long as each other. */
function near(actual: unknown, wanted: unknown, where: string): void {
  if (typeof wanted === 'number') {
    expect(actual, where).toBeCloseTo(wanted, 5)
    return
  }
  const [list, like] = [actual as unknown[], wanted as unknown[]]
  expect(list.length, where).toBe(like.length)
  for (const [i, element] of like.entries()) near(list[i], element, `${where}[${i}]`)
}

describe('every way to ask for a recurrent layer is a loop over steps', () => {
  test.each(cases)(
    '$kind $direction, $numLayers layers, bias $bias, initial $initial',
    async (it) => {
      const { model, x, parameters } = build(it)
      const wanted = expected(it, parameters)
      const { state: _, ...outputs } = await model.predict(x)
      expect(Object.keys(outputs).toSorted()).toEqual(Object.keys(wanted).toSorted())
      for (const [name, result] of Object.entries(outputs)) {
        near(nested(result), wanted[name], name)
      }
    },
  )
})

describe('laws, to the bit', () => {
  test.each(cases.filter(({ direction, numLayers }) => direction === 'both' && numLayers === 1))(
    '$kind both ways is one beside the other: bias $bias, initial $initial',
    async (it) => {
      const { model, x, parameters } = build(it)
      const half = async (direction: 'forward' | 'reverse', from: number) => {
        const one = build({ ...it, direction })
        const suffix = direction === 'reverse' ? '_reverse' : ''
        one.model.setParameters(
          Object.fromEntries(
            [...one.parameters.keys()].map((name) => [
              name,
              parameters.get(`${name}${suffix}`) ?? new Float32Array(),
            ]),
          ),
        )
        const initial = Object.entries(initialOf(it, 0)).map(([name, rows]) => [
          `${name}0`,
          rows.map((row) => row.slice(from, from + HIDDEN)),
        ])
        const feed = { x: X, ...(it.initial && Object.fromEntries(initial)) }
        return nested((await one.model.predict(feed as never)).output)
      }
      const [ahead, back] = [await half('forward', 0), await half('reverse', HIDDEN)]
      const joined = ahead.map((row, r) => beside(row, back[r] ?? []))
      expect(nested((await model.predict(x)).output)).toEqual(joined)
    },
  )

  test.each(cases.filter((it) => it.numLayers > 1 && it.bias && !it.initial))(
    'dropout between layers is off outside of training: $kind $direction, $numLayers layers',
    async (it) => {
      const [without, dropped] = [build(it), build(it, { dropout: 0.9 })]
      expect(await dropped.model.predict(dropped.x)).toEqual(await without.model.predict(without.x))
    },
  )

  test.each(['rnn', 'lstm', 'gru'] as const)(
    '%s: zeros for an initial state are none',
    async (kind) => {
      const it = { kind, numLayers: 1, direction: 'both', bias: true, initial: true } as const
      const { model } = build(it)
      const zeros = X.map(() => Array<number>(2 * HIDDEN).fill(0))
      const states = Object.fromEntries(statesOf(kind).map((name) => [`${name}0`, zeros]))
      // A state that begins in the graph is not one to go on from.
      const { state: _, ...given } = await model.predict({ x: X, ...states } as never)
      const none = build({ ...it, initial: false })
      expect(await none.model.predict(none.x)).toMatchObject(given)
    },
  )
})

test('a state of one layer of a stack is given by name, the others are zeros', async () => {
  const model = sequential([lstm({ inputSize: SIZE, hiddenSize: HIDDEN, numLayers: 2 })])
  const h = X.map((_, r) => numbers(HIDDEN, r + 2))
  const zeros = X.map(() => Array<number>(HIDDEN).fill(0))
  const all = { 'lstm.l0:h': zeros, 'lstm.l0:c': zeros, 'lstm.l1:h': h, 'lstm.l1:c': zeros }
  const some = await model.predict(X, { state: { 'lstm.l1:h': h } })
  expect(some).toEqual(await model.predict(X, { state: all }))
  expect(some.output).not.toEqual((await model.predict(X)).output)
})
