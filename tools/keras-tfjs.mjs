// Writes models of TensorFlow.js with expected outputs into test/golden/keras/, for the tests of `unrolled/keras`:
// node tools/keras-tfjs.mjs. Weights are uniform in ±0.7, biases too; the weights' bytes are cut into two files.
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
const tf = require('@tensorflow/tfjs-core')
require('@tensorflow/tfjs-backend-cpu')
const { input, layers, model, sequential } = require('@tensorflow/tfjs-layers')

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'test/golden/keras')
const samples = {}
let seed = 7

/** The next number of a congruential generator, from -1 to 1. */
function draw() {
  seed = (seed * 1103515245 + 12345) % 2 ** 31
  return seed / 2 ** 30 - 1
}

const numbers = (...shape) =>
  shape.length === 0
    ? Math.fround(draw())
    : Array.from({ length: shape[0] }, () => numbers(...shape.slice(1)))
const ids = (rows, time, vocabulary) =>
  Array.from({ length: rows }, () =>
    Array.from({ length: time }, () => Math.floor(((draw() + 1) / 2) * vocabulary)),
  )

async function keep(name, made, feeds) {
  made.setWeights(
    made.getWeights().map((it) =>
      tf.tensor(
        Float32Array.from({ length: it.size }, () => 0.7 * draw()),
        it.shape,
      ),
    ),
  )
  await made.save({
    async save({ weightData, weightSpecs, ...json }) {
      mkdirSync(join(folder, name), { recursive: true })
      const cut = Math.floor(weightData.byteLength / 3)
      const paths = ['group1-shard1of2.bin', 'group1-shard2of2.bin']
      const parts = [weightData.slice(0, cut), weightData.slice(cut)]
      for (const [at, path] of paths.entries())
        writeFileSync(join(folder, name, path), Buffer.from(parts[at]))
      const file = { ...json, weightsManifest: [{ paths, weights: weightSpecs }] }
      writeFileSync(join(folder, name, 'model.json'), JSON.stringify(file))
      return { modelArtifactsInfo: {} }
    },
  })
  const y = made.predict(Object.values(feeds).map((feed) => tf.tensor(feed)))
  const names = feeds.input === undefined ? made.outputNames : ['output']
  const outputs = (Array.isArray(y) ? y : [y]).map((it, at) => [names[at], it.arraySync()])
  samples[name] = {
    file: `${name}/model.json`,
    samples: [{ x: feeds, lengths: {}, y: Object.fromEntries(outputs) }],
  }
}

const own = { recurrentInitializer: 'glorotNormal', returnSequences: true }

await keep(
  'tfjs-chain',
  sequential({
    layers: [
      layers.embedding({ inputDim: 7, outputDim: 3, inputLength: 4 }),
      layers.bidirectional({ layer: layers.lstm({ units: 3, ...own }), mergeMode: 'ave' }),
      layers.gru({ units: 5, ...own }),
      layers.rnn({
        cell: [
          layers.lstmCell({
            units: 3,
            recurrentInitializer: 'glorotNormal',
            recurrentActivation: 'sigmoid',
          }),
          layers.simpleRNNCell({ units: 5, recurrentInitializer: 'glorotNormal' }),
        ],
        returnSequences: true,
      }),
      layers.layerNormalization({}),
      layers.dropout({ rate: 0.5 }),
      layers.timeDistributed({ layer: layers.dense({ units: 3, activation: 'hardSigmoid' }) }),
    ],
  }),
  { input: ids(2, 4, 7) },
)

const [a, b] = [input({ shape: [null, 3], name: 'a' }), input({ shape: [5], name: 'b' })]
const [, h, c] = layers
  .lstm({ units: 3, ...own, returnState: true, useBias: false, name: 'first' })
  .apply(a)
const again = layers
  .lstm({ units: 3, ...own, recurrentActivation: 'sigmoid', name: 'second' })
  .apply(a, { initialState: [h, c] })
const short = layers
  .simpleRNN({ units: 5, ...own, returnSequences: false, goBackwards: true, name: 'short' })
  .apply(again)
const joined = layers.concatenate({ name: 'joined' }).apply([short, b])
await keep(
  'tfjs-graph',
  model({
    inputs: [a, b],
    outputs: [again, layers.dense({ units: 3, name: 'out' }).apply(joined)],
  }),
  {
    a: numbers(2, 4, 3),
    b: numbers(2, 5),
  },
)

writeFileSync(join(folder, 'samples-tfjs.json'), JSON.stringify(samples))
