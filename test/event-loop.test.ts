import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { load } from '../ts/index.js'
import { steps, tagger } from './support/networks.js'
import { expectTimers } from './support/timers.js'

describe('short predictions, which are made on the calling thread', () => {
  test('a loop that awaits one after the other lets others run in between', async () => {
    const model = tagger()
    const x = [steps(20, 3)]
    let turns = 0
    let running = true
    const count = async () => {
      while (running) {
        await turn()
        turns += 1
      }
    }
    const counting = count()
    const expected = (await model.predict(x)).output.values
    for (let i = 0; i < 5000; i++) expect((await model.predict(x)).output.values).toEqual(expected)
    running = false
    await counting
    expect(turns).toBeGreaterThan(10)
  })

  test('settle in the order of their calls, those that wait a turn as well', async () => {
    const model = tagger()
    const settled: number[] = []
    const x = [steps(20, 3)]
    const calls = Array.from({ length: 3000 }, async (_, i) => {
      await model.predict(x)
      settled.push(i)
    })
    await Promise.all(calls)
    expect(settled).toEqual([...settled.keys()])
  })

  test('settle in that order where one is refused', async () => {
    const model = tagger()
    const settled: number[] = []
    const calls = [0, Number.NaN, 0].map((x, i) =>
      model.predict([[[x, 0, 0]]]).finally(() => settled.push(i)),
    )
    const outcomes = await Promise.allSettled(calls)
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(settled).toEqual([0, 1, 2])
  })
})

describe('refusals', () => {
  const wrong: never = [[[1]]] as never
  const model = tagger()
  const disposed = tagger()
  disposed.dispose()
  test.each<[string, () => Promise<unknown>]>([
    ['of predict', () => model.predict(wrong)],
    ['of predict, by a model that is disposed', () => disposed.predict([[[1, 1, 1]]])],
    ['of evaluate', () => model.evaluate({ x: wrong, y: [] }, { loss: 'meanSquared' })],
    ['of fit', () => model.fit({ x: wrong, y: [] }, { loss: 'meanSquared' })],
    ['of gradients', () => model.gradients({ x: wrong, y: [] }, { loss: 'meanSquared' })],
    ['of save', () => model.save(wrong)],
    ['of save, by a model that is disposed', () => disposed.save('model.safetensors')],
    ['of load', () => load(wrong)],
    ['of options of load', () => load('model.safetensors', wrong)],
    ['of fit without its model', () => Reflect.apply(model.fit, undefined, [])],
  ])('a loop %s lets timers fire', async (_, refused) => {
    await expectTimers(refused)
  })

  test('settle after the calls before, and before the calls after', async () => {
    const settled: string[] = []
    const long = { values: new Float32Array(64 * 300 * 3), shape: [64, 300, 3] }
    await Promise.all([
      model.predict(long).then(() => settled.push('long')),
      model.predict(wrong).catch(() => settled.push('refused')),
      model.predict(long).then(() => settled.push('after')),
    ])
    expect(settled).toEqual(['long', 'refused', 'after'])
  })
})

describe('predictions on a thread of their own', () => {
  test('settle in the order of their calls, whatever the event loop does meanwhile', async () => {
    const [model, other] = [tagger(), tagger()]
    const settled: string[] = []
    const long = { values: new Float32Array(64 * 300 * 3), shape: [64, 300, 3] }
    const middle = { values: new Float32Array(16 * 300 * 3), shape: [16, 300, 3] }
    for (let i = 0; i < 10; i++) {
      const calls = [
        model.predict(long).then(() => settled.push('first')),
        // While this one's reader is busy, both of the first model become ready.
        other.predict(middle).then(() => {
          const until = performance.now() + 30
          while (performance.now() < until);
        }),
        model.predict([steps(2, 3)]).then(() => settled.push('second')),
      ]
      await Promise.all(calls)
    }
    expect(settled).toEqual(Array.from({ length: 10 }, () => ['first', 'second']).flat())
  })

  test('use the weights that stand at the call', async () => {
    const model = tagger()
    const x = { values: new Float32Array(64 * 300 * 3).fill(0.5), shape: [64, 300, 3] }
    const before = (await model.predict(x)).output.values
    const zero = { 'dense.weight': new Float32Array(10), 'dense.bias': new Float32Array(2) }
    const { 'dense.weight': weight, 'dense.bias': bias } = model.parameters()
    for (let i = 0; i < 20; i++) {
      const prediction = model.predict(x)
      model.setParameters(zero)
      expect((await prediction).output.values).toEqual(before)
      model.setParameters({ 'dense.weight': weight, 'dense.bias': bias } as never)
    }
  })
})
