import { describe, expect, test } from 'vitest'
import { graph, graphOf } from '../../ts/compose/graph.js'
import { sequentialGraph } from '../../ts/compose/sequential.js'
import {
  add,
  cell,
  concat,
  dense,
  dropout,
  embedding,
  gru,
  last,
  lstm,
  pool,
  rnn,
  type Sequence,
  scan,
  shift,
  slice,
  UnrolledError,
  type Value,
} from '../../ts/index.js'

/** Catches the error of a call, as `CODE message`. */
function refusal(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    if (error instanceof UnrolledError) return `${error.code} ${error.message}`
    throw error
  }
  return 'nothing thrown'
}

/** Hides a value's kind and size from the compiler. */
const untyped = (value: unknown): never => value as never

/** Values of every kind, hidden. */
type Hidden = Readonly<Record<'tokens' | 'vector' | 'sequence' | 'long' | 'other', never>>

describe('a wrong wire is refused with what was expected and what came', () => {
  const cases: [string, (x: Hidden) => Value, string][] = [
    [
      'dense on tokens',
      (x) => dense({ size: 2 })(x.tokens),
      'ERR_UNROLLED_KIND dense: expected a vector or a sequence, received tokens of vocabulary 9',
    ],
    [
      'a vector where a sequence is expected',
      (x) => lstm({ hiddenSize: 2 })(x.vector).output,
      'ERR_UNROLLED_KIND lstm: expected a sequence, received a vector of size 3',
    ],
    [
      'a sum of different sizes',
      (x) => add(x.vector, x.sequence),
      'ERR_UNROLLED_SHAPE add: expected values of size 3, received a sequence of size 4',
    ],
    [
      'another input size than promised',
      (x) => gru({ hiddenSize: 2, inputSize: 5 })(x.sequence).output,
      'ERR_UNROLLED_SHAPE gru inputSize: expected size 5, received a sequence of size 4',
    ],
    [
      'another vocabulary than promised',
      (x) => embedding({ size: 2, vocabularySize: 8 })(x.tokens),
      'ERR_UNROLLED_SHAPE embedding: expected tokens of vocabulary 8, received 9',
    ],
    [
      'a padding that is no id, by one',
      (x) => embedding({ size: 2, padding: 9 })(x.tokens),
      'ERR_UNROLLED_ARGUMENT embedding padding: expected an id below 9, received 9',
    ],
    [
      'a start that is no id, by one',
      (x) => shift({ start: 9 })(x.tokens),
      'ERR_UNROLLED_ARGUMENT shift start: expected an id below 9, received 9',
    ],
    [
      'a start of a sequence',
      (x) => shift({ start: 0 })(x.sequence),
      'ERR_UNROLLED_ARGUMENT shift start: expected none, received 0; a sequence begins with zeros or with `initial`',
    ],
    [
      'half of an initial state for both ways',
      (x) =>
        rnn({ hiddenSize: 3, bidirectional: true })(x.sequence, { initial: { h: x.vector } })
          .output,
      'ERR_UNROLLED_SHAPE rnn initial h: expected size 6, received a vector of size 3',
    ],
    [
      'an initial state that is a sequence',
      (x) => gru({ hiddenSize: 3 })(x.sequence, { initial: { h: x.long } }).output,
      'ERR_UNROLLED_KIND gru initial h: expected a vector, received a sequence of size 3',
    ],
    [
      'a slice beyond the end, by one',
      (x) => slice({ start: 0, size: 4 })(x.vector),
      'ERR_UNROLLED_SHAPE slice: expected at least 4 numbers, received a vector of size 3',
    ],
    [
      'a slice beyond the end',
      (x) => slice({ start: 2, size: 2 })(x.vector),
      'ERR_UNROLLED_SHAPE slice: expected at least 4 numbers, received a vector of size 3',
    ],
    [
      'sequences of different axes',
      (x) => concat(x.sequence, x.other),
      'ERR_UNROLLED_KIND concat: expected sequences of one axis, received sequences of the axes "time" and "words"',
    ],
    [
      'an initial state of another size',
      (x) => rnn({ hiddenSize: 2 })(x.sequence, { initial: { h: x.vector } }).output,
      'ERR_UNROLLED_SHAPE rnn initial h: expected size 2, received a vector of size 3',
    ],
    [
      'states for another number of layers',
      (x) => rnn({ hiddenSize: 3, numLayers: 2 })(x.sequence, { initial: { h: x.vector } }).output,
      'ERR_UNROLLED_ARGUMENT rnn initial: expected a state for each of 2 layers, received 1',
    ],
    [
      'tokens delayed without a start',
      (x) => shift()(x.tokens),
      'ERR_UNROLLED_ARGUMENT shift start: expected an id below 9, received undefined',
    ],
    [
      'a cell that leaves out a state',
      (x) => scan(cell({ h: 2 }, () => untyped({ output: x.vector })))(x.sequence).output,
      'ERR_UNROLLED_GRAPH scan cell result: expected the next h, received only output',
    ],
    [
      'a cell that leaves out a state without an output',
      (x) => scan(cell({ a: 2, b: 3, c: 1 }, ({ a }) => untyped({ a })))(x.sequence).output,
      'ERR_UNROLLED_GRAPH scan cell result: expected the next b and c, received only a',
    ],
    [
      'a cell without an output',
      (x) => scan(cell({ a: 2, b: 3 }, (states) => states))(x.sequence).output,
      'ERR_UNROLLED_GRAPH scan cell result: expected an output or a state h, received the states a, b',
    ],
    [
      'a sequence from outside a cell',
      (x) => scan(cell({ h: 3 }, ({ h }) => ({ h: untyped(add(h, x.long)) })))(x.sequence).output,
      'ERR_UNROLLED_KIND cell: expected a vector, the step of its own input, or a sequence of another axis, ' +
        'received a sequence of size 3 from outside the cell and of the cell\'s own axis "time"',
    ],
    [
      'something that is no value',
      () => dense({ size: 2 })(untyped([1, 2])),
      'ERR_UNROLLED_KIND dense: expected a value of a graph, received an array of 2',
    ],
  ]

  test.each(cases)('%s', (_, build, expected) => {
    const received = refusal(() =>
      graphOf(({ input }) => {
        const x = untyped({
          tokens: input.tokens('tokens', { vocabularySize: 9 }),
          vector: input.vector('vector', { size: 3 }),
          sequence: input.sequence('sequence', { size: 4 }),
          long: input.sequence('long', { size: 3 }),
          other: input.sequence('other', { size: 4, axis: 'words' }),
        })
        return untyped({ y: build(x) })
      }),
    )
    expect(received).toBe(expected)
  })

  test('the last that fits is taken', () => {
    const graph = graphOf(({ input }) => {
      const tokens = input.tokens('tokens', { vocabularySize: 9 })
      const vector = input.vector('vector', { size: 3 })
      return {
        a: embedding({ size: 2, padding: 8 })(shift({ start: 8 })(tokens)),
        b: slice({ start: 0, size: 3 })(vector),
        c: slice({ start: 2, size: 1 })(vector),
      }
    })
    expect(graph.outputs).toHaveLength(3)
  })

  test('a scan inside a cell cannot read the state of the cell', () => {
    const outer = cell({ h: 3 }, ({ h }, x) => {
      const inner = cell({ s: 3 }, ({ s }) => ({ s: add(s, h) }))
      return { h: add(scan(inner)(untyped(sequence)).state.s, x) }
    })
    let sequence: unknown
    const run = () =>
      graphOf(({ input }) => {
        sequence = input.sequence('x', { size: 3 })
        return { y: scan(outer)(untyped(sequence)).output }
      })
    expect(refusal(run)).toBe(
      'ERR_UNROLLED_GRAPH add: expected values of one cell, received values of several; ' +
        'a scan inside a cell runs before the cell and cannot read its state or its step of the input',
    )
  })

  test('a value of a step cannot leave the step', () => {
    let leaked: unknown
    const leaky = cell({ h: 3 }, ({ h }, x) => {
      leaked = h
      return { h: add(h, x) }
    })
    const run = () =>
      graphOf(({ input }) => {
        scan(leaky)(input.sequence('x', { size: 3 }))
        return untyped({ leaked })
      })
    expect(refusal(run)).toBe(
      'ERR_UNROLLED_GRAPH value: expected a value of this graph, received one from inside a cell; ' +
        'return the value from the step, as its output or as a state',
    )
  })

  test('the last step of what a layer made of both directions has two meanings', () => {
    const over = (build: (x: Sequence) => Sequence) => () =>
      graphOf(({ input }) => {
        const x = input.sequence('x', { size: 3 })
        return { y: last()(build(gru({ hiddenSize: 2, bidirectional: true })(x).output)) }
      })
    const refused = (wire: string) =>
      `ERR_UNROLLED_GRAPH last: expected the output of 'gru', which runs both ways, itself, ` +
      `received a sequence made of it step by step, '${wire}'; put last() right behind the layer ` +
      `for the final state of each direction, or take lastStep()`
    expect(refusal(over((x) => dropout({ rate: 0.5 })(x)))).toBe(refused('dropout'))
    expect(refusal(over((x) => add(x, dense({ size: 4 })(x))))).toBe(refused('add'))
    expect(refusal(over((x) => gru({ hiddenSize: 2 })(x).output))).toBe('nothing thrown')
  })

  test('a value of another graph', () => {
    let leaked: unknown
    graphOf(({ input }) => {
      leaked = input.vector('x', { size: 3 })
      return untyped({ leaked })
    })
    expect(
      refusal(() =>
        graphOf(({ input }) => ({ y: add(input.vector('x', { size: 3 }), untyped(leaked)) })),
      ),
    ).toBe('ERR_UNROLLED_GRAPH add: expected values of one graph, received values of several')
  })
})

