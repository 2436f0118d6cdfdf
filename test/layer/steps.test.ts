import {
  adam,
  add,
  affine,
  cell,
  concat,
  constant,
  embedding,
  graph,
  linear,
  lstm,
  multiply,
  oneHot,
  repeat,
  scan,
  sgd,
  shift,
  stepIndex,
  type Token,
  tanh,
  type Vector,
} from 'unrolled'
import { describe, expect, test } from 'vitest'

const steps = (count: number, size: number, seed = 1) =>
  Array.from({ length: count }, (_, t) =>
    Array.from({ length: size }, (_, k) => Math.sin(seed + 3 * t + k)),
  )

describe('a system of its own', () => {
  const S = [
    [0.5, -1],
    [2, 0.25],
    [0, 0],
  ]

  test('two nested calls are two steps, bit for bit', async () => {
    const model = graph(
      { s: { vector: { size: 2 } } },
      ({ s }) => {
        const f = linear(2, { name: 'f' })
        const step = cell({ s: 2 }, ({ s }, _: undefined) => ({ s: tanh(f(s)) }))
        const { output, state } = scan(step)(2, { initial: { s } })
        return { output, last: state.s, first: tanh(f(s)), second: tanh(f(tanh(f(s)))) }
      },
      { seed: 3 },
    )
    expect(Object.keys(model.parameters())).toEqual(['scan.f.weight', 'scan.f.bias'])
    const { output, last, first, second } = await model.predict({ s: S })
    expect(output.shape).toEqual([3, 2, 2])
    expect(last.toNested()).toEqual(second.toNested())
    expect(output.toNested()).toEqual(
      first.toNested().map((step, row) => [step, second.toNested()[row]]),
    )
    expect(
      last
        .toNested()
        .flat()
        .some((x) => x !== 0),
    ).toBe(true)
  })

  test('learns from targets at each of its steps, and is no stream', async () => {
    const model = graph(
      { s: { vector: { size: 2 } } },
      ({ s }) => {
        const step = cell({ h: 8 }, ({ h }, _: undefined) => ({ h: tanh(linear(8)(h)) }))
        const start = linear(8, { name: 'start' })(s)
        return { y: linear(1)(scan(step)(4, { initial: { h: start } }).output) }
      },
      { seed: 2 },
    )
    const y = S.map(([a = 0, b = 0]) => [[a], [b], [a / 2], [-b / 2]])
    const options = { loss: 'meanSquared', optimizer: adam({ learningRate: 0.01 }) } as const
    const history = await model.fit({ x: S, y }, { ...options, epochs: 300 })
    expect(history.epochs.at(-1)?.loss).toBeLessThan(0.05 * (history.epochs[0]?.loss ?? 0))
    const wrong = { x: S, y: S.map(() => [[0], [0], [0]]) }
    await expect(model.fit(wrong, options)).rejects.toMatchObject({ code: 'ERR_UNROLLED_SHAPE' })
    expect(() => model.stream()).toThrow('runs for a fixed number of steps')
  })

  test('a bad number of steps is refused', () => {
    const step = cell({ s: 2 }, ({ s }, _: undefined) => ({ s }))
    expect(() => scan(step)(3)).toThrow('scan: expected a call while a graph is declared')
    for (const count of [0, -1, 1.5, 2 ** 24 + 1]) {
      const build = () =>
        graph({ s: { vector: { size: 2 } } }, ({ s }) => ({
          y: scan(step)(count, { initial: { s } }).output,
        }))
      expect(build).toThrow(
        /a whole number of at least 1, received|from 1 to 16777216 steps, received/,
      )
    }
  })
})

