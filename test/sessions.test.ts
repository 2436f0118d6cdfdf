import { add, concat, graph, gru, lstm, sequential } from 'unrolled'
import { describe, expect, test } from 'vitest'
import { numbers, steps } from './support/networks.js'
import { attending, captions, rowsOf, sources, targets, WORDS } from './support/sessions.js'

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
