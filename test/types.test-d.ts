import {
  add,
  bidirectional,
  cell,
  clockwork,
  concat,
  constant,
  type Data,
  deepTransition,
  delayed,
  dense,
  detach,
  divide,
  dropout,
  type Examples,
  embedding,
  type GraphContext,
  graph,
  gru,
  type ItemLosses,
  type LstmState,
  last,
  lastStep,
  leaky,
  linear,
  lstm,
  type Model,
  maximum,
  mix,
  multiply,
  parameter,
  pool,
  type Result,
  relu,
  rnn,
  type Sequence,
  type State,
  scan,
  sequential,
  slice,
  stacked,
  subtract,
  sum,
  type Token,
  type Tokens,
  type TrainOptions,
  tanh,
  type Vector,
  where,
} from 'unrolled'
import { describe, expectTypeOf, test } from 'vitest'

declare const context: GraphContext
declare const sequence3: Sequence<3>
declare const vector3: Vector<3>
declare const vector4: Vector<4>
declare const tokens9: Tokens<9>

describe('values are typed by kind and size', () => {
  test('inputs', () => {
    expectTypeOf(context.input.vector('x', { size: 3 })).toEqualTypeOf<Vector<3>>()
    expectTypeOf(context.input.tokens('x', { vocabularySize: 9 })).toEqualTypeOf<Tokens<9>>()
  })

  test('dense keeps the kind and changes the size', () => {
    expectTypeOf(dense({ size: 2 })(sequence3)).toEqualTypeOf<Sequence<2>>()
    expectTypeOf(dense({ size: 2 })(vector3)).toEqualTypeOf<Vector<2>>()
    expectTypeOf(relu(vector3)).toEqualTypeOf<Vector<3>>()
    expectTypeOf(slice({ start: 1, size: 2 })(sequence3)).toEqualTypeOf<Sequence<2>>()
  })

  test('recurrent layers give output and state', () => {
    const { output, state } = lstm({ hiddenSize: 5 })(sequence3)
    expectTypeOf(output).toEqualTypeOf<Sequence<5>>()
    expectTypeOf(state).toEqualTypeOf<LstmState<5>>()
    expectTypeOf(last()(output)).toEqualTypeOf<Vector<5>>()
    expectTypeOf(lastStep()(output)).toEqualTypeOf<Vector<5>>()
    expectTypeOf(pool('lastStep')(output)).toEqualTypeOf<Vector<5>>()
    const projected = lstm({ hiddenSize: 5, projSize: 2, bidirectional: true })(sequence3)
    expectTypeOf(projected.output).toEqualTypeOf<Sequence<4>>()
    expectTypeOf(projected.state).toEqualTypeOf<LstmState<10, 4>>()
    const both = gru({ hiddenSize: 5, bidirectional: true })(sequence3)
    expectTypeOf(both.output).toEqualTypeOf<Sequence<10>>()
    const summed = rnn({ hiddenSize: 5, bidirectional: true, merge: 'sum' })(sequence3)
    expectTypeOf(summed.output).toEqualTypeOf<Sequence<5>>()
    expectTypeOf(summed.state.h).toEqualTypeOf<Vector<10>>()
    const layer = bidirectional(lstm({ hiddenSize: 5 }))(sequence3)
    expectTypeOf(layer.output).toEqualTypeOf<Sequence<10>>()
    expectTypeOf(layer.state.c).toEqualTypeOf<Vector<10>>()
    const own = cell({ h: 4 }, ({ h }, x: Vector<3>) => ({ h: tanh(linear(4)(concat(h, x))) }))
    const cells = bidirectional(own, { merge: 'average' })(sequence3)
    expectTypeOf(cells.output).toEqualTypeOf<Sequence<4>>()
    expectTypeOf(cells.trace.h).toEqualTypeOf<Sequence<8>>()
    expectTypeOf(layer.trace.i).toEqualTypeOf<Sequence<10>>()
    expectTypeOf(projected.trace.h).toEqualTypeOf<Sequence<4>>()
    expectTypeOf(projected.trace.c).toEqualTypeOf<Sequence<10>>()
    const own4 = cell({ h: 4 }, ({ h }, x) => ({ h: tanh(linear(4)(concat(h, x))) }))
    const deep = stacked([gru({ hiddenSize: 5 }), own4, lstm({ hiddenSize: 2 })])(sequence3)
    expectTypeOf(deep.output).toEqualTypeOf<Sequence<2>>()
    expectTypeOf(deep.state).toEqualTypeOf<LstmState<2>>()
    expectTypeOf(deep.layers[1].h).toEqualTypeOf<Vector<4>>()
    expectTypeOf(deep.traces[0].z).toEqualTypeOf<Sequence<5>>()
    // @ts-expect-error: a layer of another input
    stacked([gru({ hiddenSize: 5 }), embedding({ size: 3 })])
    const transition = deepTransition({ hiddenSize: 6, output: [4, 7] })
    expectTypeOf(scan(transition)(sequence3).output).toEqualTypeOf<Sequence<7>>()
    expectTypeOf(scan(transition)(sequence3).state.h).toEqualTypeOf<Vector<6>>()
    const groups = [
      { size: 2, period: 1 },
      { size: 5, period: 3 },
    ] as const
    expectTypeOf(scan(clockwork({ groups }))(sequence3).output).toEqualTypeOf<Sequence<7>>()
    expectTypeOf(leaky(0.5)(sequence3).output).toEqualTypeOf<Sequence<3>>()
    expectTypeOf(scan(delayed({ hiddenSize: 4, delays: [2] }))(sequence3).output).toEqualTypeOf<
      Sequence<4>
    >()
    const named = cell({ h: 4 }, ({ h }, x: Vector<3>) => ({ h, trace: { both: concat(h, x) } }))
    expectTypeOf(scan(named)(sequence3).trace.both).toEqualTypeOf<Sequence<7>>()
    expectTypeOf(scan(named)(sequence3).trace.h).toEqualTypeOf<Sequence<4>>()
    expectTypeOf(cells.state.h).toEqualTypeOf<Vector<8>>()
  })

  test('combinations', () => {
    expectTypeOf(add(vector3, vector3)).toEqualTypeOf<Vector<3>>()
    expectTypeOf(add(vector3, sequence3)).toEqualTypeOf<Sequence<3>>()
    expectTypeOf(concat(vector3, vector4)).toEqualTypeOf<Vector<7>>()
    expectTypeOf(mix(vector3, vector3, 0.5)).toEqualTypeOf<Vector<3>>()
  })

  test('cells', () => {
    const leaky = cell({ h: 64 }, ({ h }, x) => ({
      h: mix(h, tanh(linear(64)(concat(h, x))), 0.1),
    }))
    const { output, state } = scan(leaky)(sequence3)
    expectTypeOf(output).toEqualTypeOf<Sequence<64>>()
    expectTypeOf(state.h).toEqualTypeOf<Vector<64>>()
    const read = cell({ h: 4 }, ({ h }, x) => ({ h, output: linear(2)(x) }))
    expectTypeOf(scan(read)(sequence3).output).toEqualTypeOf<Sequence<2>>()
  })
})

