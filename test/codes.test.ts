import {
  add,
  concat,
  dense,
  dropout,
  embedding,
  fromBytes,
  type GraphContext,
  graph,
  last,
  linear,
  load,
  rnn,
  sequential,
  shift,
  slice,
} from 'unrolled'
import { expect, test } from 'vitest'
import { graphOf } from '../ts/compose/graph.js'
import { binding } from '../ts/native/binding.js'
import type { NativeTensor } from '../ts/native/contract.js'
import { compile, parameter, sharedValues, transferredValues } from './native/graph.js'

/** One mistake, made through the TypeScript layer and through the addon. */
interface Mistake {
  readonly code: string
  typed(): unknown
  native(): unknown
}

const untyped = (value: unknown): never => value as never

/** A graph of one output, declared with values whose kinds and sizes the compiler does not see. */
const declared = (build: (input: GraphContext['input']) => unknown) => () =>
  graphOf(({ input }) => untyped({ y: build(input) }))

/** The same graph as JSON; its output is the last node. */
const compiled =
  (...graph: Parameters<typeof compile>) =>
  () =>
    compile(...graph)

const sequence = (size: number, axis = 'time') => ({ input: { sequence: { size, axis } } })
const vector = (size: number) => ({ input: { vector: { size } } })
const tokens = { input: { tokens: { vocabulary: 4, axis: 'time' } } }

/** Predicts with a model that sums up sequences of two numbers by their last step. */
const typedRun = (x: unknown) => async () =>
  sequential([dense({ inputSize: 2, size: 1 }), last()]).predict(untyped(x))
const nativeRun = (change: Partial<NativeTensor>) => async () => {
  const model = compile([
    ['x', sequence(2)],
    ['y', 'last', 'x'],
  ])
  const good = { name: 'x', shape: [1, 2, 2], values: new Float32Array(4) }
  return model.predict([{ ...good, ...change }], [])
}

const typedIds = (x: unknown) => async () =>
  sequential([embedding({ vocabularySize: 4, size: 2 }), last()]).predict(untyped(x))
const nativeIds = (ids: Int32Array) => async () => {
  const table = parameter('w', 4, 2)
  const model = compile(
    [
      ['x', tokens],
      ['e', { embedding: { weight: 'w', padding: null } }, 'x'],
      ['y', 'last', 'e'],
    ],
    [table],
  )
  return model.predict([{ name: 'x', shape: [1, ids.length], ids }], [])
}

const vectorModel = () => graph(({ input }) => ({ y: input.vector('x', { size: 2 }) }))
const nativeVector = (change: Partial<NativeTensor>) => async () => {
  const tensor = { name: 'x', shape: [1, 2], values: new Float32Array(2), ...change }
  return compile([['x', vector(2)]]).predict([tensor], [])
}

const recurrent = {
  body: {
    nodes: [
      { name: 'x', op: vector(2), inputs: [] },
      { name: 'h', op: { state: { size: 2 } }, inputs: [] },
      { name: 'sum', op: 'add', inputs: ['x', 'h'] },
    ],
    outputs: [
      { name: 'output', from: 'sum' },
      { name: 'h', from: 'sum' },
    ],
  },
  reverse: false,
  initial: ['h'],
}