describe('bad options are refused by name', () => {
  const cases: [string, () => unknown, string][] = [
    [
      'a misspelled option',
      () => lstm(untyped({ hiddenSze: 3 })),
      'ERR_UNROLLED_ARGUMENT lstm: unknown option "hiddenSze"; did you mean hiddenSize?',
    ],
    [
      'an option like nothing known',
      () => dropout(untyped({ rate: 0.5, zzzzzzzzzz: 1 })),
      'ERR_UNROLLED_ARGUMENT dropout: unknown option "zzzzzzzzzz"; known: rate, fixed, name',
    ],
    [
      'a size that is no count',
      () => dense({ size: 2.5 }),
      'ERR_UNROLLED_ARGUMENT dense size: expected a whole number of at least 1, received 2.5',
    ],
    [
      'an unknown word',
      () => pool(untyped('median')),
      "ERR_UNROLLED_ARGUMENT pool: expected 'last' or 'lastStep' or 'root' or 'mean' or 'sum' or 'max', received \"median\"",
    ],
    [
      'a dropout of everything',
      () => dropout({ rate: 1 }),
      'ERR_UNROLLED_ARGUMENT dropout rate: expected a number below 1, received 1',
    ],
    [
      'a padding below every id',
      () => embedding({ size: 2, padding: -1 }),
      'ERR_UNROLLED_ARGUMENT embedding padding: expected a whole number from 0, received -1',
    ],
    [
      'more layers than anyone trains, by one',
      () => gru({ hiddenSize: 2, numLayers: 257 }),
      'ERR_UNROLLED_ARGUMENT gru numLayers: expected a whole number from 1 to 256, received 257',
    ],
    [
      'both directions and one of them',
      () => rnn({ hiddenSize: 2, reverse: true, bidirectional: true }),
      'ERR_UNROLLED_ARGUMENT rnn reverse: expected false where bidirectional is true, received true',
    ],
    [
      'a forget bias that would be ignored',
      () => lstm({ hiddenSize: 2, bias: false, forgetBias: 2 }),
      'ERR_UNROLLED_ARGUMENT lstm forgetBias: expected none with bias: false, received 2',
    ],
    [
      'a name that a wire could not carry',
      () => sequentialGraph([dense({ inputSize: 1, size: 1, name: 'a:b' })]),
      'ERR_UNROLLED_GRAPH dense name: expected some text without ":", NUL and halves of surrogate pairs, received "a:b"',
    ],
    [
      'a name taken twice',
      () =>
        sequentialGraph([
          dense({ inputSize: 1, size: 1, name: 'a' }),
          dense({ size: 1, name: 'a' }),
        ]),
      'ERR_UNROLLED_GRAPH dense name: expected a name that is free, received "a"',
    ],
    [
      'a first layer without its size',
      () => sequentialGraph([lstm({ hiddenSize: 2 })]),
      'ERR_UNROLLED_ARGUMENT sequential layer 0: expected inputSize (of an embedding: vocabularySize), received none; the first layer fixes the input, or the option `input` does: { input: { sequence: { size: 2 } } }',
    ],
    [
      'no layers',
      () => sequentialGraph([]),
      'ERR_UNROLLED_ARGUMENT sequential: expected an array of layers, received an array of 0',
    ],
    [
      'a layer that is none',
      () => sequentialGraph([dense({ inputSize: 1, size: 1 }), 'last']),
      'ERR_UNROLLED_ARGUMENT sequential layer 1: expected a layer, received "last"',
    ],
    [
      'an output with the name of the state',
      () => graph(({ input }) => ({ state: input.vector('x', { size: 1 }) })),
      'ERR_UNROLLED_GRAPH output name: expected a name that is not reserved, received "state"',
    ],
    [
      'an input with a name of packed data',
      () => graph(({ input }) => ({ y: input.vector('values', { size: 1 }) })),
      'ERR_UNROLLED_GRAPH input name: expected a name that is not reserved, received "values"',
    ],
    [
      'tokens as an output',
      () => graphOf(({ input }) => untyped({ y: input.tokens('x', { vocabularySize: 2 }) })),
      'ERR_UNROLLED_KIND output y: expected a vector or a sequence, received tokens of vocabulary 2',
    ],
  ]

  test.each(cases)('%s', (_, call, expected) => {
    expect(refusal(call)).toBe(expected)
  })

  test("a name of Object's own is a name like any other", () => {
    const graph = sequentialGraph(
      [
        dense({ inputSize: 1, size: 1, name: '__proto__' }),
        dense({ size: 1, name: 'constructor' }),
        last,
      ].slice(0, 2),
    )
    expect(graph.parameters.map(({ name }) => name)).toEqual([
      '__proto__.weight',
      '__proto__.bias',
      'constructor.weight',
      'constructor.bias',
    ])
    expect(({} as { weight?: unknown }).weight).toBeUndefined()
  })
})
