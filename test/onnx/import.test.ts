import { adam, fromBytes, type Prediction, type Result } from 'unrolled'
import { importOnnx } from 'unrolled/onnx'
import { expect, test } from 'vitest'
import { readModel, writeModel } from '../../ts/onnx/proto.js'
import {
  feedsOf,
  importCase,
  largestDifference,
  type OnnxCase,
  readCases,
} from '../support/onnx.js'
import { refusal } from '../support/refusal.js'

function caseOf(group: string, name: string): OnnxCase {
  const found = readCases(group).find((it) => it.name === name)
  if (found === undefined) throw new Error(`no case ${name}`)
  return found
}

const bytesOf = (it: OnnxCase): Uint8Array => new Uint8Array(Buffer.from(it.model, 'base64'))

type Both = Readonly<Record<'Y0' | 'Y_h' | 'y', Result>> & Pick<Prediction<never>, 'state'>

test('plain nodes become the fused layers, and the report says how', async () => {
  const { model, report } = await importCase(caseOf('cells', 'LSTM 1 bidirectional bias ragged'))
  expect(report).toEqual({
    matched: [
      {
        source: '/lstm/LSTM_0',
        parameters: ['weight_ih_l0', 'weight_hh_l0', 'bias_ih_l0', 'bias_hh_l0']
          .flatMap((name) => [name])
          .concat([
            'weight_ih_l0_reverse',
            'weight_hh_l0_reverse',
            'bias_ih_l0_reverse',
            'bias_hh_l0_reverse',
          ])
          .map((name) => `/lstm/LSTM_0.${name}`),
        conventions: ['gates i, o, f, c -> i, f, g, o', 'sequence_lens -> the lengths of the rows'],
      },
    ],
    missing: [],
    leftOver: [],
  })
  expect(model.summary()).toContain('scan')
  // The lengths of rows are no input of ours.
  expect(JSON.stringify(model.graph.nodes)).toContain('lstm')
  expect(Object.keys(model.parameters()).sort()).toEqual(
    [...(report.matched[0]?.parameters ?? [])].sort(),
  )
})

test('a sample tells the largest difference', async () => {
  const it = caseOf('cells', 'GRU 1 forward bias full')
  const { model } = await importCase(it)
  const x = feedsOf(it)
  const { Y0, Y_h } = (await model.predict(x as never)) as Both
  const near = { Y0: { values: Y0.values, shape: Y0.shape }, Y_h: Y_h.toNested() }
  const { report } = await importCase(it, { sample: { x, y: near } })
  expect(report.largestDifference).toBe(0)
  const far = await importCase(it, {
    sample: {
      x,
      y: {
        Y_h: {
          values: Y_h.values.map((value: number, i: number) => value + (i === 1 ? 0.5 : 0)),
          shape: Y_h.shape,
        },
      },
    },
  })
  expect(far.report.largestDifference).toBeCloseTo(0.5, 6)
  expect(await refusal(() => importCase(it, { sample: { x, y: { z: [1] } } }))).toBe(
    'importOnnx sample y: unknown name "z"; did you mean Y0?',
  )
  for (const y of [{}, null, undefined, 3, [[1]]]) {
    expect(await refusal(() => importCase(it, { sample: { x, y } }))).toMatch(
      /^importOnnx sample y/,
    )
  }
})

test('an imported model learns, and is saved and loaded as any other', async () => {
  const it = caseOf('torch', 'torch tagger opset 17')
  const { model } = await importCase(it)
  const { ids } = feedsOf(it) as { ids: number[][] }
  const before = model.parameters()
  const targets = ids.map((row) => row.map((id) => id % 5))
  const history = await model.fit(
    { x: ids, y: targets } as never,
    { loss: 'crossEntropy', optimizer: adam({ learningRate: 0.02 }), epochs: 30 } as never,
  )
  const losses = history.epochs.map(({ loss }) => loss)
  expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) * 0.8)
  const after = model.parameters()
  const still = Object.keys(after).filter(
    (name) => before[name]?.values.join() === after[name]?.values.join(),
  )
  expect(still).toEqual([])
  const again = fromBytes(model.toBytes())
  const one = (await model.predict(ids as never)) as Both
  const other = (await again.predict(ids as never)) as Both
  expect(other.y.values).toEqual(one.y.values)
})

