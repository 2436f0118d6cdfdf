import {
  abs,
  activation,
  add,
  cell,
  concat,
  constant,
  detach,
  divide,
  elu,
  exp,
  gelu,
  graph,
  hardSigmoid,
  identity,
  leakyRelu,
  linear,
  log,
  lstm,
  maximum,
  minimum,
  mix,
  multiply,
  type Numeric,
  parameter,
  type Sequence,
  scan,
  sequential,
  sigmoid,
  silu,
  slice,
  softplus,
  sqrt,
  subtract,
  sum,
  tanh,
  type Vector,
  where,
} from 'unrolled'
import { describe, expect, test } from 'vitest'

const SIZE = 3
const X = [
  [
    [1, -2, 0.5],
    [3, -1, 2],
  ],
  [[0.25, -8, 7]],
  [],
]
const V = [
  [2, 4, 0.5],
  [0.5, 3, 8],
  [1, 1, 1],
]

/** Runs a graph of a sequence and a vector: the output by rows. */
async function outputOf(build: (x: never, v: never) => Numeric): Promise<number[][][]> {
  const model = graph(({ input }) => {
    const [x, v] = [input.sequence('x', { size: SIZE }), input.vector('v', { size: SIZE })]
    return { y: build(x as never, v as never), keep: add(x, v) }
  })
  const { y } = await model.predict({ x: X, v: V })
  return (y as { toNested(): number[][][] }).toNested()
}

/** Each step by a function of its numbers and those of the row's vector. */
const each = (of: (a: number, b: number, row: number[]) => number) =>
  X.map((row, r) => row.map((step) => step.map((a, i) => of(a, V[r]?.[i] ?? 0, step))))

const total = (numbers: number[]) => numbers.reduce((sum, x) => sum + x, 0)
const logistic = (x: number) => 1 / (1 + Math.exp(-x))

describe('arithmetic by hand', () => {
  test.each<[string, (x: never, v: never) => Numeric, number[][][]]>([
    ['identity', (x) => identity(x), each((a) => a)],
    ['abs', (x) => abs(x), each((a) => Math.abs(a))],
    ['exp', (x) => exp(x), each((a) => Math.exp(a))],
    ['log', (x, v) => add(log(v), multiply(x, constant([0, 0, 0]))), each((_, b) => Math.log(b))],
    ['sqrt', (x, v) => multiply(sqrt(v), identity(x)), each((a, b) => a * Math.sqrt(b))],
    ['softplus', (x) => softplus(x), each((a) => Math.log(1 + Math.exp(a)))],
    ['hardSigmoid', (x) => hardSigmoid(x), each((a) => Math.min(1, Math.max(0, (a + 3) / 6)))],
    ['silu', (x) => silu(x), each((a) => a * logistic(a))],
    ['elu', (x) => elu(x), each((a) => (a > 0 ? a : Math.exp(a) - 1))],
    [
      'elu with alpha',
      (x) => activation('elu', { alpha: 2 })(x),
      each((a) => (a > 0 ? a : 2 * (Math.exp(a) - 1))),
    ],
    ['leakyRelu', (x) => leakyRelu(x), each((a) => (a > 0 ? a : 0.01 * a))],
    [
      'leakyRelu with a slope',
      (x) => activation('leakyRelu', { slope: 0.2 })(x),
      each((a) => (a > 0 ? a : 0.2 * a)),
    ],
    ['subtract', (x, v) => subtract(x, v), each((a, b) => a - b)],
    ['subtract from a vector', (x, v) => subtract(v, x), each((a, b) => b - a)],
    ['divide', (x, v) => divide(x, v), each((a, b) => a / b)],
    ['divide a vector', (x, v) => divide(v, x), each((a, b) => b / a)],
    ['maximum', (x, v) => maximum(x, v), each((a, b) => Math.max(a, b))],
    ['minimum', (x, v) => minimum(v, x), each((a, b) => Math.min(a, b))],
    [
      'where',
      (x, v) => where(constant([0, 1, -1]), x, v),
      X.map((row, r) => row.map((s) => [V[r]?.[0] ?? 0, s[1] ?? 0, s[2] ?? 0])),
    ],
    [
      'a sum against all numbers',
      (x) => subtract(x, sum(x)),
      each((a, _, step) => a - total(step)),
    ],
    [
      'a softmax of parts',
      (x) => divide(exp(x), sum(exp(x))),
      each((a, _, step) => Math.exp(a) / total(step.map(Math.exp))),
    ],
    [
      'a mixture by one gate',
      (x, v) => mix(x, v, sigmoid(sum(v))),
      X.map((row, r) => {
        const g = logistic(total(V[r] ?? []))
        return row.map((step) => step.map((a, i) => (1 - g) * a + g * (V[r]?.[i] ?? 0)))
      }),
    ],
    ['constants', (x) => add(x, constant([1, 2, 3])), each((a, _, s) => a + s.indexOf(a) + 1)],
    ['a detached value', (x) => detach(x), each((a) => a)],
  ])('%s', async (_, build, expected) => {
    const found = await outputOf(build)
    expect(found.map((row) => row.length)).toEqual([2, 1, 0])
    const [flat, wanted] = [found.flat(2), expected.flat(2)]
    flat.forEach((y, i) => {
      const size = Math.max(1, Math.abs(wanted[i] ?? 0))
      expect(Math.abs(y - (wanted[i] ?? 0)) / size).toBeLessThan(5e-7)
    })
  })

  test('gelu, with values of the table of the normal distribution', async () => {
    const model = graph({ x: { vector: { size: 1 } } }, ({ x }) => ({ y: gelu(x) }))
    const { y } = await model.predict({ x: [[1], [-1], [2], [0], [-3]] })
    const expected = [0.8413447, -0.1586553, 1.9544997, 0, -0.0040497]
    y.toNested().forEach(([value], i) => {
      expect(value).toBeCloseTo(expected[i] ?? 0, 6)
    })
  })
})

