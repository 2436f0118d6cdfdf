import { adam, dense, graph, lstm, oneHot, rnn } from 'unrolled'
import { describe, expect, test } from 'vitest'

test('a network that learned a to the n, b to the n, counts further than it was taught', async () => {
  // 0 stands before a word and ends it.
  const word = (n: number) => [...Array<number>(n).fill(1), ...Array<number>(n).fill(2), 0]
  const model = graph(
    { letters: { tokens: { vocabularySize: 3 } } },
    ({ letters }) => ({
      next: dense({ size: 3 })(lstm({ hiddenSize: 4 })(oneHot(letters)).output),
    }),
    { seed: 1 },
  )
  const late = (rows: number[][]) => rows.map((row) => [0, ...row.slice(0, -1)])
  const taught = Array.from({ length: 60 }, (_, i) => word(1 + (i % 10)))
  await model.fit(
    { x: late(taught), y: taught },
    { loss: 'crossEntropy', optimizer: adam({ learningRate: 0.02 }), epochs: 150, batchSize: 10 },
  )
  for (const n of [1, 5, 10, 11, 12]) {
    const { next } = await model.predict(late([word(n)]))
    const likeliest = (next.toNested()[0] ?? []).map((s) => s.indexOf(Math.max(...s)))
    // From the first b on, all that follows is certain.
    expect(likeliest.slice(n + 1)).toEqual(word(n).slice(n + 1))
  }
})

/** An instruction of a counter machine (Minsky, 1967): counts up, or counts down and tells if it was at 0. */
type Instruction =
  | { readonly up: number; readonly next: number }
  | { readonly down: number; readonly next: number; readonly atZero: number }

/** The place in the program and the counters after each of so many steps; a place past its end halts. */
function run(program: readonly Instruction[], counters: readonly number[], steps: number) {
  let [at, now] = [0, [...counters]]
  return Array.from({ length: steps }, () => {
    const instruction = program[at]
    const change = (counter: number, by: number) =>
      now.map((count, i) => (i === counter ? count + by : count))
    if (instruction !== undefined && 'up' in instruction) {
      now = change(instruction.up, 1)
      at = instruction.next
    } else if (instruction !== undefined) {
      const zero = now[instruction.down] === 0
      at = zero ? instruction.atZero : instruction.next
      now = zero ? now : change(instruction.down, -1)
    }
    return { at, counters: now }
  })
}

/**
 * Weights `W[to][from]` of `h' = relu(W h)` that run a program, a step in two: from places and counters to copies of
 * both, with `zero = relu(place - counter)`, which is 1 where the counter of the place is at 0; and back.
 */
function weightsOf(program: readonly Instruction[], counters: number) {
  const places = program.length + 1
  const half = places + counters
  const size = 2 * half + program.length
  const w = Array.from({ length: size }, () => Array<number>(size).fill(0))
  const set = (to: number, from: number, value: number) => {
    const row = w[to]
    if (row !== undefined) row[from] = (row[from] ?? 0) + value
  }
  const [copy, zero] = [(i: number) => half + i, (place: number) => 2 * half + place]
  for (let i = 0; i < half; i++) set(copy(i), i, 1)
  for (let j = 0; j < counters; j++) set(places + j, copy(places + j), 1)
  set(program.length, copy(program.length), 1)
  for (const [place, instruction] of program.entries()) {
    set(instruction.next, copy(place), 1)
    if ('up' in instruction) {
      set(places + instruction.up, copy(place), 1)
      continue
    }
    set(zero(place), place, 1)
    set(zero(place), places + instruction.down, -1)
    set(instruction.next, zero(place), -1)
    set(instruction.atZero, zero(place), 1)
    set(places + instruction.down, copy(place), -1)
    set(places + instruction.down, zero(place), 1)
  }
  return { w, size, places }
}

describe('a network of rectified units set by hand runs a counter machine', () => {
  test.each<[string, Instruction[], number[], number[]]>([
    [
      'twice a number',
      [
        { down: 0, next: 1, atZero: 3 },
        { up: 1, next: 2 },
        { up: 1, next: 0 },
      ],
      [7, 0],
      [0, 14],
    ],
    [
      'a product',
      [
        { down: 0, next: 1, atZero: 7 },
        { down: 1, next: 2, atZero: 4 },
        { up: 2, next: 3 },
        { up: 3, next: 1 },
        { down: 3, next: 5, atZero: 0 },
        { up: 1, next: 4 },
        { up: 1, next: 6 },
      ],
      [3, 4, 0, 0],
      [0, 4, 12, 0],
    ],
  ])('%s', async (_, program, counters, result) => {
    const steps = 150
    const { w, size, places } = weightsOf(program, counters.length)
    const model = graph({ x: { sequence: { size: 1 } }, h: { vector: { size } } }, ({ x, h }) => ({
      y: rnn({ hiddenSize: size, activation: 'relu', bias: false })(x, { initial: { h } }).output,
    }))
    model.setParameters({
      'rnn.weight_hh_l0': Float32Array.from(w.flat()),
      'rnn.weight_ih_l0': new Float32Array(size),
    })
    const h = Array<number>(size).fill(0)
    h[0] = 1
    for (const [j, count] of counters.entries()) h[places + j] = count
    const x = [Array.from({ length: 2 * steps }, () => [0])]
    const { y } = await model.predict({ x, h: [h] })
    const found = (y.toNested()[0] ?? []).filter((_, t) => t % 2 === 1)
    const expected = run(program, counters, steps).map((now) => [
      ...Array.from({ length: places }, (_, place) => Number(place === now.at)),
      ...now.counters,
    ])
    expect(found.map((state) => state.slice(0, places + counters.length))).toEqual(expected)
    expect(expected.at(-1)?.slice(places - 1)).toEqual([1, ...result])
  })
})
