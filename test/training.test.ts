import { readFile } from 'node:fs/promises'
import { dense, dropout, embedding, graph, gru, last, lstm, rnn, sequential, sgd } from 'unrolled'
import { describe, expect, test } from 'vitest'
import { options, regressor, rows } from './support/networks.js'

describe('training', () => {
  test('the same seed gives the same bits, another seed others', async () => {
    const train = async (seed: number) => {
      const model = sequential(
        [gru({ inputSize: 1, hiddenSize: 7 }), last(), dropout({ rate: 0.2 }), dense({ size: 1 })],
        { seed: 1 },
      )
      await model.fit(rows(20), { ...options, epochs: 3, batchSize: 8, seed })
      return model.parameters()
    }
    const first = await train(1)
    expect(await train(1)).toEqual(first)
    expect(await train(2)).not.toEqual(first)
  })

  test('a step of plain descent is the learning rate times the gradient, by differences', async () => {
    const model = regressor()
    const data = rows(6)
    const before = model.parameters()
    const weight = before['dense.weight']?.values ?? new Float32Array()
    const loss = async (at: number, by: number) => {
      model.setParameters({
        'dense.weight': weight.map((value, i) => (i === at ? value + by : value)),
      })
      return (await model.evaluate(data, { loss: 'meanSquared' })).loss
    }
    const slopes: number[] = []
    for (const at of weight.keys())
      slopes.push(((await loss(at, 0.01)) - (await loss(at, -0.01))) / 0.02)
    model.setParameters(before)
    await model.fit(data, { loss: 'meanSquared', optimizer: sgd({ learningRate: 0.5 }) })
    const after = model.parameters()['dense.weight']?.values ?? new Float32Array()
    for (const [at, slope] of slopes.entries()) {
      expect(after[at]).toBeCloseTo((weight[at] ?? 0) - 0.5 * slope, 4)
    }
  })

  test('with operands in bf16 it learns the same, by nearly the same way', async () => {
    const losses = async (precision: 'f32' | 'bf16') => {
      const model = sequential(
        [lstm({ inputSize: 1, hiddenSize: 20 }), last(), dense({ size: 1 })],
        { seed: 1, precision },
      )
      const { epochs } = await model.fit(rows(40), { ...options, epochs: 60 })
      return epochs.map(({ loss }) => loss)
    }
    const [full, rounded] = [await losses('f32'), await losses('bf16')]
    expect(rounded.at(-1)).toBeLessThan((rounded[0] ?? 0) / 10)
    expect(rounded).not.toEqual(full)
    for (const [epoch, loss] of full.slice(0, 20).entries()) {
      expect(Math.abs((rounded[epoch] ?? 0) - loss)).toBeLessThan(0.02 * loss)
    }
  })

  test('targets that are ignored count for nothing', async () => {
    const model = sequential([
      embedding({ vocabularySize: 4, size: 3 }),
      gru({ hiddenSize: 5 }),
      dense({ size: 4 }),
    ])
    const { crossEntropy } = await import('unrolled')
    const loss = crossEntropy({ ignore: 3 })
    const x = [[0, 1, 2, 1]]
    const scored = { loss, metrics: ['accuracy', 'perplexity'] } as const
    const some = await model.evaluate({ x, y: [[1, 2, 3, 3]] }, scored)
    const alone = await model.evaluate({ x: [[0, 1]], y: [[1, 2]] }, scored)
    expect(some.loss).toBeCloseTo(alone.loss, 6)
    expect(some.accuracy).toBe(alone.accuracy)
    expect(some.perplexity).toBeCloseTo(Math.exp(some.loss), 6)
  })

  test('an evaluation does not depend on how the data are cut', async () => {
    const model = graph(({ input }) => {
      const { output } = gru({ hiddenSize: 6 })(input.sequence('x', { size: 1 }))
      return {
        tags: dense({ size: 3 })(output),
        flag: dense({ size: 1, name: 'flag' })(last()(output)),
        value: dense({ size: 2, name: 'value' })(output),
      }
    })
    const { crossEntropy, meanSquared } = await import('unrolled')
    const { x } = rows(13)
    const y = {
      tags: x.map((row, r) => row.map((_, t) => (r + t) % 3)),
      flag: x.map((_, r) => [r % 2]),
      value: x.map((row) => row.map((v) => [v, -v])),
    }
    const loss = {
      tags: crossEntropy({ ignore: 2, classWeights: [1, 3, 1], weight: 0.5 }),
      flag: 'binaryCrossEntropy',
      value: meanSquared({ reduction: 'sum', weight: 0.25 }),
    } as const
    const score = (batchSize: number) =>
      model.evaluate({ x: { x }, y }, { loss, batchSize, metrics: ['accuracy'] })
    const whole = await score(13)
    for (const batchSize of [1, 4, 5]) {
      const cut = await score(batchSize)
      expect(cut.loss).toBeCloseTo(whole.loss, 9)
      expect(cut.accuracy).toBe(whole.accuracy)
    }
    const { epochs } = await model.fit(
      { x: { x }, y },
      { loss, optimizer: sgd({ learningRate: 1e-30 }) },
    )
    expect(epochs[0]?.loss).toBeCloseTo(whole.loss, 9)
  })

  test('accuracy is of outputs that can be right or wrong', async () => {
    const model = graph(({ input }) => {
      const x = input.vector('x', { size: 1 })
      return { a: dense({ size: 2 })(x), b: dense({ size: 4, name: 'b' })(x) }
    })
    model.setParameters({
      'dense.weight': Float32Array.of(0, 0),
      'dense.bias': Float32Array.of(1, 0),
    })
    const x = { x: [[1], [2], [3], [4]] }
    const b = x.x.map(() => [0, 0, 0, 0])
    const loss = { a: 'crossEntropy', b: 'meanSquared' } as const
    const metrics = ['accuracy'] as const
    const scores = await model.evaluate({ x, y: { a: [0, 0, 0, 1], b } }, { loss, metrics })
    expect(scores.accuracy).toBe(0.75)
    const alone = { loss: { b: 'meanSquared' }, metrics } as const
    expect((await model.evaluate({ x, y: { b } }, alone)).accuracy).toBeNaN()
  })

  test.each([-1, -100])('targets of %i do not count if that is asked for', async (ignore) => {
    const { crossEntropy } = await import('unrolled')
    const model = sequential([embedding({ vocabularySize: 4, size: 3 }), dense({ size: 4 })])
    const x = [[0, 1, 2]]
    const loss = crossEntropy({ ignore })
    const some = await model.evaluate({ x, y: [[1, ignore, ignore]] }, { loss })
    const alone = await model.evaluate({ x: [[0]], y: [[1]] }, { loss })
    expect(some.loss).toBeCloseTo(alone.loss, 6)
    for (const y of [[[1, 1, -2]], [Int32Array.of(1, 1, -2)]]) {
      await expect(model.evaluate({ x, y }, { loss })).rejects.toThrow(
        `evaluate data y[0][2]: expected a whole id from 0 or ${ignore}, received -2`,
      )
    }
    const y = { values: Int32Array.of(1, 1, -1), shape: [1, 3] }
    await expect(model.evaluate({ x, y }, { loss: 'crossEntropy' })).rejects.toMatchObject({
      code: 'ERR_UNROLLED_VALUE',
    })
  })

  test('carried states are the states of the long sequence', async () => {
    const x = Array.from({ length: 12 }, (_, t) => Math.sin(t))
    const whole = rnn({ inputSize: 1, hiddenSize: 4 })
    const make = () => sequential([whole, dense({ size: 1 })], { seed: 6 })
    const still = { loss: 'meanSquared', optimizer: sgd({ learningRate: 1e-30 }) } as const
    const long = await make().fit({ x: [x], y: [x] }, still)
    const pieces = [0, 4, 8].map((at) => ({ x: [x.slice(at, at + 4)], y: [x.slice(at, at + 4)] }))
    const carried = await make().fit(pieces, { ...still, carry: true })
    const fresh = await make().fit(pieces, still)
    expect(carried.epochs[0]?.loss).toBeCloseTo(long.epochs[0]?.loss ?? 0, 6)
    expect(fresh.epochs[0]?.loss).not.toBeCloseTo(long.epochs[0]?.loss ?? 0, 6)
  })

  test('truncation at or beyond the length is none, to the bit', async () => {
    const { x } = rows(9)
    const train = async (truncate?: { k1: number; k2: number }) => {
      const model = sequential([gru({ inputSize: 1, hiddenSize: 5 }), dense({ size: 1 })], {
        seed: 8,
      })
      await model.fit({ x, y: x }, { ...options, batchSize: 9, ...(truncate && { truncate }) })
      return model.parameters()
    }
    const full = await train()
    expect(await train({ k1: 5, k2: 5 })).toEqual(full)
    expect(await train({ k1: 2, k2: 9 })).toEqual(full)
    expect(await train({ k1: 1, k2: 1 })).not.toEqual(full)
  })

  test('a run ends with the step that fails, though the next was sent', async () => {
    const good = rows(8)
    const bad = { x: [[Number.NaN]], y: [[1]] }
    const [once, ended] = [regressor(), regressor()]
    await once.fit([good], options)
    await expect(ended.fit([good, bad, good, good], options)).rejects.toMatchObject({
      code: 'ERR_UNROLLED_NON_FINITE',
    })
    expect(ended.parameters()).toEqual(once.parameters())
  })

  test('a model disposed in the middle of a run ends it', async () => {
    const model = regressor()
    const run = model.fit(rows(64), { ...options, epochs: 10_000 })
    setTimeout(() => model.dispose(), 20)
    await expect(run).rejects.toMatchObject({ code: 'ERR_UNROLLED_STATE' })
  })

  test('files are read while a step runs', async () => {
    const model = sequential([lstm({ inputSize: 1, hiddenSize: 128 }), last(), dense({ size: 1 })])
    const x = { values: new Float32Array(32 * 2000), shape: [32, 2000, 1] }
    const y = { values: new Float32Array(32), shape: [32, 1] }
    const order: string[] = []
    const run = model.fit({ x, y }, { ...options, batchSize: 32 }).then(() => order.push('fit'))
    await new Promise((resolve) => setTimeout(resolve, 5))
    const reads = ['README.md', 'package.json', 'index.d.ts', 'LICENSE', 'tsconfig.json']
    await Promise.all(reads.map((path) => readFile(path)))
    order.push('read')
    await run
    expect(order).toEqual(['read', 'fit'])
  })

  test('runs that share the threads give the bits that each gives alone', async () => {
    const run = async (seed: number): Promise<unknown> => {
      const model = sequential(
        [lstm({ inputSize: 2, hiddenSize: 48 }), dropout({ rate: 0.2 }), dense({ size: 1 })],
        { seed },
      )
      const x = Array.from({ length: 40 }, (_, row) =>
        Array.from({ length: 5 + (row % 20) }, (_, t) => [Math.sin(row + t), Math.cos(row * t)]),
      )
      const y = x.map((steps) => steps.map(([first = 0]) => [first / 2]))
      const { epochs } = await model.fit(
        { x, y },
        { loss: 'meanSquared', epochs: 2, batchSize: 40 },
      )
      return [epochs.map(({ loss }) => loss), model.parameters()]
    }
    const seeds = [1, 2, 3, 4]
    const together = await Promise.all(seeds.map(run))
    for (const [index, seed] of seeds.entries()) expect(together[index]).toEqual(await run(seed))
  })

  test('predictions and evaluations go on during a run', async () => {
    const model = regressor()
    const run = model.fit(rows(64), { ...options, epochs: 5, batchSize: 4 })
    const before = await model.predict([[1, 2]])
    expect(before.output.shape).toEqual([1, 1])
    expect((await model.evaluate(rows(4), { loss: 'meanSquared' })).loss).toBeGreaterThan(0)
    expect((await run).epochs).toHaveLength(5)
  })

  test('a signal in the middle of a run leaves a model that goes on', async () => {
    const model = regressor()
    const controller = new AbortController()
    const run = model.fit(rows(64), { ...options, epochs: 10_000, signal: controller.signal })
    setTimeout(() => controller.abort(), 20)
    await expect(run).rejects.toMatchObject({ name: 'AbortError' })
    const { epochs } = await model.fit(rows(4), options)
    expect(epochs[0]?.loss).toBeGreaterThan(0)
  })
})

