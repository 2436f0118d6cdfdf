import {
  add,
  cell,
  concat,
  constant,
  detach,
  divide,
  gru,
  maximum,
  mix,
  multiply,
  parameter,
  type Sequence,
  scan,
  slice,
  subtract,
  sum,
  type Vector,
  where,
} from 'unrolled'
import { describe, expectTypeOf, test } from 'vitest'

declare const sequence3: Sequence<3>
declare const vector3: Vector<3>
declare const vector4: Vector<4>

describe('sizes are kept', () => {
  test('joined values have the sum of the sizes', () => {
    const wide = {} as Vector<1998>
    expectTypeOf(concat(vector3)).toEqualTypeOf<Vector<3>>()
    expectTypeOf(concat(wide, vector3, wide)).toEqualTypeOf<Vector<3999>>()
    expectTypeOf(concat({} as Vector<5>, {} as Vector<5>)).toEqualTypeOf<Vector<10>>()
    expectTypeOf(concat({} as Vector<999999>, {} as Vector<1>)).toEqualTypeOf<Vector<1000000>>()
    expectTypeOf(concat(vector3, sequence3)).toEqualTypeOf<Sequence<6>>()
    expectTypeOf(concat(vector3, {} as Vector)).toEqualTypeOf<Vector<number>>()
    // @ts-expect-error 7 is not 3
    add(concat(vector3, vector4), vector3)
    // @ts-expect-error there is nothing to join
    concat()
    // @ts-expect-error one value is no sum
    add(vector3)
  })

  test('one number goes with any size', () => {
    const one = {} as Vector<1>
    expectTypeOf(multiply(one, sequence3)).toEqualTypeOf<Sequence<3>>()
    expectTypeOf(subtract(vector3, sum(vector4))).toEqualTypeOf<Vector<3>>()
    expectTypeOf(divide(sum(sequence3), vector4)).toEqualTypeOf<Sequence<4>>()
    expectTypeOf(where(one, sequence3, vector3)).toEqualTypeOf<Sequence<3>>()
    expectTypeOf(mix(vector3, vector3, one)).toEqualTypeOf<Vector<3>>()
    expectTypeOf(mix(one, one, vector3)).toEqualTypeOf<Vector<3>>()
    expectTypeOf(mix(vector3, vector3, sequence3)).toEqualTypeOf<Sequence<3>>()
    // @ts-expect-error 4 is not 3
    mix(vector3, vector3, vector4)
    expectTypeOf(add(one, one)).toEqualTypeOf<Vector<1>>()
    expectTypeOf(constant([1, 2])).toEqualTypeOf<Vector<2>>()
    expectTypeOf(parameter(7)).toEqualTypeOf<Vector<7>>()
    expectTypeOf(detach(sequence3)).toEqualTypeOf<Sequence<3>>()
    // @ts-expect-error 3 is not 4
    maximum(vector3, vector4)
    // @ts-expect-error 3 is not 4
    where(one, vector3, vector4)
  })

  test('lists of values', () => {
    const vectors: Vector<4>[] = []
    expectTypeOf(add(...vectors)).toEqualTypeOf<Vector<4>>()
    expectTypeOf(multiply(...vectors)).toEqualTypeOf<Vector<4>>()
    expectTypeOf(concat(...vectors)).toEqualTypeOf<Vector<number>>()
    const mixed: (Vector<4> | Sequence<4>)[] = []
    expectTypeOf(add(...mixed)).toEqualTypeOf<Vector<4> | Sequence<4>>()
  })

  test('functions for any size', () => {
    const twice = <F extends number>(v: Vector<F>, w: Vector<F>) => add(v, w)
    expectTypeOf(twice(vector3, vector3)).toEqualTypeOf<Vector<3>>()
    const any = <X extends Vector | Sequence>(v: X, w: X) => mix(v, multiply(v, w), w)
    expectTypeOf(any(sequence3, sequence3)).toEqualTypeOf<Sequence<3>>()
    // @ts-expect-error 3 is not 4
    twice<3>(vector3, vector4)
  })

  test('a register is a cell without casts', () => {
    const register = cell({ h: 4 }, ({ h }, x) => ({
      h: concat(slice({ start: 1, size: 3 })(h), x),
    }))
    expectTypeOf(scan(register)(sequence3).output).toEqualTypeOf<Sequence<4>>()
    const sized = cell({ h: 4 }, ({ h }, x: Vector<1>) => ({
      h: concat(slice({ start: 1, size: 3 })(h), x),
    }))
    expectTypeOf(scan(sized)({} as Sequence<1>).state.h).toEqualTypeOf<Vector<4>>()
    // @ts-expect-error a step has one number
    scan(sized)(sequence3)
    // @ts-expect-error 3 and 3 are not 4
    cell({ h: 4 }, ({ h }, x: Vector<3>) => ({ h: concat(slice({ start: 1, size: 3 })(h), x) }))
    const copy = cell({ h: 1 }, (_, x) => ({ h: x }))
    expectTypeOf(scan(copy)({} as Sequence<1>).output).toEqualTypeOf<Sequence<1>>()
  })

  test('a bidirectional encoder fits a decoder', () => {
    const { output, state } = gru({ hiddenSize: 3, bidirectional: true })(sequence3)
    expectTypeOf(output).toEqualTypeOf<Sequence<6>>()
    gru({ hiddenSize: 6 })(sequence3, { initial: state })
    // @ts-expect-error both directions have 6 numbers
    gru({ hiddenSize: 3 })(sequence3, { initial: state })
    const either = gru({ hiddenSize: 3, bidirectional: {} as boolean })(sequence3)
    expectTypeOf(either.output).toEqualTypeOf<Sequence<number>>()
  })
})
