import { describe, expect, test } from 'vitest'
import { sequentialGraph } from '../../ts/compose/sequential.js'
import { dense, dropout, embedding, gru, last, lstm, relu, rnn } from '../../ts/index.js'

describe('sequential as data', () => {
  test('a classifier of tokens', () => {
    const graph = sequentialGraph([
      embedding({ vocabularySize: 80, size: 16 }),
      lstm({ hiddenSize: 3 }),
      last(),
      dense({ size: 2 }),
    ])
    expect(graph).toEqual({
      version: 1,
      parameters: [
        { name: 'embedding.weight', shape: [80, 16], init: { uniform: { bound: 0.05 } } },
        { name: 'lstm.weight_ih_l0', shape: [12, 16], init: 'glorotUniform' },
        { name: 'lstm.weight_hh_l0', shape: [12, 3], init: { orthogonal: { blocks: 4 } } },
        { name: 'lstm.bias_ih_l0', shape: [12], init: { blocks: { values: [0, 1, 0, 0] } } },
        { name: 'lstm.bias_hh_l0', shape: [12], init: 'zeros' },
        { name: 'dense.weight', shape: [2, 3], init: 'glorotUniform' },
        { name: 'dense.bias', shape: [2], init: 'zeros' },
      ],
      nodes: [
        { name: 'tokens', op: { input: { tokens: { vocabulary: 80, axis: 'time' } } }, inputs: [] },
        {
          name: 'embedding',
          op: { embedding: { weight: 'embedding.weight', padding: null } },
          inputs: ['tokens'],
        },
        {
          name: 'lstm.l0',
          op: {
            scan: {
              reverse: false,
              initial: [],
              body: {
                nodes: [
                  { name: 'x', op: { input: { vector: { size: 16 } } }, inputs: [] },
                  { name: 'h', op: { state: { size: 3 } }, inputs: [] },
                  { name: 'c', op: { state: { size: 3 } }, inputs: [] },
                  {
                    name: 'pre',
                    op: {
                      linear: { weight: 'lstm.weight_ih_l0', bias: 'lstm.bias_ih_l0', rows: null },
                    },
                    inputs: ['x'],
                  },
                  {
                    name: 'rec',
                    op: {
                      linear: { weight: 'lstm.weight_hh_l0', bias: 'lstm.bias_hh_l0', rows: null },
                    },
                    inputs: ['h'],
                  },
                  { name: 'sum', op: 'add', inputs: ['pre', 'rec'] },
                  { name: 'cell', op: 'lstmGates', inputs: ['sum', 'c'] },
                ],
                outputs: [
                  { name: 'output', from: 'cell:h' },
                  { name: 'h', from: 'cell:h' },
                  { name: 'c', from: 'cell:c' },
                ],
              },
            },
          },
          inputs: ['embedding'],
        },
        { name: 'last', op: 'last', inputs: ['lstm.l0:output'] },
        {
          name: 'dense',
          op: { linear: { weight: 'dense.weight', bias: 'dense.bias', rows: null } },
          inputs: ['last'],
        },
      ],
      outputs: [{ name: 'output', from: 'dense' }],
    })
  })

  test('a plain recurrent layer without biases', () => {
    const graph = sequentialGraph([
      rnn({ inputSize: 2, hiddenSize: 5, activation: 'relu', bias: false, reverse: true }),
    ])
    expect(graph.nodes[0]).toEqual({
      name: 'input',
      op: { input: { sequence: { size: 2, axis: 'time' } } },
      inputs: [],
    })
    expect(graph.nodes[1]?.op).toEqual({
      scan: {
        reverse: true,
        initial: [],
        body: {
          nodes: [
            { name: 'x', op: { input: { vector: { size: 2 } } }, inputs: [] },
            { name: 'h', op: { state: { size: 5 } }, inputs: [] },
            {
              name: 'pre',
              op: { linear: { weight: 'rnn.weight_ih_l0', bias: null, rows: null } },
              inputs: ['x'],
            },
            {
              name: 'rec',
              op: { linear: { weight: 'rnn.weight_hh_l0', bias: null, rows: null } },
              inputs: ['h'],
            },
            { name: 'sum', op: 'add', inputs: ['pre', 'rec'] },
            { name: 'out', op: { activation: 'relu' }, inputs: ['sum'] },
          ],
          outputs: [
            { name: 'output', from: 'out' },
            { name: 'h', from: 'out' },
          ],
        },
      },
    })
    expect(graph.parameters.map(({ name, shape }) => [name, shape])).toEqual([
      ['rnn.weight_ih_l0', [5, 2]],
      ['rnn.weight_hh_l0', [5, 5]],
    ])
  })

  test('both placements of the reset gate', () => {
    const body = (resetAfter: boolean) => {
      const [, scan] = sequentialGraph([gru({ inputSize: 2, hiddenSize: 4, resetAfter })]).nodes
      const op = scan?.op
      if (typeof op !== 'object' || !('scan' in op)) throw new Error('no scan')
      return op.scan.body
    }
    const after = body(true)
    expect(after.nodes.at(-1)).toEqual({
      name: 'cell',
      op: 'gruGates',
      inputs: ['pre', 'rec', 'h'],
    })
    expect(after.outputs).toEqual([
      { name: 'output', from: 'cell' },
      { name: 'h', from: 'cell' },
    ])
    const hh = (rows: readonly number[]) => ({
      linear: { weight: 'gru.weight_hh_l0', bias: null, rows },
    })
    expect(body(false).nodes.slice(2)).toEqual([
      {
        name: 'pre',
        op: { linear: { weight: 'gru.weight_ih_l0', bias: null, rows: null } },
        inputs: ['x'],
      },
      { name: 'rec', op: hh([0, 8]), inputs: ['h'] },
      { name: 'pre_rz', op: { slice: { start: 0, size: 8 } }, inputs: ['pre'] },
      { name: 'sum', op: 'add', inputs: ['pre_rz', 'rec'] },
      { name: 'rz', op: { activation: 'sigmoid' }, inputs: ['sum'] },
      { name: 'r', op: { slice: { start: 0, size: 4 } }, inputs: ['rz'] },
      { name: 'z', op: { slice: { start: 4, size: 4 } }, inputs: ['rz'] },
      { name: 'reset', op: 'multiply', inputs: ['r', 'h'] },
      { name: 'rec_n', op: hh([8, 12]), inputs: ['reset'] },
      { name: 'pre_n', op: { slice: { start: 8, size: 4 } }, inputs: ['pre'] },
      { name: 'sum_n', op: 'add', inputs: ['pre_n', 'rec_n'] },
      { name: 'n', op: { activation: 'tanh' }, inputs: ['sum_n'] },
      { name: 'closed', op: { affine: { scale: -1, shift: 1 } }, inputs: ['z'] },
      { name: 'new', op: 'multiply', inputs: ['closed', 'n'] },
      { name: 'kept', op: 'multiply', inputs: ['z', 'h'] },
      { name: 'out', op: 'add', inputs: ['new', 'kept'] },
    ])
  })

  test('stacked layers both ways, with dropout between them', () => {
    const graph = sequentialGraph([
      lstm({ inputSize: 2, hiddenSize: 4, numLayers: 2, dropout: 0.5, bidirectional: true }),
      dense({ size: 1 }),
    ])
    expect(graph.nodes.map(({ name, inputs }) => [name, ...inputs])).toEqual([
      ['input'],
      ['lstm.l0', 'input'],
      ['lstm.l0_reverse', 'input'],
      ['lstm.l0_1', 'lstm.l0:output', 'lstm.l0_reverse:output'],
      ['lstm.dropout_l1', 'lstm.l0_1'],
      ['lstm.l1', 'lstm.dropout_l1'],
      ['lstm.l1_reverse', 'lstm.dropout_l1'],
      ['lstm.l1_1', 'lstm.l1:output', 'lstm.l1_reverse:output'],
      ['dense', 'lstm.l1_1'],
    ])
    const shapes = new Map(graph.parameters.map(({ name, shape }) => [name, shape]))
    expect(shapes.get('lstm.weight_ih_l1')).toEqual([16, 8])
    expect(shapes.get('lstm.weight_ih_l1_reverse')).toEqual([16, 8])
    expect(shapes.get('lstm.bias_hh_l0_reverse')).toEqual([16])
    expect(shapes.get('dense.weight')).toEqual([1, 8])
  })

  test('layers of one kind are numbered, names are kept, activations are layers', () => {
    const graph = sequentialGraph([
      dense({ inputSize: 3, size: 4 }),
      relu,
      dense({ size: 4, activation: 'tanh' }),
      dropout({ rate: 0.1, fixed: true }),
      dense({ size: 2, name: 'head', bias: false }),
    ])
    expect(graph.nodes.map(({ name }) => name)).toEqual([
      'input',
      'dense',
      'relu',
      'dense_1',
      'tanh',
      'dropout',
      'head',
    ])
    expect(graph.parameters.map(({ name }) => name)).toEqual([
      'dense.weight',
      'dense.bias',
      'dense_1.weight',
      'dense_1.bias',
      'head.weight',
    ])
  })

  test("PyTorch's initializer is uniform in one over the root of the hidden size", () => {
    const graph = sequentialGraph([gru({ inputSize: 9, hiddenSize: 4, initializer: 'pytorch' })])
    for (const { init } of graph.parameters) expect(init).toEqual({ uniform: { bound: 0.5 } })
  })
})

test('the names of ten thousand layers take no search', () => {
  const layers = [
    dense({ inputSize: 1, size: 1 }),
    ...Array.from({ length: 9999 }, () => dense({ size: 1 })),
  ]
  const began = performance.now()
  const { nodes } = sequentialGraph(layers)
  expect(performance.now() - began).toBeLessThan(1000)
  expect(nodes).toHaveLength(10_001)
  expect(nodes.at(-1)?.name).toBe('dense_9999')
})
