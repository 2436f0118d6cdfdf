import { dense, dropout, gru, last, lstm, sequential, type TrainOptions } from 'unrolled'
import { expect, test } from 'vitest'
import { rows } from './support/networks.js'

const network = () =>
  sequential(
    [
      lstm({ inputSize: 1, hiddenSize: 9 }),
      dropout({ rate: 0.3 }),
      gru({ hiddenSize: 6 }),
      last(),
      dense({ size: 1 }),
    ],
    { seed: 2 },
  )

type Options = Pick<TrainOptions, 'batchSize' | 'accumulate' | 'onNonFinite'>

/** The steps, epochs and parameters of a run, without what takes time or memory. */
async function train(options: Options) {
  const model = network()
  const { x, y } = rows(83, 23)
  const weights = y.map((_, row) => (row % 4) / 2)
  const events: unknown[] = []
  let tape = 0
  const all = { loss: 'meanSquared', epochs: 2, seed: 7, clip: { norm: 0.1 }, ...options } as const
  for await (const event of model.train({ x, y, weights }, all)) {
    tape = event.memory?.tape ?? 0
    if (event.type === 'step') events.push({ ...event, memory: undefined })
    else events.push({ ...event.record, seconds: undefined })
  }
  return { events, tape, parameters: model.parameters() }
}

test.each<[string, Options]>([
  ['errors', {}],
  ['steps that are skipped', { onNonFinite: 'skip' }],
])('batches of whole row groups make the update of one large batch: %s', async (_, options) => {
  const one = await train({ batchSize: 32, ...options })
  const many = await train({ batchSize: 16, accumulate: 2, ...options })
  // 83 rows are updates of 32, 32 and 19.
  expect(one.events).toHaveLength(2 * 4)
  expect(many.events).toEqual(one.events)
  expect(many.parameters).toEqual(one.parameters)
  expect(many.tape).toBeLessThan(0.7 * one.tape)
  const apart = await train({ batchSize: 16, ...options })
  expect(apart.parameters).not.toEqual(one.parameters)
})

test('batches of any size make nearly that update, and ready-made ones as well', async () => {
  const { x, y } = rows(21)
  const losses = async (data: Parameters<ReturnType<typeof network>['fit']>[0], more: object) => {
    const model = network()
    const options = { loss: 'meanSquared', epochs: 3, shuffle: false, ...more } as const
    const { epochs } = await model.fit(data, options)
    return epochs.map(({ loss }) => loss)
  }
  const one = await losses({ x, y }, { batchSize: 21 })
  const many = await losses({ x, y }, { batchSize: 4, accumulate: 6 })
  const parts = [0, 7, 14].map((at) => ({ x: x.slice(at, at + 7), y: y.slice(at, at + 7) }))
  const ready = await losses(parts, { accumulate: 5, shuffle: undefined })
  // Masks depend on the row of the large batch, so they are the same.
  for (const [epoch, loss] of one.entries()) {
    expect(many[epoch]).toBeCloseTo(loss, 5)
    expect(ready[epoch]).toBeCloseTo(loss, 5)
  }
})

test('a run that carries states makes an update of every batch', async () => {
  const model = sequential([gru({ inputSize: 1, hiddenSize: 3 }), dense({ size: 1 })])
  const x = [[[1], [2]]]
  const options = { loss: 'meanSquared', carry: true } as const
  await expect(model.fit({ x, y: x }, { ...options, accumulate: 2 })).rejects.toMatchObject({
    code: 'ERR_UNROLLED_ARGUMENT',
    message: expect.stringContaining('fit accumulate: expected 1 with carry'),
  })
  await model.fit({ x, y: x }, { ...options, accumulate: 1 })
  for (const accumulate of [0, 1.5, -1, Number.NaN, '2']) {
    const wrong = { loss: 'meanSquared', accumulate } as never
    await expect(model.fit({ x, y: x }, wrong)).rejects.toMatchObject({
      code: 'ERR_UNROLLED_ARGUMENT',
    })
  }
})

test('a batch that is refused leaves the weights of the last whole step', async () => {
  const model = network()
  const { x, y } = rows(4)
  const good = { x, y }
  const bad = { x, y: y.map((): number[] => [Number.NaN]) }
  const before = model.parameters()
  const options = { loss: 'meanSquared', accumulate: 2 } as const
  await expect(model.fit([good, bad, good], options)).rejects.toMatchObject({
    code: 'ERR_UNROLLED_NON_FINITE',
  })
  expect(model.parameters()).toEqual(before)
  const { epochs } = await model.fit([good, good, good], options)
  expect(epochs).toHaveLength(1)
  expect(model.parameters()).not.toEqual(before)
})
