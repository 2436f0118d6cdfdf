import { adam, dense, encoderDecoder, graph, lstm, sample, sequential } from 'unrolled'
import { expect, test } from 'vitest'
import { language, logSoftmax } from './models.js'

test('numbers are fed back as a stream would be', async () => {
  const model = sequential([lstm({ inputSize: 2, hiddenSize: 5 }), dense({ size: 2 })], { seed: 4 })
  const prompts = [
    [[0.5, -1]],
    [
      [1, 1],
      [0, 0.25],
      [-0.5, 2],
    ],
  ]
  const rows = await model.freeRun(prompts, { maxSteps: 6 })
  for (const [row, prompt] of prompts.entries()) {
    const stream = model.stream()
    let next: number[] = []
    for (const step of prompt) next = Array.from(stream.push(step).output)
    const expected = [next]
    while (expected.length < 6) {
      next = Array.from(stream.push(next).output)
      expected.push(next)
    }
    expect(rows[row]?.steps).toEqual(expected)
    expect(rows[row]?.finished).toBe(false)
    expect(rows[row]?.score).toBe(0)
  }
})

test('an output ends numbers, drawn or at a half', async () => {
  const model = graph(
    { x: { sequence: { size: 1 } } },
    ({ x }) => {
      const { output } = lstm({ hiddenSize: 5 })(x)
      return { next: dense({ size: 1 })(output), stop: dense({ size: 1, name: 'end' })(output) }
    },
    { seed: 1 },
  )
  model.setParameters({ 'end.bias': Float32Array.of(-1) })
  const x = Array.from({ length: 200 }, () => [[0.5]])
  const options = { output: 'next', stop: 'stop', maxSteps: 30 }
  const rows = await model.freeRun(x, { ...options, search: sample({ seed: 1 }) })
  const lengths = rows.map(({ steps }) => steps.length)
  expect(new Set(lengths).size).toBeGreaterThan(4)
  // The rows are alike: the part that ends at once is the probability of that, within four deviations.
  const stream = model.stream()
  const [logit = 0] = stream.push([0.5]).stop
  const p = 1 / (1 + Math.exp(-logit))
  const once = lengths.filter((length) => length === 1).length / 200
  expect(Math.abs(once - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / 200))
  expect((await model.freeRun(x.slice(0, 1), options))[0]?.steps).toHaveLength(30)
  model.setParameters({ 'end.bias': Float32Array.of(50) })
  const [ended] = await model.freeRun(x.slice(0, 1), { ...options, minSteps: 3 })
  expect(ended).toMatchObject({ finished: true, steps: { length: 3 } })
})

test('the exposure gap is the loss after own tokens over that after true ones', async () => {
  const model = language(5)
  const x = [
    [0, 3, 1, 2],
    [4, 4],
    [2, 0, 1],
  ]
  const y = [
    [3, 1, 2, 0],
    [4, 1],
    [0, 1, 4],
  ]
  const { forced, free, gap } = await model.exposureGap({ x, y })
  const mean = async (fed: number[][]) => {
    const { output } = await model.predict(fed)
    const logs = output
      .toNested()
      .flatMap((row, r) => row.map((at, t) => -(logSoftmax(at)[y[r]?.[t] ?? 0] ?? 0)))
    return logs.reduce((sum, log) => sum + log, 0) / logs.length
  }
  const own: number[][] = []
  for (const row of x) {
    const [made] = await model.generate([row.slice(0, 1)], { maxSteps: 3 })
    own.push([...row.slice(0, 1), ...(made?.tokens ?? [])].slice(0, row.length))
  }
  expect(forced).toBeCloseTo(await mean(x), 5)
  expect(free).toBeCloseTo(await mean(own), 5)
  expect(gap).toBe(free - forced)
})

test('a model that has learned a noisy grammar has a gap, with a shift as well', async () => {
  // Letters go up by one or two, and the parity of the second letter comes back at the end.
  let state = 7
  const draw = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 1
    return (state >>> 8) % below
  }
  const target = Array.from({ length: 200 }, () => {
    const row = [1 + draw(6)]
    while (row.length < 7) row.push(1 + (((row.at(-1) ?? 0) + draw(2)) % 6))
    return row
  })
  const model = encoderDecoder({
    source: { vocabularySize: 2 },
    target: { vocabularySize: 7, start: 0 },
    hiddenSize: 16,
    seed: 2,
  })
  const x = { source: target.map(() => [1]), target }
  await model.fit(
    { x, y: { scores: target } },
    { loss: 'crossEntropy', optimizer: adam({ learningRate: 0.02 }), epochs: 12 },
  )
  for (const search of ['greedy', sample({ seed: 1 })] as const) {
    const { forced, free } = await model.exposureGap({ x, y: { scores: target } }, { search })
    expect(forced).toBeLessThan(1.2)
    expect(free).toBeGreaterThan(forced + 0.3)
  }
})
