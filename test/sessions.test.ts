import {
  add,
  concat,
  dense,
  embedding,
  encoderDecoder,
  graph,
  gru,
  lstm,
  type Result,
  sequential,
  shift,
} from 'unrolled'
import { describe, expect, test } from 'vitest'
import { numbers, steps } from './support/networks.js'

const WORDS = 6
const sources = [[2, 5, 1, 4], [3], [1, 1, 5], [4, 2]]
const targets = [
  [1, 2, 3, 0],
  [4, 0],
  [5, 1, 2, 0],
  [2, 2, 0],
]

const attending = (inputFeeding = false) =>
  encoderDecoder({
    source: { vocabularySize: WORDS },
    target: { vocabularySize: WORDS, start: 0 },
    hiddenSize: 7,
    embeddingSize: 5,
    bidirectional: true,
    attention: 'additive',
    inputFeeding,
    seed: 2,
  })

/** Text from a vector, which is the first state and enters at each step. */
const captions = () =>
  graph(({ input }) => {
    const image = input.vector('image', { size: 3 })
    const word = input.tokens('word', { vocabularySize: WORDS })
    const before = embedding({ vocabularySize: WORDS, size: 4 })(shift({ start: 5 })(word))
    const { output } = gru({ hiddenSize: 6 })(concat(before, image), {
      initial: { h: dense({ size: 6 })(image) },
    })
    return { scores: dense({ size: WORDS })(output), seen: dense({ size: 2 })(image) }
  })

/** Row after row of a result. */
const rowsOf = (result: Result) => result.toNested() as number[][]

describe('a session', () => {
  test.each([false, true])('has the numbers of the whole, input feeding %s', async (feeding) => {
    const model = attending(feeding)
    const whole = await model.predict({ source: sources, target: targets })
    const session = await model.session({ source: sources })
    expect(session.rows).toBe(4)
    expect(session.starts).toEqual({ target: 0 })
    for (let t = 0; t < 4; t++) {
      const before = targets.map((row) => (t === 0 ? 0 : (row[t - 1] ?? 0)))
      const outputs = await session.step(t % 2 === 0 ? before : { target: before })
      expect(outputs.scores.shape).toEqual([4, WORDS])
      expect(outputs.weights.shape).toEqual([4, 4])
      for (const [row, target] of targets.entries()) {
        if (t >= target.length) continue
        for (const name of ['scores', 'weights'] as const) {
          const expected = (whole[name].toNested() as number[][][])[row]?.[t]
          expect(rowsOf(outputs[name])[row], `${name} of row ${row}, step ${t}`).toEqual(expected)
        }
      }
    }
    session.dispose()
  })

  test('goes on with rows in another order, each with its own source', async () => {
    const model = attending()
    const session = await model.session({ source: sources })
    await session.step([0, 0, 0, 0])
    session.reorder([3, 0, 0])
    expect(session.rows).toBe(3)
    const found = rowsOf((await session.step([1, 2, 3])).scores)
    const alone = await model.session({ source: [3, 0, 0].map((row) => sources[row] ?? []) })
    await alone.step(Int32Array.of(0, 0, 0))
    expect(rowsOf((await alone.step([1, 2, 3])).scores)).toEqual(found)
    session.reorder(Int32Array.of(1))
    const single = model.stream({ source: sources[0] ?? [] })
    single.push(0)
    single.push(2)
    expect(rowsOf((await session.step([4])).scores)[0]).toEqual(Array.from(single.push(4).scores))
  })

  test('keeps and sets its state, and returns to the first', async () => {
    const model = captions()
    const image = [numbers(3), numbers(3, 2)]
    const session = await model.session({ image })
    expect(session.starts).toEqual({ word: 5 })
    const whole = await model.predict({ image, word: [[1], [2]] })
    expect(session.fixed.seen?.toNested()).toEqual(whole.seen.toNested())
    const begun = session.state
    const first = rowsOf((await session.step([5, 5])).scores)
    expect(first).toEqual(whole.scores.toNested().map((row) => row[0]))
    const kept = session.state
    const next = rowsOf((await session.step([1, 2])).scores)
    session.state = kept
    expect(rowsOf((await session.step([1, 2])).scores)).toEqual(next)
    session.reset()
    expect(session.state).toEqual(begun)
    session.state = {}
    expect(rowsOf((await session.step([5, 5])).scores)).toEqual(first)
  })

  test('takes numbers by name, nested, flat or packed', async () => {
    const model = graph(({ input }) => {
      const a = input.sequence('a', { size: 2 })
      const b = input.sequence('b', { size: 1 })
      return { y: lstm({ hiddenSize: 3 })(concat(a, b)).output }
    })
    const [a, b] = [steps(2, 2), steps(2, 1, 2)]
    const results = []
    for (const step of [
      { a, b },
      {
        a: a.map((row) => Float32Array.from(row)),
        b: { values: Float32Array.from(b.flat()), shape: [2, 1] },
      },
    ]) {
      const session = await model.session(2)
      results.push(rowsOf((await session.step(step)).y))
    }
    expect(results[1]).toEqual(results[0])
    const whole = await model.predict({ a: a.map((row) => [row]), b: b.map((row) => [row]) })
    expect(results[0]).toEqual(whole.y.toNested().map((row) => row[0]))
  })

  test('of many rows and wide layers runs off the main thread, in the order of the calls', async () => {
    const model = sequential([gru({ inputSize: 64, hiddenSize: 256 })], { seed: 1 })
    const count = 200
    const session = await model.session(count)
    const given = [1, 2, 3].map((seed) => ({
      values: Float32Array.from(numbers(count * 64, seed)),
      shape: [count, 64],
    }))
    const pending = given.map((step) => session.step(step))
    expect(() => session.state).toThrow('session: expected no step under way')
    expect(() => session.reorder([0])).toThrow(
      expect.objectContaining({ code: 'ERR_UNROLLED_STATE' }),
    )
    const found = (await Promise.all(pending)).map(({ output }) => rowsOf(output)[count - 1])
    const stream = model.stream()
    const alone = given.map(({ values }) => Array.from(stream.push(values.slice(-64)).output))
    expect(found).toEqual(alone)
    const last = session.step(given[0] as never)
    session.dispose()
    session.dispose()
    expect((await last).output.shape).toEqual([count, 256])
    await expect(session.step(given[0] as never)).rejects.toThrow('the session has been disposed')
    expect(() => session.rows).toThrow('the session has been disposed')
  })
})

