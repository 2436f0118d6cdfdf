import {
  adam,
  add,
  cell,
  concat,
  dense,
  graph,
  linear,
  mix,
  multiply,
  scan,
  sigmoid,
  tanh,
} from 'unrolled'

// [start:own-cell]
// Leaky units: a tenth of the way to the new value at each step.
const leaky = cell({ h: 32 }, ({ h }, x) => ({
  h: mix(h, tanh(linear(32)(concat(h, x))), 0.1),
}))

// A cell with two states and gates of its own; what it gives is neither of them.
const gated = cell({ h: 32, memory: 32 }, ({ h, memory }, x) => {
  const both = concat(h, x)
  const kept = mix(memory, tanh(linear(32)(both)), sigmoid(linear(32)(both)))
  return { h: tanh(kept), memory: kept, output: multiply(kept, sigmoid(linear(32)(both))) }
})

const model = graph(({ input }) => {
  const signal = input.sequence('signal', { size: 1 })
  const slow = scan(leaky, { name: 'slow' })(signal)
  const fast = scan(gated, { name: 'fast' })(signal)
  return { next: dense({ size: 1 })(add(slow.output, fast.output)) }
})
// [end:own-cell]

// The next value of a wave with two periods.
const wave = Float32Array.from({ length: 65 * 32 }, (_, i) => {
  const t = Math.floor(i / 65) + (i % 65)
  return Math.sin(t / 3) / 2 + Math.sin(t / 7) / 2
})
const rows = Array.from({ length: 32 }, (_, row) => wave.subarray(row * 65, row * 65 + 65))
const data = { x: rows.map((row) => row.slice(0, 64)), y: rows.map((row) => row.slice(1)) }

const history = await model.fit(data, {
  loss: 'meanSquared',
  optimizer: adam({ learningRate: 5e-3 }),
  epochs: 40,
})
console.log(model.summary())
console.log(history.epochs.at(-1))

// [start:stream]
// Step by step, with a state that can be kept, set and forked.
const stream = model.stream()
for (const value of rows[0] ?? []) console.log(stream.push(value).next)
const fork = stream.fork()
console.log(fork.push(0.5).next, stream.push(-0.5).next)

// [end:stream]

export { history }
