import {
  add,
  affine,
  bidirectional,
  cell,
  choose,
  clockwork,
  concat,
  deepTransition,
  delayed,
  dropout,
  embedding,
  gru,
  gruCell,
  leaky,
  linear,
  lstm,
  lstmCell,
  multiply,
  oneHot,
  parameter,
  rnn,
  rnnCell,
  scan,
  sigmoid,
  slice,
  tanh,
} from 'unrolled'
import { describe, test } from 'vitest'
import { type Build, expectSame, modelOf, resultsOf } from '../support/exported.js'

const RAGGED = { time: [4, 7, 1, 0, 6] }
const FULL = { time: [7, 7, 7] }

const groups = [
  { size: 2, period: 1 },
  { size: 3, period: 3 },
] as const

const loops: Readonly<Record<string, Build>> = {
  'a cell of its own': (x) =>
    resultsOf(
      scan(cell({ h: 4 }, ({ h }, x) => ({ h: tanh(add(linear(4)(x), linear(4)(h))) })))(x),
    ),
  'two states and an output': (x, v) =>
    resultsOf(
      scan(
        cell({ a: 2, b: 3 }, ({ a, b }, x) => {
          const next = sigmoid(linear(2)(concat(a, b, x, v)))
          return {
            a: next,
            b: multiply(x, slice({ start: 0, size: 1 })(a)),
            output: concat(b, next),
          }
        }),
        { reverse: true },
      )(x),
    ),
  'states that are told each other': (x) =>
    resultsOf(scan(cell({ a: 3, b: 3 }, ({ a, b }, x) => ({ a: b, b: add(a, x), output: a })))(x)),
  'a constant for a state': (x) =>
    resultsOf(scan(cell({ h: 2 }, ({ h }, x) => ({ h: parameter(2), output: concat(h, x) })))(x)),
  'states that begin with values': (x, v) => {
    const step = cell({ h: 3, c: 2 }, ({ h, c }, x) => ({
      h: tanh(add(h, x)),
      c: affine(c, { shift: 1 }),
    }))
    return resultsOf(scan(step)(x, { initial: { h: v, c: parameter(2) } }))
  },
  'a token for a state': (x) => {
    const step = cell({ id: { vocabularySize: 5, start: 2 }, h: 3 }, ({ id, h }, x) => {
      const next = tanh(linear(3)(concat(embedding({ size: 4 })(id), h, x)))
      return { id: choose(linear(5)(next)), h: next, output: oneHot(id) }
    })
    return { output: scan(step as never)(x as never).output }
  },
  'a fixed number of steps': (_, v) => {
    const step = cell({ h: 3 }, ({ h }) => ({ h: tanh(linear(3)(h)) }))
    const along = scan(step as never) as unknown as (n: number, o: object) => { output: object }
    return { output: along(4, { initial: { h: v } }).output }
  },
  'the fused steps in a cell': (x) =>
    resultsOf(
      scan(
        cell({ a: 3, h: 4, c: 4, r: 2 }, ({ a, h, c, r }, x) => {
          const long = lstmCell(4)({ h, c }, concat(x, r))
          return {
            a: gruCell(3)({ h: a }, concat(x, h)).h,
            h: long.h,
            c: long.c,
            r: rnnCell(2)({ h: r }, x).h,
          }
        }),
      )(x),
    ),
  'both ways of a cell': (x) =>
    resultsOf(bidirectional(cell({ h: 3 }, ({ h }, x) => ({ h: tanh(add(linear(3)(x), h)) })))(x)),
  clockwork: (x) => resultsOf(scan(clockwork({ groups }))(x)),
  delayed: (x) => resultsOf(scan(delayed({ hiddenSize: 4, delays: [1, 3] }))(x)),
  leaky: (x) => ({
    ...resultsOf(leaky(0.75, { learned: true })(x)),
    back: leaky(0.5, { reverse: true })(x).output,
  }),
  'a deep transition': (x) =>
    resultsOf(
      scan(
        deepTransition({
          hiddenSize: 4,
          input: [3],
          transition: [5],
          output: [2],
          skip: 'highway',
        }),
      )(x),
    ),
  'peepholes and a projection': (x) =>
    resultsOf(lstm({ hiddenSize: 5, projSize: 2, peepholes: true, bidirectional: true })(x)),
  'coupled gates': (x) => resultsOf(lstm({ hiddenSize: 5, coupledGates: true, reverse: true })(x)),
  'normalized cells': (x) => ({
    lstm: lstm({ hiddenSize: 4, layerNorm: true })(x).output,
    gru: gru({ hiddenSize: 4, layerNorm: true })(x).output,
    rnn: rnn({ hiddenSize: 4, layerNorm: true })(x).output,
  }),
  'gates and states at each step': (x) => ({
    ...resultsOf(lstm({ hiddenSize: 3 })(x)),
    z: gru({ hiddenSize: 3 })(x).trace.z,
  }),
  'zoneout and dropout': (x) => ({
    zoneout: lstm({ hiddenSize: 3, zoneout: 0.25 })(x).output,
    dropped: gru({ hiddenSize: 3, numLayers: 2, dropout: 0.5, recurrentDropout: 0.5 })(x).output,
    all: dropout({ rate: 0.5 })(rnn({ hiddenSize: 2 })(x).output),
  }),
  'a context of each step': (x, v) => ({
    output: lstm({ hiddenSize: 3 })(x, { context: v } as never).output,
  }),
  'other functions': (x) => ({
    lstm: lstm({ hiddenSize: 3, activation: 'softplus' })(x).output,
    gru: gru({ hiddenSize: 3, activation: 'elu' })(x).output,
    rnn: rnn({ hiddenSize: 3, activation: 'identity' })(x).output,
  }),
}

/** Refusals of the import, whose graphs cannot say an id as the state of a loop. */
const UNREAD: Readonly<Record<string, string>> = {
  'a token for a state': 'node "scan.id_n/body/embedding" (Gather): expected constant indices',
}

describe.each(Object.entries(loops))('%s', (name, build) => {
  const back = { unread: UNREAD[name] }
  test('ragged', async () => expectSame(modelOf(build), RAGGED, back))
  test('full', async () => expectSame(modelOf(build), FULL, back))
})