describe('a stream with a context', () => {
  test('has the numbers of the whole', async () => {
    const model = captions()
    const [image, word] = [numbers(3), [4, 0, 2]]
    const whole = await model.predict({ image: [image], word: [word] })
    const stream = model.stream({ image: Float32Array.from(image) })
    expect(stream.starts).toEqual({ word: 5 })
    const pushed = [5, 4, 0].map((id) => Array.from(stream.push(id).scores))
    expect(pushed).toEqual(whole.scores.toNested()[0])
    expect(stream.fixed.seen?.toNested()).toEqual(whole.seen.toNested())
    const fork = stream.fork()
    expect(fork.push({ word: 2 })).toEqual(stream.push({ word: 2 }))
    stream.reset()
    expect(Array.from(stream.push(5).scores)).toEqual(pushed[0])
  })

  test('gives the weights of an attention as long as its memory', async () => {
    const model = attending()
    const stream = model.stream({ source: [1, 2, 3] })
    const weights = Array.from(stream.push(0).weights)
    expect(weights).toHaveLength(3)
    expect(weights.reduce((sum, x) => sum + x)).toBeCloseTo(1, 6)
  })

  test('a model of vectors alone is pushed whole', async () => {
    const model = graph(({ input }) => {
      const [a, b] = [input.vector('a', { size: 2 }), input.vector('b', { size: 2 })]
      return { sum: add(a, b) }
    })
    expect(Array.from(model.stream().push({ a: [1, 2], b: [3, 4] }).sum)).toEqual([4, 6])
  })

  test('one of two axes is named', async () => {
    const model = graph(({ input }) => {
      const a = input.sequence('a', { size: 2 })
      const b = input.sequence('b', { size: 2, axis: 'other' })
      return { a: gru({ hiddenSize: 2 })(a).output, b: gru({ hiddenSize: 2 })(b).output }
    })
    const [a, b] = [steps(3, 2), steps(2, 2, 2)]
    const whole = await model.predict({ a: [a], b: [b] })
    const stream = model.stream({ a }, { axis: 'other' })
    expect(stream.fixed.a?.toNested()).toEqual(whole.a.toNested())
    expect(b.map((step) => Array.from(stream.push(step).b))).toEqual(whole.b.toNested()[0])
  })
})

