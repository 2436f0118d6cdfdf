import { dense, type ForeignTensors, lstm, sequential } from 'unrolled'
import { expect, test } from 'vitest'

const model = () => sequential([lstm({ inputSize: 2, hiddenSize: 3 })])

/** The parameters of an LSTM, under another prefix. */
const lstmUnder = (prefix: string): ForeignTensors =>
  Object.fromEntries(
    Object.entries(model().parameters()).map(([name, it]) => [name.replace('lstm.', prefix), it]),
  )

test('a prefix that all names of a file have is told', async () => {
  const counter = { shape: [1], values: new Float32Array(1) }
  const tensors = { ...lstmUnder('ema.lstm.'), ...lstmUnder('model.lstm.'), counter }
  const advice = `; give rename: { "ema.": "" }, or strict: false`
  await expect(model().load(tensors)).rejects.toThrow(advice)
})

test('a prefix that all names of the model have is told, and is one to give', async () => {
  const advice = `; give rename: { "": "lstm." }, or strict: false`
  await expect(model().load(lstmUnder(''))).rejects.toThrow(advice)
  const { matched } = await model().load(lstmUnder(''), { rename: { '': 'lstm.' } })
  expect(matched).toHaveLength(4)
})

test('no prefix is told that would lose what fits, or that fits some names alone', async () => {
  const advice = '; give rename, or strict: false'
  const half = { ...lstmUnder('model.lstm.'), ...lstmUnder('lstm.') }
  await expect(model().load(half)).rejects.toThrow(advice)
  const more = sequential([lstm({ inputSize: 2, hiddenSize: 3 }), dense({ size: 2 })])
  await expect(more.load(lstmUnder('model.lstm.'))).rejects.toThrow(advice)
})
