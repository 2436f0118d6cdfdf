import { gru, lstm, rnn, type Sequence, type Vector } from 'unrolled'
import { describe, expect, test } from 'vitest'
import { inTraining } from '../support/in-training.js'
import { numbers, steps } from '../support/networks.js'

const UNITS = 48
const TIME = 6
const row = steps(TIME, 3, 2)

/** The states of a layer in training after 1, 2, … steps of one row, which has the same masks each time. */
async function traced(build: (x: Sequence) => Vector): Promise<number[][]> {
  const prefixes = Array.from({ length: TIME }, (_, t) => row.slice(0, t + 1))
  return Promise.all(prefixes.map((prefix) => inTraining(UNITS, build, prefix)))
}

/** Counts the units that have the same number in both lists, to the bit. */
const kept = (before: readonly number[] = [], after: readonly number[] = []) =>
  after.filter((value, unit) => Object.is(value, before[unit])).length

describe('zoneout keeps old values, to the bit', () => {
  const [rate, expected] = [0.25, 0.25 * UNITS]
  test.each<[string, (x: Sequence) => Vector, (x: Sequence) => Vector]>([
    [
      'rnn',
      (x) => rnn({ hiddenSize: UNITS, zoneout: rate })(x).state.h,
      (x) => rnn({ hiddenSize: UNITS })(x).state.h,
    ],
    [
      'gru',
      (x) => gru({ hiddenSize: UNITS, zoneout: rate })(x).state.h,
      (x) => gru({ hiddenSize: UNITS })(x).state.h,
    ],
    [
      'gru, reset before',
      (x) => gru({ hiddenSize: UNITS, zoneout: rate, resetAfter: false })(x).state.h,
      (x) => gru({ hiddenSize: UNITS, resetAfter: false })(x).state.h,
    ],
    [
      'h of lstm',
      (x) => lstm({ hiddenSize: UNITS, zoneout: { h: rate } })(x).state.h,
      (x) => lstm({ hiddenSize: UNITS })(x).state.h,
    ],
    [
      'c of lstm',
      (x) => lstm({ hiddenSize: UNITS, zoneout: rate })(x).state.c,
      (x) => lstm({ hiddenSize: UNITS })(x).state.c,
    ],
  ])('%s', async (_, zoned, plain) => {
    const [states, without] = [await traced(zoned), await traced(plain)]
    // The first old state is zeros.
    const counts = states.map((state, t) => kept(states[t - 1] ?? Array(UNITS).fill(0), state))
    const total = counts.reduce((sum, count) => sum + count, 0)
    // Four standard deviations of the sum of all draws.
    const spread = 4 * Math.sqrt(TIME * UNITS * rate * (1 - rate))
    expect(Math.abs(total - TIME * expected)).toBeLessThan(spread)
    // A mask a step: not the same units at each.
    const units = (t: number) =>
      states[t]?.map((value, unit) => Object.is(value, states[t - 1]?.[unit]))
    expect(units(1)).not.toEqual(units(2))
    // After one step a unit that moved is the plain layer's, up to the rounding of a factor of 1.
    for (const [unit, value] of states[0]?.entries() ?? []) {
      if (value !== 0) expect(value).toBeCloseTo(without[0]?.[unit] ?? Number.NaN, 6)
    }
    expect(without.map((state, t) => kept(without[t - 1], state))).toEqual(Array(TIME).fill(0))
  })

  test('one state of an lstm alone', async () => {
    const build = (x: Sequence) => lstm({ hiddenSize: UNITS, zoneout: { c: 0.5 } })(x).state
    const h = await traced((x) => build(x).h)
    const c = await traced((x) => build(x).c)
    expect(kept(c[2], c[3])).toBeGreaterThan(UNITS / 4)
    expect(kept(h[2], h[3])).toBe(0)
  })
})

describe('recurrent dropout has one mask for all steps', () => {
  /** A diagonal matrix of `gates` blocks, 1 in the last. */
  const diagonal = (gates: number) =>
    Array.from({ length: gates * UNITS * UNITS }, (_, i) => {
      const [at, column] = [Math.floor(i / UNITS) - (gates - 1) * UNITS, i % UNITS]
      return at === column ? 1 : 0
    })

  test('of h in the products: each unit doubles at each step, or is gone', async () => {
    const set = {
      'rnn.weight_ih_l0': Array<number>(UNITS).fill(1),
      'rnn.weight_hh_l0': diagonal(1),
    }
    const build = (x: Sequence) =>
      rnn({ hiddenSize: UNITS, activation: 'identity', recurrentDropout: 0.5 })(x).state.h
    const impulse = (t: number) => [[1], ...Array.from({ length: t }, () => [0])]
    const [first, second = [], third] = await Promise.all(
      [0, 1, 2].map((t) => inTraining(UNITS, build, impulse(t), set)),
    )
    expect(first).toEqual(Array(UNITS).fill(1))
    expect(new Set(second)).toEqual(new Set([0, 2]))
    expect(third).toEqual(second.map((value) => 2 * value))
    const gone = second.filter((value) => value === 0).length
    expect(Math.abs(gone - UNITS / 2)).toBeLessThan(4 * Math.sqrt(UNITS / 4))
  })

  test.each([true, false])(
    'what an open gate keeps is whole: gru, resetAfter %s',
    async (resetAfter) => {
      const bias = [0.1, 800, -0.4].flatMap((value) => Array<number>(UNITS).fill(value))
      const initial = numbers(UNITS, 3)
      const build = (x: Sequence) =>
        gru({
          hiddenSize: UNITS,
          resetAfter,
          bias: true,
          recurrentDropout: 0.5,
          initialState: 'learned',
        })(x).state.h
      const set = { 'gru.bias_ih_l0': bias, 'gru.initial_h_l0': initial }
      expect(await inTraining(UNITS, build, row, set)).toEqual(initial)
    },
  )

  test('lstm: the cell is whole, the product is not', async () => {
    const bias = [800, 800, 0, 800].flatMap((value) => Array<number>(UNITS).fill(value))
    const hh = Array.from({ length: 4 * UNITS * UNITS }, (_, i) => {
      const [at, column] = [Math.floor(i / UNITS) - 2 * UNITS, i % UNITS]
      return at === column ? 1 : 0
    })
    const build = (rate: number) => (x: Sequence) =>
      lstm({
        hiddenSize: UNITS,
        activation: 'identity',
        recurrentDropout: rate,
        initialState: 'learned',
      })(x).state.c
    const [h, c] = [Array<number>(UNITS).fill(1), Array<number>(UNITS).fill(0.5)]
    const set = {
      'lstm.bias_ih_l0': bias,
      'lstm.weight_ih_l0': Array<number>(4 * UNITS).fill(0),
      'lstm.weight_hh_l0': hh,
      'lstm.initial_h_l0': h,
      'lstm.initial_c_l0': c,
    }
    // With all gates open c' = c + mask h and h' = c', so that c is 0.5 for ever where the mask is 0.
    const after = await inTraining(UNITS, build(0.5), [[1], [1]], set)
    expect(new Set(after)).toEqual(new Set([0.5, 0.5 + 2 + 2 * (0.5 + 2)]))
  })
})