describe('what does not fit is refused', () => {
  const refusals: [string, () => unknown, string, string][] = [
    [
      'no context',
      () => attending().stream(),
      'ARGUMENT',
      "stream: expected values for input 'source' at the start, received none",
    ],
    [
      'none for many rows',
      () => attending().session(3),
      'ARGUMENT',
      "session: expected values for input 'source' at the start",
    ],
    [
      'an unknown context',
      () => attending().stream({ sauce: [1] } as never),
      'ARGUMENT',
      'stream context: unknown input "sauce"; did you mean source?',
    ],
    [
      'a step as context',
      () => attending().session({ source: [[1]], target: [[1]] }),
      'ARGUMENT',
      "session: expected input 'target' step by step, received it at the start",
    ],
    [
      'a context of another kind',
      () => attending().session({ source: 'ab' as never }),
      'KIND',
      'session contexts.source: expected an array of rows',
    ],
    [
      'rows of another number',
      () => twoContexts().session({ a: [[1], [2]], b: [[1]] }),
      'SHAPE',
      "input 'b': expected 2 rows",
    ],
    [
      'no rows',
      () => attending().session({ source: [] }),
      'ARGUMENT',
      'session: expected at least 1 row, received 0',
    ],
    ['half a row', () => attending().session(1.5), 'ARGUMENT', 'session: expected a whole number'],
    [
      'too many rows',
      () => plain().session(70_000),
      'SIZE',
      'session: expected at most 65536 rows',
    ],
    [
      'nothing',
      () => attending().session(undefined as never),
      'ARGUMENT',
      'session: expected the number of rows or contexts by name',
    ],
    [
      'contexts for a model without',
      () => plain().session({} as never),
      'ARGUMENT',
      'session: expected the number of rows',
    ],
    [
      'an unknown axis',
      () => plain().stream({}, { axis: 'space' }),
      'ARGUMENT',
      'stream: expected one of the axes ["time"] to step along',
    ],
    [
      'an unknown option',
      () => plain().session(1, { axes: 'time' } as never),
      'ARGUMENT',
      'session: unknown option "axes"',
    ],
    [
      'an axis that is no name',
      () => plain().session(1, { axis: 3 } as never),
      'ARGUMENT',
      'session axis: expected a name',
    ],
    [
      'a reader backwards',
      () => backwards().session(1),
      'ARGUMENT',
      "node 'gru.l0' reads backwards in time",
    ],
    [
      'tokens read both ways',
      () => bothWays().session(1),
      'ARGUMENT',
      "input 't', which node 'shift' shifts and node 'embedding' reads as it is",
    ],
  ]

  test.each(refusals)('%s', async (_, call, code, message) => {
    const refused = expect(new Promise((settle) => settle(call()))).rejects
    await refused.toMatchObject({
      code: `ERR_UNROLLED_${code}`,
      message: expect.stringContaining(message),
    })
  })

  test('steps and orders, and the session goes on', async () => {
    const model = attending()
    const session = await model.session({ source: sources })
    await session.step([0, 0, 0, 0])
    const before = session.state
    const gone = Int32Array.of(0, 1)
    structuredClone(gone, { transfer: [gone.buffer] })
    const shared = new Int32Array(new SharedArrayBuffer(8))
    const hostile = new Proxy([0, 1], {
      get: (list, key) => (key === '1' ? { valueOf: () => 0 } : Reflect.get(list, key)),
    })
    const { proxy, revoke } = Proxy.revocable([0], {})
    revoke()
    const orders: [unknown, string, string][] = [
      [[], 'ARGUMENT', 'reorder: expected at least 1 row'],
      [[4], 'VALUE', 'reorder[0]: expected a row from 0 to 3, received 4'],
      [[0, -1], 'VALUE', 'reorder[1]'],
      [[0.5], 'VALUE', 'reorder[0]'],
      [[undefined], 'VALUE', 'reorder[0]'],
      ['01', 'KIND', 'reorder: expected an array of rows'],
      [Float32Array.of(0), 'KIND', 'reorder: expected an array of rows'],
      [new Array(70_000).fill(0), 'SIZE', 'reorder: expected at most 65536 rows'],
      [gone, 'STATE', 'reorder: expected an array with a buffer of its own'],
      [shared, 'KIND', 'reorder: expected an array with a buffer of its own'],
      [hostile, 'VALUE', 'reorder[1]'],
      [proxy, 'KIND', 'reorder: expected an array of rows'],
    ]
    for (const [order, code, message] of orders) {
      expect(() => session.reorder(order as never), message).toThrow(
        expect.objectContaining({
          code: `ERR_UNROLLED_${code}`,
          message: expect.stringContaining(message),
        }),
      )
    }
    const bad: [unknown, string, string][] = [
      [[0, 0, 0], 'SHAPE', 'step.target: expected 4 rows, received 3'],
      [[0, 0, 0, 6], 'VALUE', "input 'target'"],
      [[0, 0, 0, 1.5], 'VALUE', 'step[3]: expected a whole id from 0'],
      [{ target: [0, 0, 0, 0], source: sources }, 'ARGUMENT', 'step: unknown name "source"'],
      [undefined, 'ARGUMENT', 'step'],
      [proxy, 'KIND', 'step'],
    ]
    for (const [step, code, message] of bad) {
      await expect(session.step(step as never), message).rejects.toMatchObject({
        code: `ERR_UNROLLED_${code}`,
        message: expect.stringContaining(message),
      })
    }
    const states: [unknown, string][] = [
      [3, 'session state: expected an object of states'],
      [{ ...before, other: [[1]] }, 'session state: unknown state "other"'],
      [(await plain().session(4)).state, 'session state: unknown state'],
      [(await model.session({ source: [[1]] })).state, 'expected 4 rows, received 1'],
    ]
    for (const [state, message] of states) {
      expect(() => {
        session.state = state as never
      }, message).toThrow(message)
    }
    expect(session.state).toEqual(before)
    expect(session.rows).toBe(4)
  })

  test('a getter of the step that disposes the session', async () => {
    const session = await attending().session({ source: sources })
    const step = {
      get target() {
        session.dispose()
        return [0, 0, 0, 0]
      },
    }
    await expect(session.step(step)).rejects.toThrow('the session has been disposed')
  })

  test('NaN in a step', async () => {
    const session = await plain().session(1)
    await expect(session.step([[Number.NaN, 1]])).rejects.toMatchObject({
      code: 'ERR_UNROLLED_NON_FINITE',
    })
    const fresh = await plain().session(1)
    expect(rowsOf((await session.step([[1, 1]])).output)).toEqual(
      rowsOf((await fresh.step([[1, 1]])).output),
    )
  })
})

const plain = () => sequential([gru({ inputSize: 2, hiddenSize: 3 })], { seed: 4 })

const backwards = () => sequential([gru({ inputSize: 2, hiddenSize: 3, reverse: true })])

const bothWays = () =>
  graph(({ input }) => {
    const t = input.tokens('t', { vocabularySize: 4 })
    const table = { vocabularySize: 4, size: 3 }
    return { y: concat(embedding(table)(t), embedding(table)(shift({ start: 0 })(t))) }
  })

const twoContexts = () =>
  graph(({ input }) => {
    const [a, b] = [input.vector('a', { size: 1 }), input.vector('b', { size: 1 })]
    const x = input.sequence('x', { size: 1 })
    return { y: gru({ hiddenSize: 2 })(concat(x, a, b)).output }
  })
