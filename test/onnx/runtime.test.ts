import { expect, test } from 'vitest'
import { importCase, largestDifference, readCases } from '../support/onnx.js'

for (const group of [
  'cells',
  'variants',
  'activations',
  'graphs',
  'torch',
  'packed',
  'layers',
  'sweep',
]) {
  test(`${group} agree with ONNX Runtime`, async () => {
    const differences: Record<string, unknown> = {}
    for (const it of readCases(group)) {
      try {
        const { model } = await importCase(it)
        const difference = await largestDifference(model, it)
        if (!(difference < 1e-5)) differences[it.name] = difference
        model.dispose()
      } catch (error) {
        differences[it.name] = String(error)
      }
    }
    expect(differences).toEqual({})
  })
}
