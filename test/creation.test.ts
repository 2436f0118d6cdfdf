import { dense, lstm, sequential } from 'unrolled'
import { describe, expect, test } from 'vitest'

const large = (hiddenSize = 300) =>
  sequential([lstm({ inputSize: 3, hiddenSize }), dense({ size: 2 })], { seed: 3 })

const x = { values: new Float32Array(12).fill(0.5), shape: [2, 2, 3] }

describe('first weights that take long to draw', () => {
  test('are drawn beside the event loop', async () => {
    let last = performance.now()
    let longest = 0
    const look = () => {
      longest = Math.max(longest, performance.now() - last)
      last = performance.now()
    }
    const timer = setInterval(look, 1)
    const began = performance.now()
    const model = large(1024)
    await model.predict(x)
    look()
    clearInterval(timer)
    // Other processes take their part of the time; a blocked loop would miss all of it.
    expect(longest).toBeLessThan(Math.max(50, (performance.now() - began) / 4))
  })

  test('are awaited by whatever needs them, and the same for all', async () => {
    const expected = (await large().predict(x)).output.values
    const { 'dense.weight': weight, 'lstm.weight_hh_l0': recurrent } = large().parameters()
    expect(weight?.values.some((value) => value !== 0)).toBe(true)
    expect(recurrent?.values).toHaveLength(4 * 300 * 300)
    const copy = large()
    copy.setParameters(large().parameters())
    expect((await copy.predict(x)).output.values).toEqual(expected)
    expect(Buffer.compare(large().toBytes(), large().toBytes())).toBe(0)
    const stream = large().stream()
    stream.push([0.5, 0.5, 0.5])
    expect(stream.push([0.5, 0.5, 0.5])).toBeDefined()
    const history = await large().fit(
      { x, y: { values: new Float32Array(8), shape: [2, 2, 2] } },
      { loss: 'meanSquared', epochs: 1 },
    )
    expect(history.epochs).toHaveLength(1)
  })

  test('are those of a call before other weights are set', async () => {
    const expected = (await large().predict(x)).output.values
    const model = large()
    const prediction = model.predict(x)
    const zero = { 'dense.weight': new Float32Array(600), 'dense.bias': new Float32Array(2) }
    model.setParameters(zero)
    const after = model.predict(x)
    expect((await prediction).output.values).toEqual(expected)
    expect((await after).output.values).toEqual(new Float32Array(8))
  })

  test('are not waited for by a model that is disposed', async () => {
    const model = large(1500)
    expect(model.parameterCount).toBeGreaterThan(9e6)
    model.dispose()
    await expect(model.predict(x)).rejects.toMatchObject({ code: 'ERR_UNROLLED_STATE' })
  })
})