describe('sizes are kept', () => {
  test('joined values have the sum of the sizes', () => {
    const wide = {} as Vector<1998>
    expectTypeOf(concat(vector3)).toEqualTypeOf<Vector<3>>()
    expectTypeOf(concat(wide, vector3, wide)).toEqualTypeOf<Vector<3999>>()
    expectTypeOf(concat({} as Vector<5>, {} as Vector<5>)).toEqualTypeOf<Vector<10>>()
    expectTypeOf(concat({} as Vector<999999>, {} as Vector<1>)).toEqualTypeOf<Vector<1000000>>()
    expectTypeOf(concat(vector3, sequence3)).toEqualTypeOf<Sequence<6>>()
    expectTypeOf(concat(vector3, {} as Vector)).toEqualTypeOf<Vector<number>>()
    // @ts-expect-error 7 is not 3
    add(concat(vector3, vector4), vector3)
    // @ts-expect-error there is nothing to join
    concat()
    // @ts-expect-error one value is no sum
    add(vector3)
  })

  test('one number goes with any size', () => {
    const one = {} as Vector<1>
    expectTypeOf(multiply(one, sequence3)).toEqualTypeOf<Sequence<3>>()
    expectTypeOf(subtract(vector3, sum(vector4))).toEqualTypeOf<Vector<3>>()
    expectTypeOf(divide(sum(sequence3), vector4)).toEqualTypeOf<Sequence<4>>()
    expectTypeOf(where(one, sequence3, vector3)).toEqualTypeOf<Sequence<3>>()
    expectTypeOf(mix(vector3, vector3, one)).toEqualTypeOf<Vector<3>>()
    expectTypeOf(mix(one, one, vector3)).toEqualTypeOf<Vector<3>>()
    expectTypeOf(mix(vector3, vector3, sequence3)).toEqualTypeOf<Sequence<3>>()
    // @ts-expect-error 4 is not 3
    mix(vector3, vector3, vector4)
    expectTypeOf(add(one, one)).toEqualTypeOf<Vector<1>>()
    expectTypeOf(constant([1, 2])).toEqualTypeOf<Vector<2>>()
    expectTypeOf(parameter(7)).toEqualTypeOf<Vector<7>>()
    expectTypeOf(detach(sequence3)).toEqualTypeOf<Sequence<3>>()
    // @ts-expect-error 3 is not 4
    maximum(vector3, vector4)
    // @ts-expect-error 3 is not 4
    where(one, vector3, vector4)
  })

  test('lists of values', () => {
    const vectors: Vector<4>[] = []
    expectTypeOf(add(...vectors)).toEqualTypeOf<Vector<4>>()
    expectTypeOf(multiply(...vectors)).toEqualTypeOf<Vector<4>>()
    expectTypeOf(concat(...vectors)).toEqualTypeOf<Vector<number>>()
    const mixed: (Vector<4> | Sequence<4>)[] = []
    expectTypeOf(add(...mixed)).toEqualTypeOf<Vector<4> | Sequence<4>>()
  })

  test('functions for any size', () => {
    const twice = <F extends number>(v: Vector<F>, w: Vector<F>) => add(v, w)
    expectTypeOf(twice(vector3, vector3)).toEqualTypeOf<Vector<3>>()
    const any = <X extends Vector | Sequence>(v: X, w: X) => mix(v, multiply(v, w), w)
    expectTypeOf(any(sequence3, sequence3)).toEqualTypeOf<Sequence<3>>()
    // @ts-expect-error 3 is not 4
    twice<3>(vector3, vector4)
  })

  test('a register is a cell without casts', () => {
    const register = cell({ h: 4 }, ({ h }, x) => ({
      h: concat(slice({ start: 1, size: 3 })(h), x),
    }))
    expectTypeOf(scan(register)(sequence3).output).toEqualTypeOf<Sequence<4>>()
    const sized = cell({ h: 4 }, ({ h }, x: Vector<1>) => ({
      h: concat(slice({ start: 1, size: 3 })(h), x),
    }))
    expectTypeOf(scan(sized)({} as Sequence<1>).state.h).toEqualTypeOf<Vector<4>>()
    // @ts-expect-error a step has one number
    scan(sized)(sequence3)
    // @ts-expect-error 3 and 3 are not 4
    cell({ h: 4 }, ({ h }, x: Vector<3>) => ({ h: concat(slice({ start: 1, size: 3 })(h), x) }))
    const copy = cell({ h: 1 }, (_, x) => ({ h: x }))
    expectTypeOf(scan(copy)({} as Sequence<1>).output).toEqualTypeOf<Sequence<1>>()
  })

  test('a bidirectional encoder fits a decoder', () => {
    const { output, state } = gru({ hiddenSize: 3, bidirectional: true })(sequence3)
    expectTypeOf(output).toEqualTypeOf<Sequence<6>>()
    gru({ hiddenSize: 6 })(sequence3, { initial: state })
    // @ts-expect-error both directions have 6 numbers
    gru({ hiddenSize: 3 })(sequence3, { initial: state })
    const either = gru({ hiddenSize: 3, bidirectional: {} as boolean })(sequence3)
    expectTypeOf(either.output).toEqualTypeOf<Sequence<number>>()
  })
})