describe('repeat', () => {
  test('gives a vector or an id to each step', async () => {
    const model = graph(
      {
        v: { vector: { size: 2 } },
        id: { token: { vocabularySize: 3 } },
        x: { sequence: { size: 1 } },
      },
      ({ v, id, x }) => ({
        three: repeat(v, 3),
        ids: oneHot(repeat(id, 3)),
        like: repeat(v, x),
        both: add(repeat(v, 3), repeat(affine(v, { scale: -1 }), 3)),
      }),
    )
    const { three, ids, like, both } = await model.predict({
      v: [
        [1, 2],
        [3, 4],
      ],
      id: [2, 0],
      x: [[[0], [0]], []],
    })
    expect(three.toNested()).toEqual([
      [
        [1, 2],
        [1, 2],
        [1, 2],
      ],
      [
        [3, 4],
        [3, 4],
        [3, 4],
      ],
    ])
    expect(ids.toNested()).toEqual([new Array(3).fill([0, 0, 1]), new Array(3).fill([1, 0, 0])])
    expect(like.toNested()).toEqual([
      [
        [1, 2],
        [1, 2],
      ],
      [],
    ])
    expect(both.toNested().flat(2)).toEqual(new Array(12).fill(0))
  })

  test('a vector becomes a sequence: the layer sees it at each step', async () => {
    const build = (fed: boolean) =>
      graph(
        { v: { vector: { size: 2 } }, x: { sequence: { size: 2 } } },
        ({ v, x }) => ({ y: lstm({ hiddenSize: 3 })(fed ? x : repeat(v, 4)).output, x, v }),
        { seed: 9 },
      )
    const v = steps(3, 2)
    const data = { v, x: v.map((step) => new Array(4).fill(step)) }
    const [a, b] = [await build(false).predict(data), await build(true).predict(data)]
    expect(a.y.toNested()).toEqual(b.y.toNested())
  })

  test('refuses what has steps, and a step', () => {
    const code = (build: (x: never, v: never) => unknown) => {
      try {
        graph({ x: { sequence: { size: 2 } }, v: { vector: { size: 2 } } }, ({ x, v }) => {
          build(x as never, v as never)
          return { v }
        })
      } catch (error) {
        return (error as { code: string }).code
      }
      return undefined
    }
    expect(code((x) => repeat(x, 3))).toBe('ERR_UNROLLED_KIND')
    expect(code((_, v) => repeat(v, v))).toBe('ERR_UNROLLED_KIND')
    expect(code((_, v) => repeat(v, 0))).toBe('ERR_UNROLLED_ARGUMENT')
    expect(code((_, v) => repeat(v, '3' as never))).toBe('ERR_UNROLLED_ARGUMENT')
    const within = cell({ h: 2 }, ({ h }) => ({
      h: scan(cell({ h: 2 }, (s) => s))(repeat(h, 3)).state.h,
    }))
    expect(code((x) => scan(within)(x))).toBe('ERR_UNROLLED_KIND')
  })
})

