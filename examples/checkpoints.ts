import { adam, dense, last, linearDecay, load, lstm, sequential } from 'unrolled'

/** Sums of short rows, and whether they are above zero. */
const x = Array.from({ length: 120 }, (_, row) =>
  Array.from({ length: 4 + (row % 5) }, (_, step) => Math.sin(row * 7.3 + step * 2.9)),
)
const y = x.map((row) => (row.reduce((sum, value) => sum + value, 0) > 0 ? 1 : 0))
const data = { x, y }
const vocabulary = ['below', 'above']

// [start:checkpoints]
const model = sequential([lstm({ inputSize: 1, hiddenSize: 12 }), last(), dense({ size: 2 })])
const history = await model.fit(data, {
  loss: 'crossEntropy',
  optimizer: adam({ learningRate: 0.02 }),
  schedule: linearDecay({ steps: 120 }),
  epochs: 30,
  checkpoint: { path: 'run', every: { seconds: 60 } }, // the newest two are kept
  resume: 'latest', // killed at any time, the same program goes on, to the same bits
  average: { decay: 0.9 }, // the model ends with a mean of its weights
})

await model.save('signs.safetensors', { metadata: { vocabulary } })
const again = await load<typeof model>('signs.safetensors')
console.log(history.epochs.length, again.metadata['vocabulary']) // 30 [ 'below', 'above' ]

// [end:checkpoints]

export { again, history, model }