test('parts are cut out by names; an initial state that is left out is the model’s own', async () => {
  const it = caseOf('variants', 'LSTM initial input')
  const { model, report } = await importOnnx(bytesOf(it), { inputs: ['x'], outputs: ['Y_h'] })
  expect(report.matched[0]?.conventions).toEqual([
    'gates i, o, f, c -> i, f, g, o',
    "initial_h initial_h -> the model's own state",
    "initial_c initial_c -> the model's own state",
  ])
  const rows = (feedsOf(it) as { x: number[][][] }).x
  const whole = (await model.predict(rows as never)) as Both
  const first = await model.predict(rows.map((row) => row.slice(0, 1)) as never)
  const rest = (await model.predict(rows.map((row) => row.slice(1)) as never, {
    state: first.state,
  })) as Both
  expect(rest.Y_h.values).toEqual(whole.Y_h.values)
  const stacked = caseOf('cells', 'LSTM 2 forward bias full')
  const top = await importOnnx(bytesOf(stacked), { inputs: { X0: ['time', 'batch', 3] } })
  expect(top.report.matched.map(({ source }) => source)).toEqual(['/lstm/LSTM_1'])
  expect(top.report.leftOver).toEqual(['W0', 'R0', 'B0', 'shape0'])
})

test('what cannot be said is refused with the node', async () => {
  const it = caseOf('graphs', 'Gemm and Flatten')
  const model = readModel(bytesOf(it))
  const graph = model.graph
  if (graph === undefined) throw new Error('no graph')
  const swapped = (opType: string, change: object): Uint8Array =>
    writeModel({
      ...model,
      graph: {
        ...graph,
        node: graph.node.map((node) => (node.opType === opType ? { ...node, ...change } : node)),
      },
    })
  expect(await refusal(() => importOnnx(swapped('Gemm', { opType: 'Einsum' })))).toBe(
    'importOnnx: node "gemm" (Einsum): expected an operator that the import knows, received Einsum',
  )
  const largest = {
    name: '/pool',
    opType: 'ReduceMax',
    attribute: [{ name: 'axes', type: 7, ints: [1] }],
  }
  expect(await refusal(() => importOnnx(swapped('ReduceMean', largest)))).toBe(
    'importOnnx: node "/pool" (ReduceMax): expected a mean or sum of features, received ReduceMax',
  )
  expect(
    await refusal(() =>
      importOnnx(writeModel({ ...model, opsetImport: [{ domain: '', version: 6 }] })),
    ),
  ).toBe('importOnnx: expected operators of opset 7 or later, received opset 6')
})

test('options are checked', async () => {
  const bytes = bytesOf(caseOf('cells', 'RNN 1 forward bias full'))
  const wrong: [unknown, string][] = [
    [
      { input: ['x'] },
      'importOnnx: unknown option "input"; known: inputs, outputs, branches, sample',
    ],
    [{ inputs: [] }, 'importOnnx inputs: expected names of values, received an array of 0'],
    [
      { inputs: { x: ['rows'] } },
      "importOnnx inputs \"x\": expected axes: 'batch' and 'time' once each at most, and numbers of features, received an array of 1",
    ],
    [
      { branches: { If_0: 'both' } },
      'importOnnx branches "If_0": expected \'then\' or \'else\', received "both"',
    ],
    [{ outputs: ['z'] }, 'importOnnx: output "z": expected a value of the file, received none'],
    [{ sample: [] }, 'importOnnx sample: expected { x, y }, received an array of 0'],
  ]
  for (const [options, expected] of wrong) {
    expect(await refusal(() => importOnnx(bytes, options as never))).toBe(expected)
  }
  expect(await refusal(() => importOnnx(3 as never))).toBe(
    'importOnnx: expected a path or a Uint8Array, received 3',
  )
  expect(await refusal(() => importOnnx('/nowhere.onnx'))).toBe(
    "importOnnx: cannot read '/nowhere.onnx': no such file or directory",
  )
})

test('every case of torch agrees at each opset', async () => {
  const names = readCases('torch').map(({ name }) => name)
  expect(names.filter((name) => name.includes('tagger'))).toHaveLength(4)
  const { model } = await importCase(caseOf('torch', 'torch stateful opset 13'))
  expect(model.summary()).toContain('h0')
  expect(await largestDifference(model, caseOf('torch', 'torch stateful opset 13'))).toBeLessThan(
    1e-5,
  )
})

test('the body of a Scan becomes the step of a cell, with its weights under its name', async () => {
  const { model, report } = await importCase(caseOf('graphs', 'Scan in reverse'))
  expect(Object.keys(model.parameters()).sort()).toEqual(
    ['loop.back.weight', 'loop.bias', 'loop.gain', 'loop.in.weight'].sort(),
  )
  expect(report.missing).toEqual([])
})
