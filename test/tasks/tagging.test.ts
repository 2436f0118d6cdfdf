import { adam, dense, embedding, gru, sequential } from 'unrolled'
import { expect, test } from 'vitest'

const words = 'the a they we can fish will cook boat book see'.split(' ')
const tags = 'article pronoun noun auxiliary verb'.split(' ')

/** Sentences of two forms, in which the words for things, for deeds and for what may be done are the same ones. */
const sentences = ['they', 'we'].flatMap((who) =>
  ['can', 'will'].flatMap((may) =>
    ['can', 'fish', 'cook', 'book', 'see'].flatMap((verb) =>
      ['the', 'a'].flatMap((article) =>
        ['can', 'fish', 'cook', 'boat', 'book', 'will'].flatMap((thing) => [
          `${who}/pronoun ${may}/auxiliary ${verb}/verb ${article}/article ${thing}/noun`,
          `${article}/article ${thing}/noun ${may}/auxiliary ${verb}/verb`,
        ]),
      ),
    ),
  ),
)
const part = (all: readonly string[], names: readonly string[], at: 0 | 1) =>
  all.map((text) => text.split(' ').map((pair) => names.indexOf(pair.split('/')[at] ?? '')))

test('each word has a tag, which the words around it decide', async () => {
  const unseen = (_: string, i: number) => i % 5 === 3
  const held = sentences.filter(unseen)
  const read = sentences.filter((text, i) => !unseen(text, i))
  const model = sequential(
    [
      embedding({ vocabularySize: words.length, size: 6 }),
      gru({ hiddenSize: 8, bidirectional: true }),
      dense({ size: tags.length }),
    ],
    { seed: 3 },
  )
  const data = (all: readonly string[]) => ({ x: part(all, words, 0), y: part(all, tags, 1) })
  await model.fit(data(read), {
    loss: 'crossEntropy',
    optimizer: adam({ learningRate: 0.02 }),
    epochs: 6,
  })
  const measured = await model.evaluate(data(held), { loss: 'crossEntropy', metrics: ['accuracy'] })
  expect(measured.accuracy).toBe(1)
  const { output } = await model.predict(part(['we/ can/ can/ the/ can/'], words, 0))
  const found = output.toNested()[0]?.map((scores) => tags[scores.indexOf(Math.max(...scores))])
  expect(found).toEqual(['pronoun', 'auxiliary', 'verb', 'article', 'noun'])
})
