import { adam, dense, embedding, graph, last, lstm } from 'unrolled'
import { expect, test } from 'vitest'

const words = 'the movie film plot was is not good great fine bad poor dull'.split(' ')
const ids = (text: string) =>
  text
    .toLowerCase()
    .split(' ')
    .map((word) => words.indexOf(word))
const good = ['good', 'great', 'fine']
const texts = ['movie', 'film', 'plot'].flatMap((noun) =>
  ['was', 'is'].flatMap((verb) =>
    ['', 'not '].flatMap((not) =>
      [...good, 'bad', 'poor', 'dull'].map((word) => ({
        text: `the ${noun} ${verb} ${not}${word}`,
        liked: good.includes(word) === (not === '') ? 1 : 0,
      })),
    ),
  ),
)
const held = texts.filter(({ text }) => text.startsWith('the movie was'))
const read = texts.filter((one) => !held.includes(one))

test('"not" turns what a sentence says, and the trace has a state for each word', async () => {
  const model = graph(
    { words: { tokens: { vocabularySize: words.length } } },
    ({ words }) => {
      const { output, trace } = lstm({ hiddenSize: 8 })(embedding({ size: 6 })(words))
      return { liked: dense({ size: 1 })(last()(output)), states: trace.h }
    },
    { seed: 2 },
  )
  await model.fit(
    { x: read.map(({ text }) => ids(text)), y: { liked: read.map(({ liked }) => [liked]) } },
    {
      loss: { liked: 'binaryCrossEntropy' },
      optimizer: adam({ learningRate: 0.02 }),
      epochs: 40,
      batchSize: 10,
    },
  )
  const { liked } = await model.predict(held.map(({ text }) => ids(text)))
  expect([...liked.values].map((logit) => Number(logit > 0))).toEqual(held.map((it) => it.liked))
  const { states } = await model.predict([ids('The movie was not good'), ids('The movie was good')])
  const [negated = [], plain = []] = states.toNested()
  expect([negated.length, plain.length]).toEqual([5, 4])
  expect(negated.slice(0, 3)).toEqual(plain.slice(0, 3))
  expect(negated[3]).not.toEqual(negated[2])
  expect(negated[4]).not.toEqual(plain[3])
})
