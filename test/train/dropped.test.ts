import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { dense, type Model, sequential } from 'unrolled'
import { expect, test } from 'vitest'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

const data = { x: [[1, 2, 3]], y: [[1, 2, 3]] }
const options = { loss: 'huber', epochs: 9 } as const

/** Takes some events of a run and drops it. */
async function drop(model: Model, events: number): Promise<void> {
  const run = model.train(data, options)
  for (let i = 0; i < events; i++) await run.next()
}

async function untilFree(call: () => unknown): Promise<void> {
  for (let i = 0; i < 100; i++) {
    await sleep(10)
    collect()
    try {
      await call()
      return
    } catch (error) {
      if (!String(error).includes('a model at rest')) throw error
    }
  }
  throw new Error('the model is still in training')
}

test.each([1, 2])('a run that is dropped after %i events frees its model', async (events) => {
  const model = sequential([dense({ inputSize: 1, size: 1 })])
  await drop(model, events)
  expect(() => model.setParameters({})).toThrow('a model at rest')
  await untilFree(() => model.setParameters({}))
  expect((await model.fit(data, options)).epochs).toHaveLength(9)
})

test('a run that goes on holds its model, whatever was dropped before', async () => {
  const model = sequential([dense({ inputSize: 1, size: 1 })])
  await drop(model, 1)
  await untilFree(() => model.setParameters({}))
  const run = model.train(data, options)
  await run.next()
  for (let i = 0; i < 5; i++) {
    collect()
    await sleep(5)
  }
  expect(() => model.setParameters({})).toThrow('a model at rest')
  let left = 0
  for await (const _ of run) left += 1
  expect(left).toBe(17)
})
