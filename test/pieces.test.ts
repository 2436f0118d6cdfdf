import {
  add,
  cell,
  concat,
  dense,
  embedding,
  graph,
  gru,
  last,
  lstm,
  max,
  mean,
  type Numeric,
  type Result,
  type Sequence,
  scan,
  sgd,
  shift,
  type Tokens,
  type UnrolledError,
  type Vector,
} from 'unrolled'
import { describe, expect, test } from 'vitest'
import { steps } from './support/networks.js'

const still = { loss: 'meanSquared', optimizer: sgd({ learningRate: 1e-3 }) } as const

/** A model of a sequence, a vector and tokens, of which the output reads some. */
const model = (build: (x: Sequence<2>, v: Vector<3>, t: Tokens<5>) => Numeric) =>
  graph(({ input }) => {
    const x = input.sequence('x', { size: 2 })
    const v = input.vector('v', { size: 3 })
    const t = input.tokens('t', { vocabularySize: 5 })
    return { y: build(x, v, t) }
  })

/** The first row of a result: its steps, or its numbers. */
const rowOf = (result: unknown) => (result as Result<Sequence | Vector>).toNested()[0] ?? []

/** The message of what a call throws or rejects with. */
async function messageOf(call: () => unknown): Promise<string> {
  try {
    await call()
  } catch (error) {
    return `${(error as UnrolledError).code} ${(error as UnrolledError).message}`
  }
  return 'nothing thrown'
}

describe('a model that needs more than its states is refused wherever a sequence is cut', () => {
  /** The last: what runs once, at the start, is enough for a stream. */
  const cases: [string, Parameters<typeof model>[0], string, boolean?][] = [
    [
      'a mean',
      (x) => mean()(lstm({ hiddenSize: 3 })(x).output),
      "node 'mean' pools over the whole sequence",
    ],
    [
      'a max',
      (x) => max()(lstm({ hiddenSize: 3 })(x).output),
      "node 'max' pools over the whole sequence",
    ],
    [
      'a state from the graph',
      (x, v) =>
        gru({ hiddenSize: 3 })(lstm({ hiddenSize: 2 })(x).output, { initial: { h: v } }).output,
      "node 'gru.l0' begins each chunk with an initial state from the graph",
      true,
    ],
    [
      'a first step from the graph',
      (x, v) => shift()(lstm({ hiddenSize: 3 })(x).output, { initial: v as never }),
      "node 'shift' begins each chunk with a first step from the graph",
      true,
    ],
    [
      'the last step at every step',
      (x) => {
        const { output } = lstm({ hiddenSize: 3 })(x)
        return add(output, last()(output))
      },
      "node 'add' reads at each step 'last', which the last step of a sequence decides",
    ],
    [
      'a last state within a cell',
      (x) => {
        const { state } = lstm({ hiddenSize: 3 })(x)
        const own = cell({ s: 3 }, ({ s }) => ({ s: add(s, state.h) }))
        return scan(own)(x).output
      },
      "node 'scan' reads at each step 'lstm.l0:h', which the last step of a sequence decides",
    ],
    [
      'a reversed layer',
      (x) => gru({ hiddenSize: 3, reverse: true })(x).output,
      "node 'gru.l0' reads backwards in time",
    ],
  ]

  test.each(cases)('%s', async (_, build, reason, begins = false) => {
    const it = model(build)
    const data = { x: [steps(3, 2)], v: [[1, 2, 3]], t: [[0, 1, 2]] }
    const { y, state } = await it.predict(data)
    expect(await messageOf(() => it.predict(data, { state }))).toMatch(
      `ERR_UNROLLED_ARGUMENT predict state: expected none, since ${reason}, received`,
    )
    const expected = (what: string) =>
      `ERR_UNROLLED_ARGUMENT ${what}: expected a model that goes on from its states alone, received one whose ${reason}`
    if (begins) {
      const stream = it.stream({ v: [1, 2, 3] })
      const pushed = steps(3, 2).map((x, t) => stream.push({ x, t }))
      expect(pushed.map((outputs) => Array.from(outputs.y))).toEqual(y.toNested()[0])
    } else {
      expect(await messageOf(() => it.stream({ v: [1, 2, 3] }))).toBe(expected('stream'))
    }
    const twice = <T>(rows: T[]) => [...rows, ...rows]
    const pairs = {
      x: { x: twice(data.x), v: twice(data.v), t: twice(data.t) },
      y: { y: twice(y.toNested() as number[][][]) },
    } as never
    const carry = { ...still, batchSize: 1, shuffle: false, carry: true }
    expect(await messageOf(() => it.fit(pairs, carry))).toBe(expected('carry'))
    const truncate = { k1: 1, k2: 2 }
    expect(await messageOf(() => it.fit(pairs, { ...still, truncate }))).toBe(expected('truncate'))
  })

  test('two axes of time cannot be pushed together', async () => {
    const two = graph(({ input }) => {
      const a = input.sequence('a', { size: 2 })
      const b = input.sequence('b', { size: 2, axis: 'other' })
      return { a: gru({ hiddenSize: 2 })(a).output, b: gru({ hiddenSize: 2 })(b).output }
    })
    expect(await messageOf(() => two.stream())).toBe(
      'ERR_UNROLLED_ARGUMENT stream: expected one axis to step along, ' +
        'received ["time", "other"]; name one of them as axis',
    )
  })
})

