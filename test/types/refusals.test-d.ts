import {
  add,
  cell,
  dense,
  embedding,
  last,
  lstm,
  mix,
  rnn,
  type Sequence,
  sequential,
  type Tokens,
  type Vector,
} from 'unrolled'
import { describe, test } from 'vitest'

declare const sequence3: Sequence<3>
declare const vector3: Vector<3>
declare const vector4: Vector<4>
declare const tokens9: Tokens<9>

describe('a wrong wire is a compile error', () => {
  test('kinds', () => {
    // @ts-expect-error tokens have no numbers
    dense({ size: 2 })(tokens9)
    // @ts-expect-error a vector has no steps
    lstm({ hiddenSize: 2 })(vector3)
    // @ts-expect-error a vector has no steps
    last()(vector3)
    // @ts-expect-error a sequence of numbers has no ids
    embedding({ size: 2 })(sequence3)
    // @ts-expect-error tokens have no numbers
    add(tokens9, tokens9)
  })

  test('sizes', () => {
    // @ts-expect-error 3 is not 4
    add(vector3, vector4)
    // @ts-expect-error 4 is not 3
    mix(vector3, vector4, 0.5)
    // @ts-expect-error the state has 5 numbers
    rnn({ hiddenSize: 5 })(sequence3, { initial: { h: vector4 } })
    // @ts-expect-error the next state must have 4 numbers
    cell({ h: 4 }, () => ({ h: vector3 }))
    // @ts-expect-error every state needs a next one
    cell({ h: 4, c: 4 }, ({ h }) => ({ h }))
  })

  test('options', () => {
    // @ts-expect-error there is no such option
    lstm({ hiddenSize: 2, dropuot: 0.1 })
    // @ts-expect-error the size is missing
    dense({})
  })

  test('layers of a sequential model', () => {
    // @ts-expect-error dense cannot take tokens
    sequential([dense({ size: 2 }), last()])
    // @ts-expect-error the first layer needs its inputSize
    sequential([lstm({ hiddenSize: 2 }), last()])
    // @ts-expect-error an lstm cannot take a vector
    sequential([embedding({ vocabularySize: 9, size: 4 }), last(), lstm({ hiddenSize: 2 })])
    // @ts-expect-error a second embedding has no ids to look up
    sequential([embedding({ vocabularySize: 9, size: 4 }), embedding({ size: 4 })])
    // @ts-expect-error there are no layers
    sequential([])
  })
})
