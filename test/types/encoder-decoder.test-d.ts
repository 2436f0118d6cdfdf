import {
  type Alignment,
  type EncoderDecoderOptions,
  encoderDecoder,
  type Model,
  type Result,
  type Sequence,
  type Tokens,
} from 'unrolled'
import { describe, expectTypeOf, test } from 'vitest'

const sides = {
  source: { vocabularySize: 6 },
  target: { vocabularySize: 6, start: 0 },
  hiddenSize: 4,
} as const

/** The outputs of a call of `predict`. */
type Predicted<M extends Model> = Awaited<ReturnType<M['predict']>>

describe('the outputs of an encoder-decoder are those that were asked for', () => {
  test('without attention there are no weights', () => {
    const model = encoderDecoder(sides)
    expectTypeOf(model).toEqualTypeOf<
      Model<{ readonly source: Tokens; readonly target: Tokens }, { readonly scores: Sequence }>
    >()
    const predicted = {} as Predicted<typeof model>
    expectTypeOf(predicted.scores).toEqualTypeOf<Result<Sequence>>()
    // @ts-expect-error there was no attention
    predicted.weights
    const none = encoderDecoder({ ...sides, attention: undefined, numLayers: 2 })
    expectTypeOf(none).toEqualTypeOf<typeof model>()
  })

  test('with attention there are', () => {
    const model = encoderDecoder({ ...sides, attention: 'additive' })
    const predicted = {} as Predicted<typeof model>
    expectTypeOf(predicted.weights).toEqualTypeOf<Result<Alignment<string>>>()
    const options = encoderDecoder({ ...sides, attention: { score: 'dot' } })
    expectTypeOf(options).toEqualTypeOf<typeof model>()
  })

  test('of options made elsewhere, the scores alone are sure', () => {
    const model = encoderDecoder({} as EncoderDecoderOptions)
    const predicted = {} as Predicted<typeof model>
    expectTypeOf(predicted.scores).toEqualTypeOf<Result<Sequence>>()
    // @ts-expect-error attention may not have been asked for
    predicted.weights
  })
})

test('targets and losses need no name', () => {
  const [source, target] = [[[1, 2]], [[3, 0]]]
  const x = { source, target }
  const plain = encoderDecoder(sides)
  const attending = encoderDecoder({ ...sides, attention: 'dot' })
  for (const model of [plain, attending] as const) {
    model.fit({ x, y: target, weights: [[1, 0.5]] }, { loss: 'crossEntropy' })
    model.fit({ x, y: { scores: target } }, { loss: { scores: 'crossEntropy' } })
    model.evaluate({ x, y: target }, { loss: 'crossEntropy' })
    model.gradients({ x, y: target }, { loss: 'crossEntropy' })
    model.exposureGap({ x, y: target })
    model.logProbability({ x, y: target })
    // @ts-expect-error weights of an attention have no targets
    model.fit({ x, y: { weights: target } }, { loss: 'crossEntropy' })
    // @ts-expect-error texts are no ids
    model.fit({ x, y: [['a']] }, { loss: 'crossEntropy' })
  }
  const numbers = encoderDecoder({ ...sides, target: { size: 2 } })
  numbers.fit({ x: { source, target: [[[1, 2]]] }, y: [[[1, 2]]] }, { loss: 'meanSquared' })
})
