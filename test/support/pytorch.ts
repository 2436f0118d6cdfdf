import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { dense, embedding, gru, layerNorm, lstm, type Model, rnn, sequential } from 'unrolled'

/** The path of a file that PyTorch wrote. */
export const pytorchFile = (name: string): string =>
  fileURLToPath(new URL(`../golden/pytorch/${name}`, import.meta.url))

export const pytorchBytes = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(pytorchFile(name)))

/** Steps of the rows of the ragged runs. */
export const LENGTHS = [5, 2, 3]

export const RENAME_TAGGER = {
  'embed.': 'embedding.',
  'encoder.rnn.': 'lstm.',
  'norm.': 'layerNorm.',
  'out.': 'dense.',
}

/** The model of `Tagger` in tools/pytorch_files.py. */
export const tagger = () =>
  sequential([
    embedding({ vocabularySize: 7, size: 3 }),
    lstm({ hiddenSize: 4, bidirectional: true }),
    layerNorm(),
    dense({ size: 5 }),
  ])

export const TAGGED = [
  [1, 6, 0, 3],
  [2, 2, 5, 4],
]

/** A layer of PyTorch as tools/pytorch_files.py makes it. */
export interface Case {
  readonly kind: 'tanh' | 'relu' | 'lstm' | 'gru' | 'projected'
  readonly numLayers: 1 | 2
  readonly bidirectional: boolean
  readonly bias: boolean
}

export const CASES: readonly Case[] = (
  ['tanh', 'relu', 'lstm', 'gru', 'projected'] as const
).flatMap((kind) =>
  ([1, 2] as const).flatMap((numLayers) =>
    [false, true].flatMap((bidirectional) =>
      [true, false].map((bias) => ({ kind, numLayers, bidirectional, bias })),
    ),
  ),
)

/** The name of a case in its file. */
export const keyOf = ({ numLayers, bidirectional, bias }: Case): string =>
  `${numLayers}${bidirectional ? 'both' : 'one'}${bias ? 'bias' : ''}`

/** The model of a case; its parameters begin with `layer.`. */
export function modelOf({ kind, numLayers, bidirectional, bias }: Case): Model {
  const shared = { hiddenSize: 4, inputSize: 3, numLayers, bidirectional, bias, name: 'layer' }
  const made = {
    tanh: () => sequential([rnn(shared)]),
    relu: () => sequential([rnn({ ...shared, activation: 'relu' })]),
    lstm: () => sequential([lstm(shared)]),
    gru: () => sequential([gru({ ...shared, resetAfter: true })]),
    projected: () => sequential([lstm({ ...shared, projSize: 2 })]),
  }
  return made[kind]() as Pick<Model, 'graph'> as Model
}

interface Floats {
  readonly shape: readonly number[]
  readonly values: Float32Array
}

/** The inputs and outputs that PyTorch computed, by name. */
export function expectedOutputs(): Map<string, Floats> {
  const bytes = pytorchBytes('expected.safetensors')
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true))
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))
  return new Map(
    Object.entries(
      header as Record<string, { shape: number[]; data_offsets: [number, number] }>,
    ).map(([name, { shape, data_offsets }]) => {
      const [start, end] = data_offsets.map((it) => 8 + length + it)
      return [name, { shape, values: new Float32Array(bytes.slice(start, end).buffer) }]
    }),
  )
}

/** The largest difference of numbers, NaN for other counts. */
export function difference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.NaN
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? Number.NaN))), 0)
}
