import { dense, encoderDecoder, graph, lstm, sample, sequential } from 'unrolled'
import { expect, test } from 'vitest'

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

test('an encoder-decoder over numbers begins with zeros, and goes on from a prompt', async () => {
  const model = encoderDecoder({
    source: { size: 2 },
    target: { size: 3 },
    hiddenSize: 5,
    attention: 'dot',
    seed: 3,
  })
  const source = [
    [[1, -2]],
    [
      [0.5, 1],
      [2, 0],
      [-1, 3],
    ],
  ]
  const prompts = [
    [
      [0.5, 0, -1],
      [1, 2, 3],
    ],
    [],
  ]
  for (const target of [undefined, prompts]) {
    const made = await model.freeRun({ source, ...(target && { target }) }, { maxSteps: 4 })
    const fed = made.map(({ steps }, row) => [...(target?.[row] ?? []), ...steps])
    const { scores } = await model.predict({ source, target: fed })
    for (const [row, { steps }] of made.entries()) {
      expect(steps).toHaveLength(4)
      expect(scores.toNested()[row]?.slice(-4)).toEqual(steps)
    }
  }
  expect(await model.freeRun(source, { maxSteps: 1 })).toHaveLength(2)
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
