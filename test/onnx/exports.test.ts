import { importOnnx } from 'unrolled/onnx'
import { expect, test } from 'vitest'
import type { NodeProto } from '../../ts/onnx/messages.js'
import { readModel, writeModel } from '../../ts/onnx/proto.js'
import { importCase, largestDifference, type OnnxCase, readCases } from '../support/onnx.js'
import { refusal } from '../support/refusal.js'

function caseOf(group: string, name: string): OnnxCase {
  const found = readCases(group).find((it) => it.name === name)
  if (found === undefined) throw new Error(`no case ${name}`)
  return found
}

/** The file of a case with other nodes. */
function changed(it: OnnxCase, change: (node: NodeProto) => object): Uint8Array {
  const model = readModel(new Uint8Array(Buffer.from(it.model, 'base64')))
  const { graph } = model
  if (graph === undefined) throw new Error('no graph')
  const node = graph.node.map((given) => ({ ...given, ...change(given) }))
  return writeModel({ ...model, graph: { ...graph, node } })
}

test('rows that are sorted by their lengths and put back are as they were', async () => {
  const it = caseOf('packed', 'packed LSTM opset 17')
  const { model } = await importCase(it)
  // Fed with x alone: the lengths are those of its rows, which stand in the order 2, 5, 3.
  expect(await largestDifference(model, it)).toBeLessThan(1e-5)
})

test('rows that stay sorted are refused, and so are lengths beside rows in another order', async () => {
  const it = caseOf('packed', 'packed LSTM opset 17')
  const kept = changed(it, ({ name, opType }) =>
    opType === 'Gather' && name === '/Gather_2' ? { opType: 'Identity' } : {},
  )
  expect(await refusal(() => importOnnx(kept, { outputs: ['y'] }))).toBe(
    'importOnnx: output "y": expected rows in the order of the inputs, received rows as "/TopK_output_1" ' +
      'sorts them; pack_padded_sequence(..., enforce_sorted=False) puts rows back',
  )
  const unsorted = changed(it, ({ name, opType }) =>
    opType === 'Gather' && name === '/Gather_1' ? { opType: 'Identity' } : {},
  )
  expect(await refusal(() => importOnnx(unsorted))).toBe(
    'importOnnx: node "/rnn/LSTM" (LSTM): expected sequence_lens in the order of the rows, ' +
      'received lengths or rows that are sorted',
  )
  const least = changed(it, ({ opType, attribute }) =>
    opType === 'TopK' ? { attribute: attribute.concat([{ name: 'sorted', type: 2, i: 0 }]) } : {},
  )
  expect(await refusal(() => importOnnx(least))).toBe(
    'importOnnx: node "/TopK" (TopK): expected the lengths of all rows, to sort the rows by, received ids [batch]',
  )
})

test('a batch normalization is a scale and a shift that learn, by the moments of the file', async () => {
  const it = caseOf('layers', 'BatchNorm1d along the time opset 17')
  const { model, report } = await importCase(it)
  expect(report.matched.map(({ parameters }) => parameters)).toEqual([
    ['/f/BatchNormalization.weight', '/f/BatchNormalization.bias'],
  ])
  expect(report.leftOver).toEqual([])
  const names = model.graph.parameters.map(({ name }) => name)
  expect(names).toEqual(report.matched[0]?.parameters)
  const named = (attribute: object, output: object = {}): Uint8Array =>
    changed(it, ({ opType, attribute: own, output: given }) =>
      opType === 'BatchNormalization'
        ? {
            attribute: [...own.filter(({ name }) => name === 'epsilon'), attribute],
            output: given,
            ...output,
          }
        : {},
    )
  const where = 'importOnnx: node "/f/BatchNormalization" (BatchNormalization): expected '
  expect(await refusal(() => importOnnx(named({ name: 'training_mode', type: 2, i: 1 })))).toBe(
    `${where}fixed means and variances, as model.eval() exports, received those of a batch`,
  )
  expect(await refusal(() => importOnnx(named({ name: 'spatial', type: 2, i: 0 })))).toBe(
    `${where}a mean and variance for each feature, on axis 1, received values [batch, 4, time]`,
  )
  const steps = changed(it, ({ name }) => (name === '/Transpose' ? { opType: 'Identity' } : {}))
  expect(await refusal(() => importOnnx(steps, { inputs: { x: ['batch', 'time', 4] } }))).toBe(
    `${where}a mean and variance for each feature, on axis 1, received values [batch, time, 4]`,
  )
})

test('a Keras export is read, or its Loop is named rather than a node before it', async () => {
  const it = caseOf('keras', 'keras LSTM')
  const { model } = await importCase(it)
  expect(await largestDifference(model, it)).toBeLessThan(1e-5)
  expect(await refusal(() => importCase(caseOf('keras', 'keras GRU')))).toMatch(
    /^importOnnx: node "[^"]*while_loop" \(Loop\): expected an operator that the import knows, received Loop; of a Keras model importKeras reads the \.keras file$/,
  )
})
