import { expect, test } from 'vitest'
import { binding } from '../../ts/native/binding.js'
import { recurrentGraph, TRAINING } from './graph.js'

test('weights that cannot be drawn are an error of each later call', async () => {
  const endless = recurrentGraph(1000).replace('"glorotUniform"', '{"normal":{"std":1e39}}')
  const model = new binding.Model(endless, 1, 'f32')
  const x = { name: 'x', shape: [1, 1, 2], values: new Float32Array(2) }
  const error = { code: 'ERR_UNROLLED_NON_FINITE', message: expect.stringMatching('weight_ih_l0') }
  expect(JSON.parse(model.describe()).parameters).toHaveLength(2)
  for (let i = 0; i < 2; i++) {
    await expect(model.ready()).rejects.toMatchObject(error)
    await expect((async () => model.predict([x], []))()).rejects.toMatchObject(error)
    expect(() => model.parameters()).toThrow(expect.objectContaining(error))
    expect(() => model.stream()).toThrow(expect.objectContaining(error))
    expect(() => model.trainer(TRAINING)).toThrow(expect.objectContaining(error))
  }
  model.dispose()
})
