import { expect, test } from 'vitest'
import { fakeModel, termOf } from '../support/fake-model.js'

/** `count` rows of one step each. */
function examples(count: number) {
  const x = Array.from({ length: count }, (_, row) => [[row]])
  return { x, y: x.map(([step]) => step ?? []) }
}

/** A metric that gives these values, a batch one. */
function listed(name: string, values: readonly number[]) {
  const left = [...values]
  return { name, compute: () => left.shift() ?? Number.NaN }
}

test('a metric of your own is weighted by the rows of its batches', async () => {
  const { model } = fakeModel()
  const metrics = [listed('first', [3, 9]), listed('second', [1, 0.25])]
  const scores = await model.evaluate(examples(3), { loss: 'meanSquared', batchSize: 2, metrics })
  expect(scores).toMatchObject({ first: (2 * 3 + 1 * 9) / 3, second: (2 * 1 + 1 * 0.25) / 3 })
})

test('a metric of your own is weighted by valid targets, of all outputs', async () => {
  const output = (name: string) => ({ name, kind: { vector: { size: 1 } } })
  const { model, native } = fakeModel({ outputs: [output('a'), output('b')] })
  const term = (output: string, valid: number) => ({ output, sum: 0, weight: 1, valid })
  const batches = [
    [term('a', 5), term('b', 2)],
    [term('a', 0), term('b', 1)],
  ]
  native.report = () => ({ terms: batches.shift() ?? [] })
  const { x, y } = examples(2)
  const loss = { a: 'meanSquared', b: 'meanSquared' } as const
  const metrics = [listed('own', [4, 12])]
  const scores = await model.evaluate({ x, y: { a: y, b: y } }, { loss, batchSize: 1, metrics })
  expect(scores).toMatchObject({ own: (7 * 4 + 1 * 12) / 8 })
})

test('a metric of your own over nothing valid is NaN', async () => {
  const { model, native } = fakeModel()
  native.report = () => ({ terms: [{ output: 'output', sum: 0, weight: 0, valid: 0 }] })
  const metrics = [listed('own', [4])]
  const scores = await model.evaluate(examples(1), { loss: 'meanSquared', metrics })
  expect(scores).toMatchObject({ own: Number.NaN })
})

test('loss, accuracy and perplexity of uneven batches are those of all rows', async () => {
  for (const way of ['evaluate', 'fit', 'validation'] as const) {
    const { model, native } = fakeModel()
    // Means of 1 and 7 over 2 rows and 1; hits of both and of none.
    native.report = (_, inputs) =>
      inputs[0]?.shape[0] === 2 ? { terms: [termOf(1, 2, 2)] } : { terms: [termOf(7, 1, 0)] }
    const options = {
      loss: 'meanSquared',
      batchSize: 2,
      metrics: ['accuracy', 'perplexity'],
    } as const
    const expected = { loss: 3, accuracy: 2 / 3, perplexity: Math.exp(3) }
    if (way === 'evaluate') {
      expect(await model.evaluate(examples(3), options)).toEqual(expected)
      continue
    }
    const validation = way === 'validation' ? { validation: examples(3) } : {}
    const { epochs } = await model.fit(examples(3), { ...options, ...validation })
    expect(epochs[0]).toMatchObject(expected)
    if (way === 'fit') continue
    expect(epochs[0]).toMatchObject({
      validationLoss: 3,
      validationAccuracy: 2 / 3,
      validationPerplexity: Math.exp(3),
    })
  }
})

test('metrics that nobody asked for are not there', async () => {
  const { model } = fakeModel()
  const scores = await model.evaluate(examples(1), { loss: 'meanSquared' })
  expect(Object.keys(scores)).toEqual(['loss'])
})
