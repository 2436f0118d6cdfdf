import { readFileSync } from 'node:fs'
import * as ort from 'onnxruntime-node'
import type { Model, Result } from 'unrolled'
import { importOnnx } from 'unrolled/onnx'
import { expect, test } from 'vitest'
import { type ModelProto, type NodeProto, readModel, writeModel } from '../../ts/onnx/proto.js'

const FOLDER = 'node_modules/@ricky0123/vad-web/dist'
const RATE = 16_000
/** Seconds of sound; a minute in `.ci/run`. */
const { UNROLLED_SILERO_SECONDS: SECONDS = '15' } = process.env

/** Sound like speech: harmonics of a wandering pitch in syllables, noise between them, and silences. */
function sound(samples: number): Float32Array {
  let seed = 7
  const random = (): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    return seed / 2 ** 32 - 0.5
  }
  let phase = 0
  return Float32Array.from({ length: samples }, (_, i) => {
    const t = i / RATE
    phase += (2 * Math.PI * (120 + 40 * Math.sin(1.7 * t) + 15 * Math.sin(9 * t))) / RATE
    const speaking = Math.sin(0.9 * t) > -0.3 ? 1 : 0
    const syllable = speaking * Math.max(0, Math.sin(2 * Math.PI * 3.5 * t)) ** 0.7
    const voice = [1, 0.7, 0.5, 0.6, 0.3, 0.2].reduce(
      (sum, a, k) => sum + a * Math.sin((k + 1) * phase),
      0,
    )
    return 0.12 * syllable * voice + random() * (0.004 + 0.05 * speaking * (1 - syllable))
  })
}

async function session(model: Uint8Array): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 3 })
}

const tensor = (data: Float32Array, dims: readonly number[]): ort.Tensor =>
  new ort.Tensor('float32', data, dims)

const numbersOf = (value: ort.Tensor | undefined): Float32Array => value?.data as Float32Array

/** The names that a node reads, within its graphs too. */
function readBy({ input, attribute }: NodeProto): readonly string[] {
  return [...input, ...attribute.flatMap(({ g }) => g?.node.flatMap(readBy) ?? [])]
}

/** Cuts out the nodes that make a value of a branch, as a model of their own. */
function cut(file: ModelProto, node: string, branch: string, output: string): Uint8Array {
  const found = file.graph?.node.find(({ name }) => name === node)
  const body = found?.attribute.find(({ name }) => name === branch)?.g
  const { graph } = file
  if (graph === undefined || body === undefined) throw new Error('no such branch')
  const all = [...graph.node, ...body.node]
  const needed = new Set([output])
  for (const it of all.toReversed()) {
    if (it.output.some((name) => needed.has(name))) for (const name of readBy(it)) needed.add(name)
  }
  return writeModel({
    ...file,
    graph: {
      ...graph,
      node: all.filter((it) => it.output.some((name) => needed.has(name))),
      initializer: [...graph.initializer, ...body.initializer],
      input: graph.input.filter(({ name }) => name === 'input'),
      output: [{ name: output, type: { tensorType: { elemType: 1 } } }],
    },
  })
}

const largest = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (x, i) => Math.abs(x - (b[i] ?? Number.NaN))))

test('the LSTM of Silero v5 runs as a stream, frame by frame as in ONNX Runtime', async () => {
  const file = readFileSync(`${FOLDER}/silero_vad_v5.onnx`)
  const own = 'If_0_then_branch__Inline_0_'
  const { model, report } = await importOnnx(file, {
    branches: {
      If_0: 'then',
      [`${own}_/decoder/rnn/If_1`]: 'else',
      [`${own}_/decoder/rnn/If_4`]: 'else',
    },
    inputs: { [`${own}_/decoder/rnn/Unsqueeze_3_output_0`]: ['time', 'batch', 128] },
    outputs: [`${own}outputs_0`],
  })
  expect(report.matched[0]?.conventions).toEqual([
    'gates i, o, f, c -> i, f, g, o',
    "initial_h state -> the model's own state",
    "initial_c state -> the model's own state",
  ])
  const features = `${own}_/encoder/3/activation/Relu_output_0`
  const front = await session(cut(readModel(file), 'If_0', 'then_branch', features))
  const whole = await session(file)
  const samples = sound(Number(SECONDS) * RATE)
  const stream = model.stream()
  const sr = new ort.Tensor('int64', BigInt64Array.from([16000n]), [])
  let state = tensor(new Float32Array(256), [2, 1, 128])
  const scores: number[] = []
  let difference = 0
  for (let at = 64; at + 512 <= samples.length; at += 512) {
    const input = tensor(samples.slice(at - 64, at + 512), [1, 576])
    const theirs = await whole.run({ input, state, sr })
    const { stateN, output } = theirs
    state = stateN as ort.Tensor
    const { [features]: x } = await front.run({ input })
    const ours = Object.values(stream.push(numbersOf(x)))[0] as Float32Array
    difference = Math.max(difference, largest(ours, numbersOf(output)))
    scores.push(ours[0] ?? Number.NaN)
  }
  expect(scores.length).toBe(Math.floor((Number(SECONDS) * RATE - 64) / 512))
  expect(difference).toBeLessThan(1e-5)
  // The sound is heard as speech at times, and as none at others.
  expect(Math.max(...scores)).toBeGreaterThan(0.5)
  expect(Math.min(...scores)).toBeLessThan(0.2)
  model.dispose()
}, 120_000)

test('the two LSTM of the older Silero run piece by piece as in ONNX Runtime', async () => {
  const file = readFileSync(`${FOLDER}/silero_vad_legacy.onnx`)
  const { branch, x } = { branch: 'then', x: '284' } as const
  const { model } = await importOnnx(file, {
    branches: { If_25: branch },
    inputs: { [x]: ['time', 'batch', 64] },
    // The mean over a piece's steps, which comes next, would begin each piece anew.
    outputs: ['x4'],
  })
  const front = await session(cut(readModel(file), 'If_25', `${branch}_branch`, x))
  const whole = await session(file)
  const samples = sound(5 * RATE)
  const sr = new ort.Tensor('int64', BigInt64Array.from([16000n]), [])
  let [h, c] = [0, 1].map(() => tensor(new Float32Array(128), [2, 1, 64])) as [
    ort.Tensor,
    ort.Tensor,
  ]
  let state: Awaited<ReturnType<Model['predict']>>['state'] | undefined
  let difference = 0
  for (let at = 0; at + 1536 <= samples.length; at += 1536) {
    const input = tensor(samples.slice(at, at + 1536), [1, 1536])
    const theirs = await whole.run({ input, sr, h, c })
    const { hn, cn, output } = theirs
    ;[h, c] = [hn as ort.Tensor, cn as ort.Tensor]
    const steps = numbersOf((await front.run({ input }))[x])
    const rows = [
      Array.from({ length: steps.length / 64 }, (_, t) =>
        Array.from(steps.subarray(t * 64, t * 64 + 64)),
      ),
    ]
    const results = await model.predict(rows, state === undefined ? {} : { state })
    state = results.state
    const { x4 } = results
    const scores = (x4 as Result).values
    const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length
    difference = Math.max(difference, largest([mean], numbersOf(output)))
  }
  expect(difference).toBeLessThan(1e-5)
  model.dispose()
}, 120_000)