describe('a wrong wire is a compile error', () => {
  test('kinds', () => {
    // @ts-expect-error tokens have no numbers
    dense({ size: 2 })(tokens9)
    // @ts-expect-error a vector has no steps
    lstm({ hiddenSize: 2 })(vector3)
    // @ts-expect-error a vector has no steps
    last()(vector3)
    // @ts-expect-error a sequence of numbers has no ids
    embedding({ size: 2 })(sequence3)
    // @ts-expect-error tokens have no numbers
    add(tokens9, tokens9)
  })

  test('sizes', () => {
    // @ts-expect-error 3 is not 4
    add(vector3, vector4)
    // @ts-expect-error 4 is not 3
    mix(vector3, vector4, 0.5)
    // @ts-expect-error the state has 5 numbers
    rnn({ hiddenSize: 5 })(sequence3, { initial: { h: vector4 } })
    // @ts-expect-error the next state must have 4 numbers
    cell({ h: 4 }, () => ({ h: vector3 }))
    // @ts-expect-error every state needs a next one
    cell({ h: 4, c: 4 }, ({ h }) => ({ h }))
  })

  test('options', () => {
    // @ts-expect-error there is no such option
    lstm({ hiddenSize: 2, dropuot: 0.1 })
    // @ts-expect-error the size is missing
    dense({})
  })

  test('layers of a sequential model', () => {
    // @ts-expect-error dense cannot take tokens
    sequential([dense({ size: 2 }), last()])
    // @ts-expect-error the first layer needs its inputSize
    sequential([lstm({ hiddenSize: 2 }), last()])
    // @ts-expect-error an lstm cannot take a vector
    sequential([embedding({ vocabularySize: 9, size: 4 }), last(), lstm({ hiddenSize: 2 })])
    // @ts-expect-error a second embedding has no ids to look up
    sequential([embedding({ vocabularySize: 9, size: 4 }), embedding({ size: 4 })])
    // @ts-expect-error there are no layers
    sequential([])
  })
})