describe('memory', () => {
  test('segments of time give the same bits and take less', async () => {
    const train = async (memory?: 'sqrt' | number) => {
      const model = sequential([lstm({ inputSize: 1, hiddenSize: 8 }), dense({ size: 1 })])
      const x = Array.from({ length: 4 }, (_, row) =>
        Array.from({ length: 300 }, (_, t) => Math.fround(Math.sin(row + t / 3))),
      )
      const history = await model.fit({ x, y: x }, { ...options, ...(memory && { memory }) })
      return { parameters: model.parameters(), history }
    }
    const whole = await train()
    const { history, parameters } = await train('sqrt')
    const tape = history.memory?.tape ?? 0
    expect(parameters).toEqual(whole.parameters)
    expect(history.epochs[0]?.loss).toBe(whole.history.epochs[0]?.loss)
    expect(tape).toBeLessThan((whole.history.memory?.tape ?? 0) / 3)
    const budget = 2 * tape
    const fitted = await train(budget)
    expect(fitted.parameters).toEqual(whole.parameters)
    expect(fitted.history.memory?.tape).toBeLessThanOrEqual(budget)
    await expect(train(1000)).rejects.toMatchObject({ code: 'ERR_UNROLLED_SIZE' })
  })

  test('a run says what it holds', async () => {
    const model = regressor()
    const { memory } = await model.fit(rows(2), options)
    const bytes = 4 * model.parameterCount
    expect(memory).toEqual({
      tape: expect.any(Number),
      gradients: bytes,
      optimizer: expect.any(Number),
      weights: expect.any(Number),
    })
    expect(memory?.tape).toBeGreaterThan(0)
    expect(memory?.weights).toBeGreaterThan(bytes)
  })
})
