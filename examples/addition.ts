// Addition of numbers as text: Keras's addition_rnn. The encoder's last state is repeated for each character of the sum.
import { adam, dense, graph, lstm, oneHot, repeat } from 'unrolled'

const digits = 2
const characters = '0123456789+ '
const ids = (text: string) => [...text].map((character) => characters.indexOf(character))

/** Sums by their numbers: questions back to front, both filled up with spaces. */
const sums = (count: number, from: number) =>
  Array.from({ length: count }, (_, row) => {
    // Steps by a number that shares no factor with the count of pairs: each pair comes once.
    const pair = ((from + row) * 7919) % 100 ** digits
    const [a, b] = [Math.floor(pair / 10 ** digits), pair % 10 ** digits]
    return { question: `${a}+${b}`.padEnd(2 * digits + 1), sum: String(a + b).padEnd(digits + 1) }
  })

// [start:addition]
const model = graph({ question: { tokens: { vocabularySize: 12 } } }, ({ question }) => {
  const { state } = lstm({ hiddenSize: 64 })(oneHot(question))
  const { output } = lstm({ hiddenSize: 64 })(repeat(state.h, digits + 1))
  return { scores: dense({ size: 12 })(output) }
})
const [train, held] = [sums(5000, 0), sums(500, 5000)]
const data = (part: typeof train) => ({
  x: part.map(({ question }) => ids(question).reverse()),
  y: part.map(({ sum }) => ids(sum)),
})

const history = await model.fit(data(train), {
  loss: 'crossEntropy',
  metrics: ['accuracy'],
  optimizer: adam({ learningRate: 8e-3 }),
  validation: data(held),
  epochs: 12,
})

const { scores } = await model.predict(data(held).x)
const answers = scores
  .toNested()
  .map((steps) => steps.map((step) => characters[step.indexOf(Math.max(...step))]).join(''))
for (const [row, { question }] of held.slice(0, 10).entries()) {
  console.log(`${question} = ${answers[row]}`)
}

// [end:addition]

export { answers, held, history }
