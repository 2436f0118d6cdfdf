import {
  add,
  bidirectional,
  cell,
  clockwork,
  concat,
  deepTransition,
  delayed,
  dense,
  embedding,
  type GraphContext,
  gru,
  type LstmState,
  last,
  lastStep,
  leaky,
  linear,
  lstm,
  mix,
  pool,
  relu,
  rnn,
  type Sequence,
  scan,
  slice,
  stacked,
  type Tokens,
  tanh,
  type Vector,
} from 'unrolled'
import { describe, expectTypeOf, test } from 'vitest'

declare const context: GraphContext
declare const sequence3: Sequence<3>
declare const vector3: Vector<3>
declare const vector4: Vector<4>

describe('values are typed by kind and size', () => {
  test('inputs', () => {
    expectTypeOf(context.input.vector('x', { size: 3 })).toEqualTypeOf<Vector<3>>()
    expectTypeOf(context.input.tokens('x', { vocabularySize: 9 })).toEqualTypeOf<Tokens<9>>()
  })

  test('dense keeps the kind and changes the size', () => {
    expectTypeOf(dense({ size: 2 })(sequence3)).toEqualTypeOf<Sequence<2>>()
    expectTypeOf(dense({ size: 2 })(vector3)).toEqualTypeOf<Vector<2>>()
    expectTypeOf(relu(vector3)).toEqualTypeOf<Vector<3>>()
    expectTypeOf(slice({ start: 1, size: 2 })(sequence3)).toEqualTypeOf<Sequence<2>>()
  })

  test('recurrent layers give output and state', () => {
    const { output, state } = lstm({ hiddenSize: 5 })(sequence3)
    expectTypeOf(output).toEqualTypeOf<Sequence<5>>()
    expectTypeOf(state).toEqualTypeOf<LstmState<5>>()
    expectTypeOf(last()(output)).toEqualTypeOf<Vector<5>>()
    expectTypeOf(lastStep()(output)).toEqualTypeOf<Vector<5>>()
    expectTypeOf(pool('lastStep')(output)).toEqualTypeOf<Vector<5>>()
    const projected = lstm({ hiddenSize: 5, projSize: 2, bidirectional: true })(sequence3)
    expectTypeOf(projected.output).toEqualTypeOf<Sequence<4>>()
    expectTypeOf(projected.state).toEqualTypeOf<LstmState<10, 4>>()
    const both = gru({ hiddenSize: 5, bidirectional: true })(sequence3)
    expectTypeOf(both.output).toEqualTypeOf<Sequence<10>>()
    const summed = rnn({ hiddenSize: 5, bidirectional: true, merge: 'sum' })(sequence3)
    expectTypeOf(summed.output).toEqualTypeOf<Sequence<5>>()
    expectTypeOf(summed.state.h).toEqualTypeOf<Vector<10>>()
    const layer = bidirectional(lstm({ hiddenSize: 5 }))(sequence3)
    expectTypeOf(layer.output).toEqualTypeOf<Sequence<10>>()
    expectTypeOf(layer.state.c).toEqualTypeOf<Vector<10>>()
    const own = cell({ h: 4 }, ({ h }, x: Vector<3>) => ({ h: tanh(linear(4)(concat(h, x))) }))
    const cells = bidirectional(own, { merge: 'average' })(sequence3)
    expectTypeOf(cells.output).toEqualTypeOf<Sequence<4>>()
    expectTypeOf(cells.trace.h).toEqualTypeOf<Sequence<8>>()
    expectTypeOf(layer.trace.i).toEqualTypeOf<Sequence<10>>()
    expectTypeOf(projected.trace.h).toEqualTypeOf<Sequence<4>>()
    expectTypeOf(projected.trace.c).toEqualTypeOf<Sequence<10>>()
    const own4 = cell({ h: 4 }, ({ h }, x) => ({ h: tanh(linear(4)(concat(h, x))) }))
    const deep = stacked([gru({ hiddenSize: 5 }), own4, lstm({ hiddenSize: 2 })])(sequence3)
    expectTypeOf(deep.output).toEqualTypeOf<Sequence<2>>()
    expectTypeOf(deep.state).toEqualTypeOf<LstmState<2>>()
    expectTypeOf(deep.layers[1].h).toEqualTypeOf<Vector<4>>()
    expectTypeOf(deep.traces[0].z).toEqualTypeOf<Sequence<5>>()
    // @ts-expect-error: a layer of another input
    stacked([gru({ hiddenSize: 5 }), embedding({ size: 3 })])
    const transition = deepTransition({ hiddenSize: 6, output: [4, 7] })
    expectTypeOf(scan(transition)(sequence3).output).toEqualTypeOf<Sequence<7>>()
    expectTypeOf(scan(transition)(sequence3).state.h).toEqualTypeOf<Vector<6>>()
    const groups = [
      { size: 2, period: 1 },
      { size: 5, period: 3 },
    ] as const
    expectTypeOf(scan(clockwork({ groups }))(sequence3).output).toEqualTypeOf<Sequence<7>>()
    expectTypeOf(leaky(0.5)(sequence3).output).toEqualTypeOf<Sequence<3>>()
    expectTypeOf(scan(delayed({ hiddenSize: 4, delays: [2] }))(sequence3).output).toEqualTypeOf<
      Sequence<4>
    >()
    const named = cell({ h: 4 }, ({ h }, x: Vector<3>) => ({ h, trace: { both: concat(h, x) } }))
    expectTypeOf(scan(named)(sequence3).trace.both).toEqualTypeOf<Sequence<7>>()
    expectTypeOf(scan(named)(sequence3).trace.h).toEqualTypeOf<Sequence<4>>()
    expectTypeOf(cells.state.h).toEqualTypeOf<Vector<8>>()
  })

  test('combinations', () => {
    expectTypeOf(add(vector3, vector3)).toEqualTypeOf<Vector<3>>()
    expectTypeOf(add(vector3, sequence3)).toEqualTypeOf<Sequence<3>>()
    expectTypeOf(concat(vector3, vector4)).toEqualTypeOf<Vector<7>>()
    expectTypeOf(mix(vector3, vector3, 0.5)).toEqualTypeOf<Vector<3>>()
  })

  test('cells', () => {
    const leaky = cell({ h: 64 }, ({ h }, x) => ({
      h: mix(h, tanh(linear(64)(concat(h, x))), 0.1),
    }))
    const { output, state } = scan(leaky)(sequence3)
    expectTypeOf(output).toEqualTypeOf<Sequence<64>>()
    expectTypeOf(state.h).toEqualTypeOf<Vector<64>>()
    const read = cell({ h: 4 }, ({ h }, x) => ({ h, output: linear(2)(x) }))
    expectTypeOf(scan(read)(sequence3).output).toEqualTypeOf<Sequence<2>>()
  })
})