describe('parameters of one’s own', () => {
  /** A peephole LSTM (Gers and Schmidhuber, 2000) with a candidate of `tanh`. */
  const peephole = (size: number) =>
    cell({ h: size, c: size }, ({ h, c }, x) => {
      const pre = linear(4 * size, { name: 'gates' })(concat(x, h))
      const part = (i: number) => slice({ start: i * size, size })(pre)
      const from = (name: string, c: Vector) =>
        multiply(parameter(size, { name, initializer: { uniform: 0.5 } }), c)
      const i = sigmoid(add(part(0), from('p_i', c)))
      const f = sigmoid(add(part(1), from('p_f', c)))
      const next = add(multiply(f, c), multiply(i, tanh(part(2))))
      const o = sigmoid(add(part(3), from('p_o', next)))
      return { h: multiply(o, tanh(next)), c: next }
    })

  test('a peephole LSTM is its equations', async () => {
    const [inputs, size, steps] = [2, 3, 5]
    const model = graph({ x: { sequence: { size: inputs } } }, ({ x }) => ({
      y: scan(peephole(size), { name: 'cell' })(x).output,
    }))
    const named = model.parameters()
    expect(Object.keys(named).sort()).toEqual(
      ['cell.gates.bias', 'cell.gates.weight', 'cell.p_f', 'cell.p_i', 'cell.p_o'].sort(),
    )
    expect(named['cell.p_i']?.shape).toEqual([size])
    const of = (name: string) => Array.from(named[name]?.values ?? [])
    const [weight, bias] = [of('cell.gates.weight'), of('cell.gates.bias')]
    const p = { i: of('cell.p_i'), f: of('cell.p_f'), o: of('cell.p_o') }
    expect(p.i.every((value) => value !== 0 && Math.abs(value) <= 0.5)).toBe(true)
    const x = Array.from({ length: steps }, (_, t) => [Math.sin(t + 1), Math.cos(3 * t)])
    let [h, c] = [new Array<number>(size).fill(0), new Array<number>(size).fill(0)]
    const expected = x.map((step) => {
      const input = [...step, ...h]
      const pre = bias.map((b, r) =>
        input.reduce((sum, value, k) => sum + value * (weight[r * input.length + k] ?? 0), b),
      )
      const at = (gate: number, k: number) => pre[gate * size + k] ?? 0
      const next = c.map((old, k) => {
        const i = logistic(at(0, k) + (p.i[k] ?? 0) * old)
        const f = logistic(at(1, k) + (p.f[k] ?? 0) * old)
        return f * old + i * Math.tanh(at(2, k))
      })
      h = next.map((value, k) => logistic(at(3, k) + (p.o[k] ?? 0) * value) * Math.tanh(value))
      c = next
      return h
    })
    const { y } = await model.predict({ x: [x] })
    y.toNested()[0]?.forEach((step, t) => {
      step.forEach((value, k) => {
        expect(value).toBeCloseTo(expected[t]?.[k] ?? 0, 5)
      })
    })
  })

  test('two calls of one scan share them', () => {
    const model = graph({ x: { sequence: { size: 2 } } }, ({ x }) => {
      const layer = scan(peephole(2))
      return { y: layer(layer(x).output).output }
    })
    expect(Object.keys(model.parameters())).toHaveLength(5)
  })

  test('a scale is learned', async () => {
    const model = graph({ x: { vector: { size: 2 } } }, ({ x }) => ({
      y: multiply(x, parameter(2, { initializer: 1, name: 'scale' })),
    }))
    const x = [
      [1, 2],
      [-1, 0.5],
      [2, -3],
    ]
    const y = x.map(([a = 0, b = 0]) => [3 * a, -2 * b])
    await model.fit({ x, y }, { loss: 'meanSquared', optimizer: 'sgd', epochs: 2000 })
    const { scale } = model.parameters()
    expect(scale?.values[0]).toBeCloseTo(3, 3)
    expect(scale?.values[1]).toBeCloseTo(-2, 3)
  })

  test('the gradient stops at a detached value', async () => {
    const model = graph({ x: { vector: { size: 1 } } }, ({ x }) => ({
      y: multiply(detach(linear(1, { name: 'a' })(x)), linear(1, { name: 'b' })(x)),
    }))
    const { parameters } = await model.gradients(
      { x: [[2], [3]], y: [[1], [5]] },
      { loss: 'meanSquared' },
    )
    expect(parameters['a.weight']?.values[0]).toBe(0)
    expect(parameters['b.weight']?.values[0]).not.toBe(0)
  })
})

