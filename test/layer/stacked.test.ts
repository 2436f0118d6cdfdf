import {
  add,
  bidirectional,
  cell,
  concat,
  deepTransition,
  dense,
  dropout,
  graph,
  gru,
  lastStep,
  linear,
  lstm,
  type Sequence,
  scan,
  sequential,
  stacked,
  tanh,
} from 'unrolled'
import { describe, expect, test } from 'vitest'
import { numbers, steps } from '../support/networks.js'

const inputs = { x: { sequence: { size: 2 } } } as const
const x = [4, 1, 0, 6].map((length, row) => steps(length, 2, row + 2))
const own = cell({ h: 3, k: 2 }, ({ h, k }, x) => ({
  h: tanh(linear(3)(concat(h, k, x))),
  k: tanh(linear(2)(concat(k, x))),
}))

describe('a stack', () => {
  const bottom = () => lstm({ hiddenSize: 3, numLayers: 2, name: 'bottom' })
  const top = () => gru({ hiddenSize: 3, name: 'top' })

  test('of mixed layers and cells is piping them by hand, to the bit', async () => {
    const model = graph(inputs, ({ x }) => {
      const { output, state, layers, traces } = stacked([
        bottom(),
        own,
        dropout({ rate: 0.5 }),
        top(),
      ])(x)
      const [first, second, third, fourth] = layers
      expect(third).toBeUndefined()
      return { output, h: state.h, c: first.c, k: second.k, last: fourth.h, z: traces[3].z }
    })
    const piped = graph(inputs, ({ x }) => {
      const first = bottom()(x)
      const second = scan(own)(first.output)
      const fourth = top()(dropout({ rate: 0.5 })(second.output))
      const { output, state, trace } = fourth
      return { output, h: state.h, c: first.state.c, k: second.state.k, last: state.h, z: trace.z }
    })
    piped.setParameters(model.parameters())
    expect(Object.keys(model.parameters())).toEqual(Object.keys(piped.parameters()))
    const [found, expected] = [await model.predict({ x }), await piped.predict({ x })]
    const { state: _, ...outputs } = expected
    expect(found).toMatchObject(outputs)
    expect(found.output.values.some((value) => value !== 0)).toBe(true)
  })

  test('with residual connections adds what a layer reads where the sizes are equal', async () => {
    const three = { x: { sequence: { size: 3 } } } as const
    const model = graph(three, ({ x }) => ({
      y: stacked([top(), lstm({ hiddenSize: 4 }), deepTransition({ hiddenSize: 4 })], {
        residual: true,
      })(x).output,
    }))
    const piped = graph(three, ({ x }) => {
      const first = add(x, top()(x).output)
      const second = lstm({ hiddenSize: 4 })(first).output
      return { y: add(second, scan(deepTransition({ hiddenSize: 4 }))(second).output) }
    })
    piped.setParameters(model.parameters())
    const rows = [steps(5, 3, 2), steps(2, 3, 3)]
    expect((await model.predict({ x: rows })).y).toEqual((await piped.predict({ x: rows })).y)
  })

  test('begins with the states given for each layer', async () => {
    const model = graph(
      { ...inputs, h: { vector: { size: 3 } }, k: { vector: { size: 2 } } },
      ({ x, h, k }) => {
        const { layers } = stacked([gru({ hiddenSize: 3 }), own])(x, { initial: [{ h }, { k }] })
        return { h: layers[0].h, k: layers[1].k, other: layers[1].h }
      },
    )
    const [h, k] = [x.map((_, r) => numbers(3, r + 2)), x.map((_, r) => numbers(2, r + 5))]
    const found = await model.predict({ x, h, k })
    // A row without steps ends as it began.
    expect(found.h.toNested()[2]).toEqual(h[2])
    expect(found.k.toNested()[2]).toEqual(k[2])
    expect(found.other.toNested()[2]).toEqual([0, 0, 0])
  })

  test('stands in a chain, and begins one', async () => {
    const model = sequential([
      stacked([lstm({ inputSize: 2, hiddenSize: 4 }), bidirectional(gru({ hiddenSize: 2 }))], {
        residual: true,
      }),
      lastStep(),
      dense({ size: 1 }),
    ])
    const { output } = await model.predict(x)
    expect(output.shape).toEqual([4, 1])
  })

  const untyped = (value: unknown) => value as never
  const declared = (build: (x: Sequence<2>) => unknown) => () =>
    graph(inputs, ({ x }) => ({ y: build(x) as Sequence }))
  test.each<[string, () => unknown, string]>([
    ['nothing', () => stacked(untyped([])), 'stacked: expected an array of layers and cells'],
    [
      'a name',
      () => stacked(untyped([own, 'lstm'])),
      'stacked layer 1: expected a layer or a cell',
    ],
    [
      'residual connections between unlike sizes',
      declared((x) => stacked([own], { residual: true })(x).output),
      'stacked residual: expected a recurrent layer whose output has the size of its input',
    ],
    [
      'states of fewer layers',
      declared((x) => stacked([own, gru({ hiddenSize: 3 })])(x, { initial: [{}] }).output),
      'stacked initial: expected a list with the state of each of 2 layers',
    ],
    [
      'a state of a layer that has none',
      declared((x) => stacked([own, dropout({ rate: 0.5 })])(x, { initial: [{}, {}] }).output),
      'stacked initial 1: expected none for a layer without a state',
    ],
  ])('refuses %s', (_, build, message) => {
    expect(build).toThrow(message)
  })
})
