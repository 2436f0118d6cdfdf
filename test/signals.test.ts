import { getEventListeners } from 'node:events'
import { dense, sequential } from 'unrolled'
import { expect, test } from 'vitest'

test('fifty runs on one signal add one listener, print nothing and leave none', async () => {
  const warnings: Error[] = []
  const note = (warning: Error) => warnings.push(warning)
  process.on('warning', note)
  const { signal } = new AbortController()
  const data = { x: [[1, 2, 3]], y: [[1, 2, 3]] }
  const runs = Array.from({ length: 50 }, () =>
    sequential([dense({ inputSize: 1, size: 1 })]).fit(data, { loss: 'huber', epochs: 3, signal }),
  )
  expect(getEventListeners(signal, 'abort').length).toBeLessThanOrEqual(1)
  await Promise.all(runs)
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', note)
  expect(getEventListeners(signal, 'abort')).toEqual([])
  expect(warnings).toEqual([])
})

test('an abort stops every run of its signal', async () => {
  const controller = new AbortController()
  const data = () => [{ x: [[1, 2, 3]], y: [[1, 2, 3]] }]
  const runs = Array.from({ length: 5 }, () =>
    sequential([dense({ inputSize: 1, size: 1 })]).fit(data, {
      loss: 'huber',
      epochs: 1e9,
      signal: controller.signal,
    }),
  )
  const settled = Promise.allSettled(runs)
  setTimeout(() => controller.abort('enough'), 20)
  expect(await settled).toEqual(runs.map(() => ({ status: 'rejected', reason: 'enough' })))
})