describe('refused', () => {
  const code = (build: () => unknown): unknown => {
    try {
      build()
    } catch (error) {
      return (error as { code: string }).code
    }
    return undefined
  }
  const model = (build: (x: Vector<3>) => Numeric) => () =>
    graph({ x: { vector: { size: 3 } } }, ({ x }) => ({ y: build(x) }))

  test.each<[string, () => unknown, string]>([
    ['a parameter outside', () => parameter(3), 'ERR_UNROLLED_GRAPH'],
    ['a constant outside', () => constant([1]), 'ERR_UNROLLED_GRAPH'],
    ['no constants', model(() => constant([])), 'ERR_UNROLLED_ARGUMENT'],
    ['a constant NaN', model(() => constant([1, Number.NaN])), 'ERR_UNROLLED_ARGUMENT'],
    ['a parameter of no numbers', model(() => parameter(0)), 'ERR_UNROLLED_ARGUMENT'],
    [
      'two starts of a parameter',
      model(() => parameter(3, { initializer: { uniform: 1, normal: 1 } as never })),
      'ERR_UNROLLED_ARGUMENT',
    ],
    ['a slope for elu', model((x) => activation('elu', { slope: 1 })(x)), 'ERR_UNROLLED_ARGUMENT'],
    ['sizes that differ', model((x) => divide(x, constant([1, 2]) as never)), 'ERR_UNROLLED_SHAPE'],
    [
      'sizes that differ from the second',
      model((x) => where(sum(x), x, constant([1, 2]) as never)),
      'ERR_UNROLLED_SHAPE',
    ],
  ])('%s', (_, build, expected) => {
    expect(code(build)).toBe(expected)
  })

  test('an activation by name takes each', async () => {
    for (const name of ['identity', 'elu', 'leakyRelu', 'gelu', 'silu', 'softplus'] as const) {
      const net = sequential([linear(2), activation(name)], { input: { vector: { size: 1 } } })
      const { output } = await net.predict({ input: [[1]] })
      expect(output.toNested()[0]).toHaveLength(2)
    }
  })
})

test('vectors that no input decides keep no step whole: memory stays bounded', async () => {
  const tape = async (build: (x: Sequence) => Numeric) => {
    const model = graph({ x: { sequence: { size: 2 } } }, ({ x }) => ({ y: build(x) }))
    const x = { values: new Float32Array(4 * 512 * 2).fill(0.5), shape: [4, 512, 2] }
    const y = { values: new Float32Array(4 * 512 * 6), shape: [4, 512, 6] }
    const options = { loss: 'meanSquared', epochs: 1, memory: 'sqrt' } as const
    for await (const event of model.train({ x, y }, options)) {
      if (event.type === 'step') return event.memory.tape
    }
    throw new Error('no step')
  }
  const run = (x: Sequence) => lstm({ hiddenSize: 6 })(x).output
  const plain = await tape((x) => add(run(x), run(x)))
  expect(await tape((x) => add(run(x), run(x), constant([1])))).toBeLessThan(1.3 * plain)
  const learned = (x: Sequence) => multiply(parameter(6, { initializer: 1 }), run(x))
  expect(await tape((x) => add(learned(x), learned(x)))).toBeLessThan(1.3 * plain)
})
