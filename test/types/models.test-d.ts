import {
  add,
  concat,
  type Data,
  dense,
  dropout,
  type Examples,
  embedding,
  graph,
  gru,
  type ItemLosses,
  last,
  lstm,
  type Model,
  type Result,
  rnn,
  type Sequence,
  type State,
  sequential,
  type Token,
  type Tokens,
  type TrainOptions,
  type Vector,
} from 'unrolled'
import { type ImportPyTorchOptions, importPyTorch } from 'unrolled/pytorch'
import { describe, expectTypeOf, test } from 'vitest'

declare const vector3: Vector<3>

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
    const places: ImportPyTorchOptions = { key: 'state_dict', sample: { x: [[1, 2]], y: [[1, 2]] } }
    importPyTorch(reader, 'reader.pt', places)
    importPyTorch(tagger, 'tagger.pt', places)
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
