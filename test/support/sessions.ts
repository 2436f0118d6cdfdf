import {
  concat,
  dense,
  embedding,
  encoderDecoder,
  graph,
  gru,
  type Result,
  sequential,
  shift,
} from 'unrolled'

export const WORDS = 6
export const sources = [[2, 5, 1, 4], [3], [1, 1, 5], [4, 2]]
export const targets = [
  [1, 2, 3, 0],
  [4, 0],
  [5, 1, 2, 0],
  [2, 2, 0],
]

export const attending = (inputFeeding = false) =>
  encoderDecoder({
    source: { vocabularySize: WORDS },
    target: { vocabularySize: WORDS, start: 0 },
    hiddenSize: 7,
    embeddingSize: 5,
    bidirectional: true,
    attention: 'additive',
    inputFeeding,
    seed: 2,
  })

/** Text from a vector, which is the first state and enters at each step. */
export const captions = () =>
  graph(({ input }) => {
    const image = input.vector('image', { size: 3 })
    const word = input.tokens('word', { vocabularySize: WORDS })
    const before = embedding({ vocabularySize: WORDS, size: 4 })(shift({ start: 5 })(word))
    const { output } = gru({ hiddenSize: 6 })(concat(before, image), {
      initial: { h: dense({ size: 6 })(image) },
    })
    return { scores: dense({ size: WORDS })(output), seen: dense({ size: 2 })(image) }
  })

/** Row after row of a result. */
export const rowsOf = (result: Result) => result.toNested() as number[][]

export const plain = () => sequential([gru({ inputSize: 2, hiddenSize: 3 })], { seed: 4 })

export const backwards = () => sequential([gru({ inputSize: 2, hiddenSize: 3, reverse: true })])

export const bothWays = () =>
  graph(({ input }) => {
    const t = input.tokens('t', { vocabularySize: 4 })
    const table = { vocabularySize: 4, size: 3 }
    return { y: concat(embedding(table)(t), embedding(table)(shift({ start: 0 })(t))) }
  })

export const twoContexts = () =>
  graph(({ input }) => {
    const [a, b] = [input.vector('a', { size: 1 }), input.vector('b', { size: 1 })]
    const x = input.sequence('x', { size: 1 })
    return { y: gru({ hiddenSize: 2 })(concat(x, a, b)).output }
  })
