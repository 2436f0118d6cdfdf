import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { type GraphContext, graphOf } from '../../ts/compose/graph.js'
import type { GraphJson } from '../../ts/graph/json.js'
import type { Outputs } from '../../ts/graph/outputs.js'
import { dense, embedding, gru, lstm, rnn } from '../../ts/index.js'

// Holds the layers to the graphs that the core's tests run against PyTorch's numbers (crates/core/tests/suite/golden):
// one description for both. UPDATE_GRAPHS=1 writes the graphs; PyTorch then decides whether they are right.

const { UPDATE_GRAPHS } = process.env

interface Case {
  readonly cell: string
  readonly layers: number
  readonly bias: boolean
  /** Whether the states begin with inputs. */
  readonly initial: boolean
  readonly input: number
  readonly units: number
}

function layerOf({ cell, layers, bias, units }: Case) {
  const options = { hiddenSize: units, numLayers: layers, bias, name: 'layers' }
  switch (cell) {
    case 'lstm':
      return lstm(options)
    case 'gru':
      return gru(options)
    case 'gru_reset_before':
      return gru({ ...options, resetAfter: false })
    default:
      return rnn({ ...options, activation: cell === 'rnn_relu' ? 'relu' : 'tanh' })
  }
}

/** Layers with their output and every last state, from zeros or from inputs `h_l0`, `c_l0`, ... */
function recurrent(case_: Case): (context: GraphContext) => Outputs {
  const { cell, layers, initial, input: size, units } = case_
  return ({ input }) => {
    const x = input.sequence('x', { size })
    const start = (index: number) => {
      const h = input.vector(`h_l${index}`, { size: units })
      return cell === 'lstm' ? { h, c: input.vector(`c_l${index}`, { size: units }) } : { h }
    }
    const states = Array.from({ length: layers }, (_, index) =>
      initial ? start(index) : undefined,
    )
    const from = states.filter((state) => state !== undefined)
    const result = layerOf(case_)(x, initial ? { initial: from } : {})
    const last = result.layers.flatMap((state, index) =>
      Object.entries(state).map(([name, value]) => [`${name}_n${index}`, value]),
    )
    return { output: result.output, ...Object.fromEntries(last) }
  }
}

const yesAndNo = [false, true]
const cases: readonly Case[] = [
  ...['rnn_tanh', 'rnn_relu', 'lstm', 'gru'].flatMap((cell) => [
    ...[1, 2].flatMap((layers) =>
      yesAndNo.map((bias) => ({ cell, layers, bias, input: 3, units: 5 })),
    ),
    { cell, layers: 1, bias: true, input: 17, units: 19 },
  ]),
  { cell: 'gru_reset_before', layers: 1, bias: false, input: 3, units: 5 },
  { cell: 'gru_reset_before', layers: 1, bias: false, input: 2, units: 17 },
].flatMap((case_) => yesAndNo.map((initial) => ({ ...case_, initial })))

function nameOf({ cell, layers, bias, initial, input, units }: Case): string {
  const words = [bias && 'bias', initial && 'initial'].filter(Boolean)
  return [cell, layers, ...words, `${input}x${units}`].join('_')
}

/** Embedding, two LSTMs and logits, as tools/goldens/training.py trains them. */
const language = ({ input }: GraphContext) => {
  const tokens = input.tokens('tokens', { vocabularySize: 11 })
  const { output } = lstm({ hiddenSize: 7, numLayers: 2 })(embedding({ size: 6 })(tokens))
  return { logits: dense({ size: 11 })(output) }
}

test.each([
  { file: 'recurrent', graphs: cases.map((case_) => [nameOf(case_), recurrent(case_)] as const) },
  { file: 'training', graphs: [['language', language] as const] },
])('the layers of $file are those that PyTorch is held against', ({ file, graphs }) => {
  const path = fileURLToPath(new URL(`../golden/graphs/${file}.json`, import.meta.url))
  const built: Record<string, GraphJson> = Object.fromEntries(
    graphs.map(([name, declare]) => [name, graphOf(declare)]),
  )
  if (UPDATE_GRAPHS !== undefined) {
    const lines = Object.entries(built).map(
      ([name, graph]) => `${JSON.stringify(name)}: ${JSON.stringify(graph)}`,
    )
    writeFileSync(path, `{\n${lines.join(',\n')}\n}\n`)
  }
  expect(built).toEqual(JSON.parse(readFileSync(path, 'utf8')))
})