describe('models', () => {
  test('sequential fixes inputs and outputs', () => {
    const model = sequential([
      embedding({ vocabularySize: 9, size: 4 }),
      lstm({ hiddenSize: 8, numLayers: 2 }),
      last(),
      dense({ size: 2 }),
    ])
    expectTypeOf(model).toEqualTypeOf<
      Model<{ readonly tokens: Tokens<9> }, { readonly output: Vector<2> }>
    >()
    expectTypeOf<Awaited<ReturnType<typeof model.predict>>['output']>().toEqualTypeOf<
      Result<Vector<2>>
    >()
    const { output } = {} as Awaited<ReturnType<typeof model.predict>>
    expectTypeOf(output.toNested()).toEqualTypeOf<number[][]>()
    model.predict([[1, 2], [3]])
    model.predict({ tokens: [Int32Array.of(1, 2)] })
    // @ts-expect-error tokens are whole numbers in a row, not steps of numbers
    model.predict([[[1], [2]]])
    model.fit({ x: [[1, 2]], y: [1] }, { loss: 'crossEntropy' })
    model.fit(() => [{ x: [[1]], y: Int32Array.of(1) }], { loss: { output: 'crossEntropy' } })
    // @ts-expect-error there is no such loss
    model.fit({ x: [[1, 2]], y: [1] }, { loss: 'crossEntropie' })
    const stream = model.stream()
    expectTypeOf(stream.push(3).output).toEqualTypeOf<Float32Array>()
  })

  test('what is given at the start is not fed at each step', () => {
    const inputs = {
      image: { vector: { size: 3 } },
      word: { tokens: { vocabularySize: 6 } },
    } as const
    const model = graph(inputs, ({ image, word }) => ({
      scores: concat(embedding({ vocabularySize: 6, size: 4 })(word), image),
    }))
    const stream = model.stream({ image: [1, 2, 3] })
    expectTypeOf(stream.push(3).scores).toEqualTypeOf<Float32Array>()
    stream.push({ word: 3 })
    // @ts-expect-error the image was given
    stream.push({ word: 3, image: [1, 2, 3] })
    // @ts-expect-error a row of a vector has no rows
    model.stream({ image: [[1, 2, 3]] })
    // @ts-expect-error there is no such input
    model.stream({ picture: [1, 2, 3] })
    // @ts-expect-error there is no such option
    model.stream({ image: [1, 2, 3] }, { axes: 'time' })
    const session = {} as Awaited<ReturnType<typeof model.session<'image'>>>
    model.session({ image: [[1, 2, 3]] })
    // @ts-expect-error many rows
    model.session({ image: [1, 2, 3] })
    const outputs = {} as Awaited<ReturnType<typeof session.step>>
    expectTypeOf(outputs.scores.toNested()).toEqualTypeOf<number[][]>()
    session.step([1, 2])
    // @ts-expect-error an id a row
    session.step([[1, 2]])
    session.reorder(Int32Array.of(0, 0))
  })

  test('a graph names its outputs', () => {
    const model = graph(({ input }) => {
      const x = input.sequence('x', { size: 2 })
      return { tags: dense({ size: 5 })(x), mood: dense({ size: 1 })(last()(x)) }
    })
    const result = {} as Awaited<ReturnType<typeof model.predict>>
    expectTypeOf(result.tags.toNested()).toEqualTypeOf<number[][][]>()
    expectTypeOf(result.mood.toNested()).toEqualTypeOf<number[][]>()
    model.predict({ x: [[[1, 2]]] })
  })

  test('weights have the steps of their output', () => {
    const tagger = sequential([gru({ inputSize: 1, hiddenSize: 3 })])
    tagger.fit({ x: [[1, 2]], y: [[[1, 2, 3]]], weights: [[1, 0]] }, { loss: 'huber' })
    const packed = { values: Float32Array.of(1, 0), shape: [1, 2] }
    tagger.evaluate({ x: [[1, 2]], y: [[[1, 2, 3]]], weights: packed }, { loss: 'huber' })
    // @ts-expect-error every step has a weight of its own
    tagger.fit({ x: [[1, 2]], y: [[[1, 2, 3]]], weights: [1] }, { loss: 'huber' })
    const model = sequential([gru({ inputSize: 1, hiddenSize: 3 }), last()])
    model.fit({ x: [[1, 2]], y: [[1, 2, 3]], weights: [1] }, { loss: 'huber', accumulate: 2 })
    const weights = { output: Float32Array.of(1) }
    model.fit({ x: [[1, 2]], y: [[1, 2, 3]], weights }, { loss: 'huber' })
    // @ts-expect-error rows without steps have one weight each
    model.fit({ x: [[1, 2]], y: [[1, 2, 3]], weights: [[1]] }, { loss: 'huber' })
  })

  test('gradients are named as inputs and outputs, and ids have none', () => {
    const model = sequential([gru({ inputSize: 2, hiddenSize: 3 }), last()])
    type Found = Awaited<ReturnType<typeof model.gradients>>
    expectTypeOf<Found['inputs']>().toEqualTypeOf<{ readonly input: Result<Sequence<2>> }>()
    expectTypeOf<Found['losses']>().toEqualTypeOf<{ readonly output?: ItemLosses }>()
    expectTypeOf<Found['states'][string]>().toEqualTypeOf<Result<Sequence>>()
    expectTypeOf<Found['initial']>().toEqualTypeOf<State>()
    const words = sequential([embedding({ vocabularySize: 9, size: 2 }), last()])
    type Words = Awaited<ReturnType<typeof words.gradients>>
    expectTypeOf<keyof Words['inputs']>().toEqualTypeOf<never>()
    words.gradients({ x: [[1, 2]], y: [[1, 2]] }, { loss: 'huber' })
    // @ts-expect-error a batch is whole
    words.gradients({ x: [[1, 2]], y: [[1, 2]] }, { loss: 'huber', batchSize: 2 })
    // @ts-expect-error only one batch
    words.gradients([{ x: [[1, 2]], y: [[1, 2]] }], { loss: 'huber' })
  })

  test('every model is a Model, and types without arguments fit every model', () => {
    const tagger = graph({ x: { sequence: { size: 2 } } }, ({ x }) => ({
      tags: dense({ size: 5 })(x),
      mood: dense({ size: 1 })(last()(x)),
    }))
    const reader = sequential([embedding({ vocabularySize: 9, size: 4 }), last()])
    const models: Model[] = [tagger, reader]
    const teach = async (model: Model, data: Data, options: TrainOptions) => {
      await model.fit(data, options)
      const { output, state } = await model.predict([[1, 2]])
      expectTypeOf(output).toExtend<Result | undefined>()
      expectTypeOf(state).toEqualTypeOf<State>()
      await model.predict({ x: [[[1, 2]]] })
      model.stream()
    }
    const options: TrainOptions = { loss: 'crossEntropy' }
    const one: TrainOptions = { loss: 'crossEntropy', frozen: 'encoder' }
    const more: TrainOptions = { ...one, frozen: ['encoder', 'head.bias'] as const }
    // @ts-expect-error names, not layers
    const layers: TrainOptions = { ...one, frozen: [dense({ size: 5 })] }
    const examples: Examples = { x: [[1, 2]], y: [1] }
    for (const it of [one, more, layers]) reader.fit(examples, it)
    reader.fit(examples, options)
    tagger.fit([examples], options)
    for (const model of models) teach(model, examples, options)
    class Holder {
      model: Model | undefined
    }
    new Holder().model = reader
    // @ts-expect-error there is no such option
    const wrong: TrainOptions = { lose: 'crossEntropy' }
    // @ts-expect-error a text is no data
    const words: Examples = { x: 'words', y: [1] }
    teach(reader, words, wrong)
  })

  test('a graph names its inputs', () => {
    const model = graph(
      { ids: { tokens: { vocabularySize: 9 } }, v: { vector: { size: 3 } } },
      ({ ids, v }) => {
        expectTypeOf(ids).toEqualTypeOf<Tokens<9>>()
        expectTypeOf(v).toEqualTypeOf<Vector<3>>()
        return { y: add(v, last()(embedding({ size: 3 })(ids))) }
      },
    )
    model.predict({ ids: [[1, 2]], v: [[1, 2, 3]] })
    // @ts-expect-error there is no such input
    model.predict({ isd: [[1, 2]], v: [[1, 2, 3]] })
    // @ts-expect-error an input is left out
    model.predict({ v: [[1, 2, 3]] })
    // @ts-expect-error ids are whole numbers, not steps of numbers
    model.predict({ ids: [[[1]]], v: [[1, 2, 3]] })
    // @ts-expect-error there is no such kind
    graph({ x: { vektor: { size: 3 } } }, () => ({ y: vector3 }))
  })

  test('a model of a vector, or of one id', () => {
    const probe = sequential([dense({ size: 2 })], { input: { vector: { size: 3 } } })
    expectTypeOf(probe).toEqualTypeOf<
      Model<{ readonly input: Vector<3> }, { readonly output: Vector<2> }>
    >()
    const caption = sequential([embedding({ size: 4 })], {
      input: { token: { vocabularySize: 9 } },
    })
    expectTypeOf(caption).toEqualTypeOf<
      Model<{ readonly token: Token<9> }, { readonly output: Vector<4> }>
    >()
    // @ts-expect-error an lstm cannot take a vector
    sequential([lstm({ hiddenSize: 2 })], { input: { vector: { size: 3 } } })
  })

  test('layers that are chosen at run time', () => {
    const layers = [rnn({ inputSize: 1, hiddenSize: 3 }), rnn({ inputSize: 3, hiddenSize: 3 })]
    const model = sequential([...layers, last(), dense({ size: 2 })])
    expectTypeOf<Awaited<ReturnType<typeof model.predict>>['output']>().toEqualTypeOf<
      Result<Vector | Sequence>
    >()
    model.fit({ x: [[1, 2]], y: [1] }, { loss: 'crossEntropy' })
    sequential(layers)
    const some = sequential([
      rnn({ inputSize: 1, hiddenSize: 3 }),
      ...(Math.random() > 0.5 ? [dropout({ rate: 0.1 })] : []),
      last(),
    ])
    expectTypeOf(some).toExtend<Model<{ readonly input: Sequence<1> }>>()
    // @ts-expect-error a number is no layer
    sequential([...layers, 3])
  })

  test('functions of your own are layers', () => {
    const head = dense({ inputSize: 2, size: 4 })
    expectTypeOf(sequential([head, dense({ size: 3 })])).toEqualTypeOf<
      Model<{ readonly input: Sequence<2> }, { readonly output: Sequence<3> }>
    >()
    const residual = (x: Sequence<4>) => add(x, dense({ size: 4 })(x))
    const model = sequential([dense({ inputSize: 2, size: 4 }), residual, gru({ hiddenSize: 3 })])
    expectTypeOf(model).toExtend<
      Model<{ readonly input: Sequence<2> }, { readonly output: Sequence<3> }>
    >()
  })
})
