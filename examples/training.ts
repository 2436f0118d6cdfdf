import { adam, dense, dropout, gru, linearDecay, pool, sequential } from 'unrolled'

/** Rows that rise or fall, with a little noise; ragged. */
function trends(count: number, seed: number) {
  const x: number[][] = []
  const y: number[] = []
  for (let row = 0; row < count; row++) {
    const rises = row % 2
    const length = 6 + ((row * 7 + seed) % 10)
    const noise = (step: number) => Math.sin(row * 12.9898 + step * 78.233 + seed) / 4
    x.push(Array.from({ length }, (_, t) => (rises ? 0.1 : -0.1) * t + noise(t)))
    y.push(rises)
  }
  return { x, y }
}

const data = trends(200, 1)
const validation = trends(50, 2)
const { signal } = new AbortController()

// [start:training]
const model = sequential(
  [
    gru({ inputSize: 1, hiddenSize: 24, bidirectional: true }),
    pool('mean'),
    dropout({ rate: 0.1 }),
    dense({ size: 2 }),
  ],
  { seed: 7 },
)

const history = await model.fit(data, {
  loss: 'crossEntropy',
  optimizer: adam({ learningRate: 5e-3 }),
  schedule: linearDecay({ warmup: 10, steps: 140 }),
  clip: { norm: 1 },
  metrics: ['accuracy'],
  epochs: 20,
  validation,
  earlyStopping: { patience: 3 }, // ends with the weights of the best epoch
  signal, // an AbortSignal: stops between two steps
  progress: true, // a live line, on a terminal
})
const { accuracy } = await model.evaluate(validation, {
  loss: 'crossEntropy',
  metrics: ['accuracy'],
})

for await (const event of model.train(data, { loss: 'crossEntropy', epochs: 100 })) {
  if (event.type === 'step' && event.loss < 0.1) break
}

// [end:training]

console.log(`${history.epochs.length} epochs, accuracy ${accuracy}`)

export { accuracy, history }
