import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { steps, tagger } from './support/networks.js'

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
})