describe('several inputs of a step', () => {
  test('are those of one sequence side by side', async () => {
    const build = (named: boolean) =>
      graph(
        {
          a: { sequence: { size: 2 } },
          b: { sequence: { size: 1 } },
          t: { tokens: { vocabularySize: 4 } },
        },
        ({ a, b, t }) => {
          const mixed = (h: Vector, a: Vector, b: Vector, e: Vector) => ({
            h: tanh(linear(3, { name: 'w' })(concat(a, b, e, h))),
          })
          const table = embedding({ size: 2, name: 'table', initializer: 'pytorch' })
          const e = table(t)
          if (named) {
            const step = cell({ h: 3 }, ({ h }, x: { a: Vector<2>; b: Vector<1>; ids: Token<4> }) =>
              mixed(h, x.a, x.b, table(x.ids)),
            )
            return { y: scan(step)({ a, b, ids: t }).output }
          }
          const step = cell({ h: 3 }, ({ h }, x: { a: Vector<2>; b: Vector<1>; e: Vector<2> }) =>
            mixed(h, x.a, x.b, x.e),
          )
          return { y: scan(step)({ a, b, e }).output }
        },
        { seed: 4 },
      )
    const data = {
      a: [steps(5, 2), steps(2, 2, 7)],
      b: [steps(5, 1, 3), steps(2, 1, 4)],
      t: [
        [0, 3, 2, 1, 1],
        [2, 2],
      ],
    }
    const [named, apart] = [build(true), build(false)]
    expect(named.parameters()).toEqual(apart.parameters())
    const { y } = await named.predict(data)
    expect(y.toNested()).toEqual((await apart.predict(data)).y.toNested())
    // Step by step too.
    const stream = named.stream()
    const pushed = [0, 1, 2, 3, 4].map((t) =>
      Array.from(
        stream.push({
          a: data.a[0]?.[t] ?? [],
          b: data.b[0]?.[t] ?? [],
          t: data.t[0]?.[t] ?? 0,
        } as never).y,
      ),
    )
    expect(pushed).toEqual(y.toNested()[0])
  })

  test('tokens alone are the ids of a step', async () => {
    const model = graph({ t: { tokens: { vocabularySize: 3 } } }, ({ t }) => {
      const counts = cell({ n: 3 }, ({ n }, id: Token<3>) => ({ n: add(n, oneHot(id)) }))
      return { y: scan(counts)(t).state.n }
    })
    const { y } = await model.predict([[2, 0, 2, 2, 1], []])
    expect(y.toNested()).toEqual([
      [1, 1, 3],
      [0, 0, 0],
    ])
  })

  test('are refused on two axes, as vectors, and beside a state of their name', () => {
    const message = (build: (a: never, b: never, v: never) => unknown) => {
      try {
        graph(({ input }) => {
          const a = input.sequence('a', { size: 1 })
          const b = input.sequence('b', { size: 1, axis: 'other' })
          const v = input.vector('v', { size: 1 })
          build(a as never, b as never, v as never)
          return { v }
        })
      } catch (error) {
        return (error as Error).message
      }
      return undefined
    }
    const own = scan(cell({ h: 1 }, (s) => s)) as unknown as (x: object) => unknown
    expect(message((a, b) => own({ a, b }))).toBe(
      'scan input b: expected a value of the axis "time", received one of the axis "other"',
    )
    expect(message((a, _, v) => own({ a, v }))).toContain(
      'scan input v: expected a sequence or tokens',
    )
    expect(message(() => own({}))).toContain('scan: expected at least one sequence, received none')
    expect(message((a) => own({ a, b: 1 }))).toContain(
      'scan input b: expected a sequence or tokens',
    )
    const clash = scan(cell({ 'x.a': 1 }, (s) => s)) as unknown as (x: object) => unknown
    expect(message((a) => clash({ a }))).toContain('expected a name that no input of the step has')
    expect(message((a) => own(lstm({ hiddenSize: 1 })(a) as never))).toContain('layer(x).output')
  })
})

describe('the step index', () => {
  test('counts from 0, in pieces and streams too', async () => {
    const model = graph({ t: { tokens: { vocabularySize: 3 } } }, ({ t }) => ({
      y: concat(stepIndex(t), affine(stepIndex(t), { scale: 2 })),
    }))
    const { y, state } = await model.predict([[0, 1, 2], [1], []])
    expect(y.toNested()).toEqual([
      [
        [0, 0],
        [1, 2],
        [2, 4],
      ],
      [[0, 0]],
      [],
    ])
    const more = await model.predict([[0, 0], [], [2]], { state })
    expect(more.y.toNested()).toEqual([
      [
        [3, 6],
        [4, 8],
      ],
      [],
      [[0, 0]],
    ])
    const stream = model.stream()
    expect([0, 1, 2].map(() => Array.from(stream.push({ t: 0 }).y))).toEqual(y.toNested()[0])
  })
})

