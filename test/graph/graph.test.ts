import { describe, expect, test } from 'vitest'
import { graphOf } from '../../ts/compose/graph.js'
import {
  add,
  affine,
  cell,
  concat,
  dense,
  embedding,
  gru,
  layerNorm,
  linear,
  lstm,
  mean,
  mix,
  multiply,
  scan,
  shift,
  slice,
  tanh,
} from '../../ts/index.js'

const names = (graph: ReturnType<typeof graphOf>) =>
  graph.nodes.map(({ name, inputs }) => [name, ...inputs])

describe('graph as data', () => {
  test('every operation', () => {
    const graph = graphOf(({ input }) => {
      const x = input.sequence('x', { size: 4, axis: 'frames' })
      const context = input.vector('context', { size: 4 })
      const tag = input.token('tag', { vocabularySize: 7 })
      const sum = add(x, multiply(x, context), context)
      const both = concat(sum, layerNorm()(context))
      return {
        y: slice({ start: 1, size: 2 })(both),
        late: shift()(x, { initial: context }),
        tag: embedding({ size: 3 })(tag),
        pooled: affine(mean()(x), { scale: 2, shift: -1 }),
      }
    })
    expect(graph.nodes.slice(3)).toEqual([
      { name: 'multiply', op: 'multiply', inputs: ['x', 'context'] },
      { name: 'add', op: 'add', inputs: ['x', 'multiply', 'context'] },
      {
        name: 'layerNorm',
        op: { layerNorm: { gain: 'layerNorm.weight', bias: 'layerNorm.bias', epsilon: 1e-5 } },
        inputs: ['context'],
      },
      { name: 'concat', op: 'concat', inputs: ['add', 'layerNorm'] },
      { name: 'slice', op: { slice: { start: 1, size: 2 } }, inputs: ['concat'] },
      { name: 'shift', op: { shift: {} }, inputs: ['x', 'context'] },
      {
        name: 'embedding',
        op: { embedding: { weight: 'embedding.weight', padding: null } },
        inputs: ['tag'],
      },
      { name: 'mean', op: 'mean', inputs: ['x'] },
      { name: 'affine', op: { affine: { scale: 2, shift: -1 } }, inputs: ['mean'] },
    ])
    expect(graph.outputs.map(({ name, from }) => `${name}=${from}`)).toEqual([
      'y=slice',
      'late=shift',
      'tag=embedding',
      'pooled=affine',
    ])
  })

  test('a layer called twice shares its parameters', () => {
    const graph = graphOf(({ input }) => {
      const shared = dense({ size: 2 })
      const [a, b] = [input.vector('a', { size: 3 }), input.vector('b', { size: 3 })]
      return { a: shared(a), b: dense({ size: 2 })(shared(b)) }
    })
    expect(graph.parameters.map(({ name }) => name)).toEqual([
      'dense.weight',
      'dense.bias',
      'dense_2.weight',
      'dense_2.bias',
    ])
    expect(names(graph).slice(2)).toEqual([
      ['dense', 'a'],
      ['dense_1', 'b'],
      ['dense_2', 'dense_1'],
    ])
  })

  test('a cell of your own', () => {
    const leaky = cell({ h: 64 }, ({ h }, x) => ({
      h: mix(h, tanh(linear(64)(concat(h, x))), 0.125),
    }))
    const graph = graphOf(({ input }) => {
      const { output, state } = scan(leaky)(input.sequence('x', { size: 8 }))
      return { output, h: state.h }
    })
    expect(graph.parameters.map(({ name, shape }) => [name, shape])).toEqual([
      ['scan.linear.weight', [64, 72]],
      ['scan.linear.bias', [64]],
    ])
    expect(graph.outputs).toEqual([
      { name: 'output', from: 'scan:output' },
      { name: 'h', from: 'scan:h' },
    ])
    expect(graph.nodes[1]?.op).toEqual({
      scan: {
        reverse: false,
        initial: [],
        body: {
          nodes: [
            { name: 'x', op: { input: { vector: { size: 8 } } }, inputs: [] },
            { name: 'h', op: { state: { size: 64 } }, inputs: [] },
            { name: 'concat', op: 'concat', inputs: ['h', 'x'] },
            {
              name: 'linear',
              op: {
                linear: { weight: 'scan.linear.weight', bias: 'scan.linear.bias', rows: null },
              },
              inputs: ['concat'],
            },
            { name: 'tanh', op: { activation: 'tanh' }, inputs: ['linear'] },
            { name: 'affine', op: { affine: { scale: 0.875, shift: 0 } }, inputs: ['h'] },
            { name: 'affine_1', op: { affine: { scale: 0.125, shift: 0 } }, inputs: ['tanh'] },
            { name: 'add', op: 'add', inputs: ['affine', 'affine_1'] },
          ],
          outputs: [
            { name: 'output', from: 'add' },
            { name: 'h', from: 'add' },
          ],
        },
      },
    })
  })

  test('a scan called twice shares the parameters inside its cell', () => {
    const twice = scan(cell({ h: 2 }, ({ h }, x) => ({ h: add(linear(2)(h), linear(2)(x)) })))
    const graph = graphOf(({ input }) => {
      const [a, b] = [input.sequence('a', { size: 3 }), input.sequence('b', { size: 3 })]
      return { a: twice(a).output, b: twice(b).output }
    })
    expect(graph.parameters.map(({ name }) => name)).toEqual([
      'scan.linear.weight',
      'scan.linear.bias',
      'scan.linear_1.weight',
      'scan.linear_1.bias',
    ])
    const op = graph.nodes[2]?.op
    expect(op).toEqual(graph.nodes[3]?.op)
  })

  test('vectors from outside a cell become inputs of its body; initial states follow', () => {
    const graph = graphOf(({ input }) => {
      const context = input.vector('context', { size: 2 })
      const h0 = input.vector('h0', { size: 2 })
      const conditioned = cell({ h: 2, n: 1 }, ({ h, n }, x) => ({
        h: add(h, context),
        n,
        output: concat(x, context),
      }))
      return {
        y: scan(conditioned)(input.sequence('x', { size: 3 }), { initial: { h: h0 } }).output,
      }
    })
    const node = graph.nodes[3]
    expect(node?.inputs).toEqual(['x', 'context', 'h0'])
    if (typeof node?.op !== 'object' || !('scan' in node.op)) throw new Error('no scan')
    expect(node.op.scan.initial).toEqual(['h'])
    expect(node.op.scan.body.nodes.map(({ name, inputs }) => [name, ...inputs])).toEqual([
      ['x'],
      ['h'],
      ['n'],
      ['context'],
      ['add', 'h', 'context'],
      ['concat', 'x', 'context'],
    ])
    expect(node.op.scan.body.outputs).toEqual([
      { name: 'output', from: 'concat' },
      { name: 'h', from: 'add' },
      { name: 'n', from: 'n' },
    ])
  })

  test('states of one direction are ports, of both are joined on demand', () => {
    const graph = graphOf(({ input }) => {
      const x = input.sequence('x', { size: 3 })
      const one = lstm({ hiddenSize: 2, numLayers: 2 })(x)
      const both = gru({ hiddenSize: 2, bidirectional: true })(x)
      const [bottom] = one.layers
      const decoded = gru({ hiddenSize: 4, name: 'decoder', bidirectional: true })(x, {
        initial: { h: concat(both.state.h, both.state.h) },
      })
      return { c: one.state.c, bottom: bottom?.h ?? one.state.h, h: decoded.output }
    })
    expect(graph.outputs.map(({ from }) => from)).toEqual([
      'lstm.l1:c',
      'lstm.l0:h',
      'decoder.l0_1',
    ])
    expect(names(graph).slice(6)).toEqual([
      ['gru.l0.h', 'gru.l0:h', 'gru.l0_reverse:h'],
      ['concat', 'gru.l0.h', 'gru.l0.h'],
      ['slice', 'concat'],
      ['slice_1', 'concat'],
      ['decoder.l0', 'x', 'slice'],
      ['decoder.l0_reverse', 'x', 'slice_1'],
      ['decoder.l0_1', 'decoder.l0:output', 'decoder.l0_reverse:output'],
    ])
  })
})