describe('pieces have the bits of the whole', () => {
  const delays = cell({ a: 2, b: 2 }, ({ a, b }, x) => ({
    a: x as never,
    b: a,
    output: concat(a, b),
  }))
  const cases: [string, (x: Sequence<2>) => Record<string, Numeric>][] = [
    [
      'of shifts, one behind another and behind a layer',
      (x) => {
        const y = shift({ name: 'second' })(shift({ name: 'first' })(x))
        const { output } = gru({ hiddenSize: 3 })(concat(x, y))
        return { y: dense({ size: 2 })(concat(output, shift({ name: 'late' })(output))) }
      },
    ],
    ['of a cell that delays', (x) => ({ y: scan(delays)(x).output })],
    [
      'of the last step and the last state',
      (x) => {
        const { output, state } = lstm({ hiddenSize: 3 })(x)
        return { y: output, end: last()(output), h: state.h, late: last()(shift()(output)) }
      },
    ],
  ]

  test.each(cases)('%s', async (_, build) => {
    const it = graph(({ input }) => build(input.sequence('x', { size: 2 })))
    const x = steps(9, 2)
    const whole = await it.predict([x])
    const stream = it.stream()
    let state: Awaited<ReturnType<typeof it.predict>>['state'] | undefined
    for (const [from, to] of [
      [0, 4],
      [4, 4],
      [4, 5],
      [5, 9],
    ] as const) {
      const piece = await it.predict([x.slice(from, to)], state && { state })
      state = piece.state
      const sofar = await it.predict([x.slice(0, to)])
      for (const [name, values] of Object.entries(sofar)) {
        if (name === 'state') continue
        const all = rowOf(values)
        const part = rowOf(piece[name])
        // An empty piece has no last step, its state is that of the piece before.
        if (from === to && name !== 'h') continue
        expect(part).toEqual(Array.isArray(all[0]) ? all.slice(from, to) : all)
      }
      for (let t = from; t < to; t++) {
        const pushed = stream.push(x[t] as never)
        const upto = await it.predict([x.slice(0, t + 1)])
        for (const [name, numbers] of Object.entries(pushed)) {
          const all = rowOf(upto[name])
          expect(Array.from(numbers)).toEqual(Array.isArray(all[0]) ? all.at(-1) : all)
        }
      }
    }
    for (const [name, values] of Object.entries(whole.state)) {
      expect(state?.[name]?.values).toEqual(values.values)
      expect(stream.state[name]?.values).toEqual(values.values)
    }
  })

  test('of shifted tokens, by several steps; a stream is fed them late', async () => {
    const it = graph({ t: { tokens: { vocabularySize: 5 } } }, ({ t }) => ({
      y: concat(
        embedding({ size: 2 })(shift({ start: 3 })(t)),
        embedding({ size: 2 })(shift({ start: 4, by: 2 })(t)),
      ),
    }))
    const rows = [[1, 0, 2, 4, 1], [2], [], [3, 3, 1]]
    const whole = (await it.predict(rows)).y.toNested()
    let state: Awaited<ReturnType<typeof it.predict>>['state'] | undefined
    const made = rows.map((): number[][] => [])
    for (const [from, to] of [
      [0, 1],
      [1, 1],
      [1, 4],
      [4, 5],
    ] as const) {
      const piece = await it.predict(
        rows.map((row) => row.slice(from, to)),
        state && { state },
      )
      state = piece.state
      for (const [row, steps] of piece.y.toNested().entries()) made[row]?.push(...steps)
    }
    expect(made).toEqual(whole)
    expect(state?.['shift:last']?.toNested()).toEqual([[1], [2], [3], [1]])
    const outside = rows.map(() => [5])
    const name = 'shift:last'
    expect(await messageOf(() => it.predict(rows, { state: { [name]: outside } }))).toContain(
      `ERR_UNROLLED_VALUE state '${name}': expected ids from 0 to 4, received 5`,
    )
  })

  test('the state of a shift is set and given back', () => {
    const it = graph({ x: { sequence: { size: 1 } } }, ({ x }) => ({ y: shift()(x) }))
    const stream = it.stream()
    const push = (value: number) => stream.push([value]).y[0]
    expect([push(3), push(4)]).toEqual([0, 3])
    const { state } = stream
    expect(Object.keys(state)).toEqual(['shift:last'])
    stream.reset()
    expect([push(5), push(6)]).toEqual([0, 5])
    stream.state = state
    expect(push(7)).toBe(4)
  })

  test('a carried state holds the last step of a shift', async () => {
    const make = () =>
      graph(({ input }) => {
        const x = input.sequence('x', { size: 1 })
        return { y: dense({ size: 1 })(shift()(x)) }
      })
    const x = steps(4, 1)
    const pieces = { x: x.map((step) => [step]), y: x.map(() => [[0]]) }
    const rate = { ...still, optimizer: sgd({ learningRate: 1e-30 }), batchSize: 1, shuffle: false }
    const carried = await make().fit(pieces, { ...rate, carry: true })
    const whole = await make().fit({ x: [x], y: [x.map(() => [0])] }, rate)
    const apart = await make().fit(pieces, rate)
    expect(carried.epochs[0]?.loss).toBeCloseTo(whole.epochs[0]?.loss ?? 0, 7)
    expect(apart.epochs[0]?.loss).toBe(0)
  })
})
