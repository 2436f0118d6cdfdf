// Captions from a vector: features of a picture begin the state of a decoder, which writes a sentence.
import { adam, dense, embedding, graph, gru, linear, shift, tanh } from 'unrolled'

const sizes = ['small', 'big']
const colors = ['red', 'green', 'blue', 'gray']
const things = ['circle', 'square', 'star']
const words = ['.', 'a', ...sizes, ...colors, ...things, 'on', 'white', 'black']

/** Every picture: numbers for its size, color and thing, whether its ground is dark, and its caption. */
const pictures = sizes.flatMap((size, i) =>
  colors.flatMap((color, j) =>
    things.flatMap((thing, k) =>
      [0, 1].map((dark) => ({
        features: [
          i,
          ...colors.map((_, at) => +(at === j)),
          ...things.map((_, at) => +(at === k)),
          dark,
        ],
        // A gray thing needs no size, so that captions have several lengths.
        caption: `a ${color === 'gray' ? '' : `${size} `}${color} ${thing} on ${dark ? 'black' : 'white'} .`,
      })),
    ),
  ),
)
const ids = (caption: string) => caption.split(' ').map((word) => words.indexOf(word))
// Every fifth picture is held back.
const held = pictures.filter((_, at) => at % 5 === 4)
const train = pictures.filter((_, at) => at % 5 !== 4)

// [start:captions]
const size = words.length
const model = graph(
  { picture: { vector: { size: 9 } }, caption: { tokens: { vocabularySize: size } } },
  ({ picture, caption }) => {
    const initial = { h: tanh(linear(48)(picture)) }
    const before = embedding({ size: 16 })(shift({ start: 0 })(caption))
    return { scores: dense({ size })(gru({ hiddenSize: 48 })(before, { initial }).output) }
  },
)
const caption = train.map((one) => ids(one.caption))
const history = await model.fit(
  { x: { picture: train.map((one) => one.features), caption }, y: caption },
  { loss: 'crossEntropy', optimizer: adam({ learningRate: 0.01 }), batchSize: 8, epochs: 40 },
)

const picture = held.map((one) => one.features)
const made = await model.generate({ picture }, { maxSteps: 10, endToken: 0 })
const captions = made.map(({ tokens }) => tokens.map((id) => words[id]).join(' '))
for (const caption of captions) console.log(caption)

// [end:captions]

export { captions, held, history }
