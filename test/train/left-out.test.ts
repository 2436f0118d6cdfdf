import {
  adam,
  adamw,
  crossEntropy,
  dense,
  type Optimizer,
  rmsprop,
  type StepEvent,
  sequential,
  sgd,
} from 'unrolled'
import { expect, test } from 'vitest'
import { options, regressor, rows } from '../support/networks.js'

const HUGE: readonly (readonly [string, Optimizer])[] = [
  ['adam', adam({ learningRate: 3e38 })],
  ['adamw', adamw({ learningRate: 3e38 })],
  ['rmsprop', rmsprop({ learningRate: 3e38 })],
  ['sgd with decay', sgd({ learningRate: 3e38, weightDecay: 3e38 })],
]

test.each(HUGE)('an update to infinity is an error: %s', async (_, optimizer) => {
  const model = regressor()
  const before = model.parameters()
  await expect(model.fit(rows(4), { ...options, optimizer, epochs: 1 })).rejects.toMatchObject({
    code: 'ERR_UNROLLED_NON_FINITE',
    message: expect.stringMatching(/^step 0: .*parameter '.*': expected a finite number/),
  })
  expect(model.parameters()).toEqual(before)
})

test.each(HUGE)('an update to infinity is left out on request: %s', async (_, optimizer) => {
  const model = regressor()
  const before = model.parameters()
  const settings = { ...options, optimizer, epochs: 2, onNonFinite: 'skip' } as const
  const { epochs } = await model.fit(rows(4), settings)
  expect(epochs.map(({ loss }) => loss)).toEqual([Number.NaN, Number.NaN])
  expect(model.parameters()).toEqual(before)
})

test('a batch without a target that counts changes nothing and says so', async () => {
  const model = sequential([dense({ inputSize: 2, size: 3 })])
  const before = model.parameters()
  const x = [[[1, 2]], [[3, -1]]]
  const steps: StepEvent[] = []
  const run = model.train([{ x, y: [[-1], [-1]] }], {
    loss: crossEntropy({ ignore: -1 }),
    optimizer: adamw({ learningRate: 0.1, weightDecay: 0.5 }),
  })
  let loss: number | undefined
  for await (const event of run) {
    if (event.type === 'step') steps.push(event)
    else loss = event.record.loss
  }
  expect(steps.map(({ loss, skipped }) => ({ loss, skipped }))).toEqual([
    { loss: Number.NaN, skipped: true },
  ])
  expect(loss).toBeNaN()
  expect(model.parameters()).toEqual(before)
})