describe('a shift by several steps', () => {
  const late = (x: number[][], by: number, first: number[][]) =>
    x.map((_, t) => (t < by ? (first[t] ?? []) : (x[t - by] ?? [])))

  test.each([1, 2, 3, 8])('by %i', async (by) => {
    const model = graph(({ input }) => {
      const x = input.sequence('x', { size: 2 })
      const first = input.vector('first', { size: 2 * by })
      return {
        zeros: shift({ by })(x),
        begun: shift({ by, name: 'begun' })(x, { initial: first as never }),
        product: multiply(shift({ by, name: 'again' })(x), constant([2])),
      }
    })
    const x = [steps(5, 2), steps(2, 2, 5), []]
    const first = x.map((_, row) => steps(by, 2, 10 + row))
    const data = { x, first: first.map((it) => it.flat()) }
    const found = await model.predict(data)
    const float = (it: number[][][]) => it.map((row) => row.map((s) => s.map(Math.fround)))
    const zeros = x.map((row) => late(row, by, new Array(by).fill([0, 0])))
    expect(found.zeros.toNested()).toEqual(float(zeros))
    expect(found.begun.toNested()).toEqual(float(x.map((row, r) => late(row, by, first[r] ?? []))))
    expect(found.product.toNested()).toEqual(
      float(zeros).map((r) => r.map((s) => s.map((n) => 2 * n))),
    )
  })

  test('goes on in pieces, streams, carried states and truncation', async () => {
    const model = () =>
      graph({ x: { sequence: { size: 1 } } }, ({ x }) => ({ y: shift({ by: 3 })(x) }))
    const x = steps(7, 1).map((step) => step.map(Math.fround))
    const whole = late(x, 3, [[0], [0], [0]])
    const it = model()
    const first = await it.predict([x.slice(0, 2)])
    expect(Object.keys(first.state)).toEqual(['shift:last', 'shift_1:last', 'shift_2:last'])
    const rest = await it.predict([x.slice(2)], { state: first.state })
    expect([...(first.y.toNested()[0] ?? []), ...(rest.y.toNested()[0] ?? [])]).toEqual(whole)
    const stream = it.stream()
    expect(x.map((step) => Array.from(stream.push(step as never).y))).toEqual(whole)
    const trained = () =>
      graph({ x: { sequence: { size: 1 } } }, ({ x }) => ({ y: linear(1)(shift({ by: 3 })(x)) }), {
        seed: 1,
      })
    const still = { loss: 'meanSquared', optimizer: sgd({ learningRate: 1e-30 }) } as const
    const y = steps(7, 1, 4)
    const once = await trained().fit({ x: [x], y: [y] }, still)
    const cut = await trained().fit({ x: [x], y: [y] }, { ...still, truncate: { k1: 2, k2: 2 } })
    expect(cut.epochs[0]?.loss).toBeCloseTo(once.epochs[0]?.loss ?? 0, 6)
    const pieces = { x: [x.slice(0, 4), x.slice(4)], y: [y.slice(0, 4), y.slice(4)] }
    const carried = await trained().fit(pieces, {
      ...still,
      batchSize: 1,
      shuffle: false,
      carry: true,
    })
    expect(carried.epochs[0]?.loss).toBeCloseTo(once.epochs[0]?.loss ?? 0, 6)
  })

  test('of tokens begins with as many start ids', async () => {
    const model = graph({ t: { tokens: { vocabularySize: 4 } } }, ({ t }) => ({
      y: oneHot(shift({ by: 3, start: 2 })(t)),
    }))
    const { y } = await model.predict([[0, 1, 3, 1, 0], [3], []])
    const ids = y.toNested().map((row) => row.map((step) => step.indexOf(1)))
    expect(ids).toEqual([[2, 2, 2, 0, 1], [2], []])
  })

  test('refuses a delay of no steps', () => {
    for (const by of [0, -1, 1.5, 1001]) {
      expect(() => shift({ by })).toThrow('shift by: expected a whole number from 1 to 1000')
    }
  })
})
