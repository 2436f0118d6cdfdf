import {
  add,
  dense,
  dropout,
  embedding,
  graph,
  gru,
  layerNorm,
  lstm,
  max,
  scan,
  sequential,
} from 'unrolled'
import { normedLstm, resetBefore } from './composed.js'
import { Draw } from './data.js'
import { optimizers } from './options.js'

/** Rows of several lengths, one of them empty. */
const LENGTHS = [7, 1, 0, 3]

/** The question to each saved model. */
export const questions = {
  'bidirectional-lstm': new Draw(31).sequences(LENGTHS, 3),
  'own-cells': new Draw(32).sequences(LENGTHS, 3),
  words: new Draw(33).tokens(LENGTHS, 11),
}

/** Models as they were saved, trained a little so that no bias is zero, so that the files can be made again. */
export const makers = {
  'bidirectional-lstm': async () => {
    const model = sequential(
      [
        lstm({ inputSize: 3, hiddenSize: 5, numLayers: 2, bidirectional: true }),
        dense({ size: 2 }),
      ],
      { seed: 61 },
    )
    const x = questions['bidirectional-lstm']
    const y = new Draw(41).tokens(LENGTHS, 2)
    await model.fit({ x, y }, { loss: 'crossEntropy', optimizer: optimizers.adam(0.02), epochs: 5 })
    return model
  },
  'own-cells': async () => {
    const model = graph(
      ({ input }) => {
        const x = input.sequence('x', { size: 3 })
        const normed = scan(normedLstm(5), { name: 'normed' })(x)
        const back = scan(resetBefore(5), { name: 'back', reverse: true })(x)
        return { y: dense({ size: 2 })(add(normed.output, back.output)) }
      },
      { seed: 62 },
    )
    const x = { x: questions['own-cells'] }
    const y = new Draw(42).sequences(LENGTHS, 2)
    await model.fit({ x, y }, { loss: 'meanSquared', optimizer: optimizers.adam(0.02), epochs: 5 })
    return model
  },
  words: async () => {
    const model = sequential(
      [
        embedding({ vocabularySize: 11, size: 6, padding: 2 }),
        layerNorm(),
        dropout({ rate: 0.25 }),
        gru({ hiddenSize: 7, resetAfter: false }),
        max(),
        dense({ size: 3, activation: 'softmax' }),
      ],
      { seed: 63 },
    )
    const x = questions.words
    const y = new Draw(43).vectors(LENGTHS.length, 3)
    await model.fit({ x, y }, { loss: 'huber', optimizer: optimizers.adam(0.02), epochs: 5 })
    return model
  },
}