const mistakes: Record<string, Mistake> = {
  'sequences of two axes in one node': {
    code: 'ERR_UNROLLED_KIND',
    typed: declared((input) =>
      add(input.sequence('a', { size: 2 }), input.sequence('b', { size: 2, axis: 'words' })),
    ),
    native: compiled([
      ['a', sequence(2)],
      ['b', sequence(2, 'words')],
      ['y', 'add', 'a', 'b'],
    ]),
  },
  'too few values to combine': {
    code: 'ERR_UNROLLED_GRAPH',
    typed: declared((input) => add(...untyped([input.vector('a', { size: 2 })]))),
    native: compiled([
      ['a', vector(2)],
      ['y', 'add', 'a'],
    ]),
  },
  'a name that is taken': {
    code: 'ERR_UNROLLED_GRAPH',
    typed: declared((input) => add(input.vector('a', { size: 2 }), input.vector('a', { size: 2 }))),
    native: compiled([
      ['a', vector(2)],
      ['a', vector(2)],
    ]),
  },
  'a name that no wire can carry': {
    code: 'ERR_UNROLLED_GRAPH',
    typed: declared((input) => input.vector('a:b', { size: 2 })),
    native: compiled([['a:b', vector(2)]]),
  },
  'a sum of different sizes': {
    code: 'ERR_UNROLLED_SHAPE',
    typed: declared((input) =>
      add(input.vector('a', { size: 2 }), untyped(input.vector('b', { size: 3 }))),
    ),
    native: compiled([
      ['a', vector(2)],
      ['b', vector(3)],
      ['y', 'add', 'a', 'b'],
    ]),
  },
  'a concatenation of tokens': {
    code: 'ERR_UNROLLED_KIND',
    typed: declared((input) => concat(untyped(input.tokens('a', { vocabularySize: 4 })))),
    native: compiled([
      ['a', tokens],
      ['y', 'concat', 'a'],
    ]),
  },
  'a slice beyond the end': {
    code: 'ERR_UNROLLED_SHAPE',
    typed: declared((input) => slice({ start: 1, size: 2 })(input.vector('a', { size: 2 }))),
    native: compiled([
      ['a', vector(2)],
      ['y', { slice: { start: 1, size: 2 } }, 'a'],
    ]),
  },
  'a linear map of tokens': {
    code: 'ERR_UNROLLED_KIND',
    typed: declared((input) => linear(2)(untyped(input.tokens('a', { vocabularySize: 4 })))),
    native: compiled(
      [
        ['a', tokens],
        ['y', { linear: { weight: 'w', bias: null, rows: null } }, 'a'],
      ],
      [parameter('w', 2, 4)],
    ),
  },
  'a pool over a vector': {
    code: 'ERR_UNROLLED_KIND',
    typed: declared((input) => last()(untyped(input.vector('a', { size: 2 })))),
    native: compiled([
      ['a', vector(2)],
      ['y', 'last', 'a'],
    ]),
  },
  'a table of another vocabulary': {
    code: 'ERR_UNROLLED_SHAPE',
    typed: declared((input) =>
      embedding({ size: 2, vocabularySize: 3 })(untyped(input.tokens('a', { vocabularySize: 4 }))),
    ),
    native: compiled(
      [
        ['a', tokens],
        ['y', { embedding: { weight: 'w', padding: null } }, 'a'],
      ],
      [parameter('w', 3, 2)],
    ),
  },
  'a dropout of everything': {
    code: 'ERR_UNROLLED_ARGUMENT',
    typed: () => dropout({ rate: 1 }),
    native: compiled([
      ['a', vector(2)],
      ['y', { dropout: { rate: 1, fixed: false } }, 'a'],
    ]),
  },
  'a padding id beyond the vocabulary': {
    code: 'ERR_UNROLLED_ARGUMENT',
    typed: declared((input) =>
      embedding({ size: 2, padding: 4 })(input.tokens('a', { vocabularySize: 4 })),
    ),
    native: compiled(
      [
        ['a', tokens],
        ['y', { embedding: { weight: 'w', padding: 4 } }, 'a'],
      ],
      [parameter('w', 4, 2)],
    ),
  },
  'a start id beyond the vocabulary': {
    code: 'ERR_UNROLLED_ARGUMENT',
    typed: declared((input) => shift({ start: 4 })(input.tokens('a', { vocabularySize: 4 }))),
    native: compiled(
      [
        ['a', tokens],
        ['b', { shift: { start: 4 } }, 'a'],
        ['y', { embedding: { weight: 'w', padding: null } }, 'b'],
      ],
      [parameter('w', 4, 2)],
    ),
  },
  'an input of size 0': {
    code: 'ERR_UNROLLED_ARGUMENT',
    typed: declared((input) => input.vector('a', { size: 0 })),
    native: compiled([['a', vector(0)]]),
  },
  'a file that is not there': {
    code: 'ERR_UNROLLED_IO',
    typed: () => load('/nowhere/model.safetensors'),
    native: () => binding.Model.load('/nowhere/model.safetensors'),
  },
  'a file that cannot be written': {
    code: 'ERR_UNROLLED_IO',
    typed: () => vectorModel().save('/nowhere/model.safetensors'),
    native: () => compile([['x', vector(2)]]).save('/nowhere/model.safetensors', 'safetensors'),
  },
  'a start id for numbers': {
    code: 'ERR_UNROLLED_ARGUMENT',
    typed: declared((input) => shift({ start: 1 })(input.sequence('a', { size: 2 }))),
    native: compiled([
      ['a', sequence(2)],
      ['y', { shift: { start: 1 } }, 'a'],
    ]),
  },
  'an initial state of another size': {
    code: 'ERR_UNROLLED_SHAPE',
    typed: declared((input) => {
      const initial = { h: untyped(input.vector('s', { size: 3 })) }
      return rnn({ hiddenSize: 2 })(input.sequence('a', { size: 2 }), { initial }).output
    }),
    native: compiled([
      ['a', sequence(2)],
      ['s', vector(3)],
      ['y', { scan: recurrent }, 'a', 's'],
    ]),
  },
  'tokens as an output': {
    code: 'ERR_UNROLLED_KIND',
    typed: declared((input) => input.tokens('a', { vocabularySize: 4 })),
    native: compiled([['a', tokens]]),
  },
  'no outputs': {
    code: 'ERR_UNROLLED_GRAPH',
    typed: () => graphOf(() => ({})),
    native: () => compile([['a', vector(2)]], [], []),
  },
  'a length beyond the time': {
    code: 'ERR_UNROLLED_VALUE',
    typed: typedRun({ values: new Float32Array(4), shape: [1, 2, 2], lengths: [3] }),
    native: nativeRun({ lengths: Int32Array.of(3) }),
  },
  'a negative length': {
    code: 'ERR_UNROLLED_VALUE',
    typed: typedRun({ values: new Float32Array(4), shape: [1, 2, 2], lengths: [-1] }),
    native: nativeRun({ lengths: Int32Array.of(-1) }),
  },
  'lengths of another count': {
    code: 'ERR_UNROLLED_SHAPE',
    typed: typedRun({ values: new Float32Array(4), shape: [1, 2, 2], lengths: [1, 1] }),
    native: nativeRun({ lengths: Int32Array.of(1, 1) }),
  },
  'lengths where there is no time': {
    code: 'ERR_UNROLLED_ARGUMENT',
    typed: async () =>
      vectorModel().predict(untyped({ values: new Float32Array(2), shape: [1, 2], lengths: [1] })),
    native: nativeVector({ lengths: Int32Array.of(1) }),
  },
  'shared memory': {
    code: 'ERR_UNROLLED_KIND',
    typed: typedRun({ values: sharedValues(4), shape: [1, 2, 2] }),
    native: nativeRun({ values: sharedValues(4) }),
  },
  'a buffer that was transferred away': {
    code: 'ERR_UNROLLED_STATE',
    typed: typedRun({ values: transferredValues(4), shape: [1, 2, 2] }),
    native: nativeRun({ values: transferredValues(4) }),
  },
  'a shape that does not hold the values': {
    code: 'ERR_UNROLLED_SHAPE',
    typed: typedRun({ values: new Float32Array(4), shape: [1, 3, 2] }),
    native: nativeRun({ shape: [1, 3, 2] }),
  },
  'a shape of another rank': {
    code: 'ERR_UNROLLED_SHAPE',
    typed: typedRun({ values: new Float32Array(4), shape: [2, 2] }),
    native: nativeRun({ shape: [2, 2] }),
  },
  'ids where numbers belong': {
    code: 'ERR_UNROLLED_KIND',
    typed: typedRun({ values: new Int32Array(4), shape: [1, 2, 2] }),
    native: nativeRun({ values: untyped(undefined), ids: new Int32Array(4) }),
  },
  'a NaN': {
    code: 'ERR_UNROLLED_NON_FINITE',
    typed: typedRun([[[Number.NaN, 1]]]),
    native: nativeRun({ shape: [1, 1, 2], values: Float32Array.of(Number.NaN, 1) }),
  },
  'an id beyond the vocabulary': {
    code: 'ERR_UNROLLED_VALUE',
    typed: typedIds([[4]]),
    native: nativeIds(Int32Array.of(4)),
  },
  'a negative id': {
    code: 'ERR_UNROLLED_VALUE',
    typed: typedIds([[-1]]),
    native: nativeIds(Int32Array.of(-1)),
  },
  'a missing input': {
    code: 'ERR_UNROLLED_ARGUMENT',
    typed: async () => vectorModel().predict(untyped({ x: undefined })),
    native: async () => compile([['x', vector(2)]]).predict([], []),
  },
  'bytes that are no model': {
    code: 'ERR_UNROLLED_FORMAT',
    typed: () => fromBytes(new Uint8Array(9)),
    native: () => binding.Model.fromBytes(new Uint8Array(9)),
  },
  'a disposed model': {
    code: 'ERR_UNROLLED_STATE',
    typed: () => {
      const model = vectorModel()
      model.dispose()
      model.parameters()
    },
    native: () => {
      const model = compile([['x', vector(2)]])
      model.dispose()
      model.parameters()
    },
  },
}

async function codeOf(call: () => unknown): Promise<unknown> {
  try {
    await call()
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
  return 'nothing refused'
}

test.each(Object.entries(mistakes))('%s has one code', async (_, { code, typed, native }) => {
  expect({ typed: await codeOf(typed), native: await codeOf(native) }).toEqual({
    typed: code,
    native: code,
  })
})

test("the system's error is the cause of a file's", async () => {
  await expect(load('/nowhere/model.safetensors')).rejects.toHaveProperty('cause.code', 'ENOENT')
})
