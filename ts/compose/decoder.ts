import { type Scan, scan } from '../cell/scan.js'
import type { NamedVectors } from '../cell/unroll.js'
import { Described, mismatch } from '../errors.js'
import type { Alignment, Sequence, Value, Vector } from '../graph/value.js'
import { tanh } from '../layer/activation.js'
import { type AttentionOptions, attention } from '../layer/attention.js'
import { type CellOptions, gruCell, lstmCell, rnnCell, type StepCell } from '../layer/cells.js'
import { concat } from '../layer/combine.js'
import { dense, linear } from '../layer/dense.js'
import { dropout } from '../layer/dropout.js'
import { embedding } from '../layer/embedding.js'
import { gru } from '../layer/gru.js'
import { lstm } from '../layer/lstm.js'
import { rnn } from '../layer/rnn.js'
import { shift } from '../layer/shift.js'

export const RECURRENT_KINDS = ['rnn', 'lstm', 'gru'] as const

/** Options of an encoder-decoder, checked and filled in. */
export interface DecoderSettings {
  readonly start: number | undefined
  /** Numbers in a step of the output. */
  readonly targetSize: number
  readonly hiddenSize: number
  readonly encoderSize: number
  readonly embeddingSize: number
  readonly cell: (typeof RECURRENT_KINDS)[number]
  readonly numLayers: number
  readonly bidirectional: boolean
  readonly dropout: number
  readonly context: 'initial' | 'input' | 'both'
  readonly bridge: boolean
  readonly attention: AttentionOptions | undefined
  /** Attends after the step, and feeds the result to the next one. */
  readonly feeding: boolean
}

/** The outputs of an encoder-decoder. */
export type Decoded = {
  readonly scores: Sequence
  readonly weights?: Alignment<string>
  readonly coverageLoss?: Sequence
} & Readonly<Record<string, Sequence | Alignment<string>>>

/** What an attention shows at each step. */
interface Looks {
  readonly weights: Alignment<string>
  readonly coverageLoss?: Sequence
}

const LAYERS = { rnn, lstm, gru }
const STEPS: Readonly<
  Record<DecoderSettings['cell'], (size: number, options: CellOptions) => object>
> = { rnn: rnnCell, lstm: lstmCell, gru: gruCell }

/** Declares encoder and decoder. */
export function decode(settings: DecoderSettings, source: Value, target: Value): Decoded {
  const { attention, context, targetSize } = settings
  const { memory, states } = encode(settings, embedded(settings, 'source', source))
  const initial =
    context === 'input' ? [] : states.map((state, index) => bridged(settings, state, index))
  const steps = embedded(settings, 'target', late(settings, target))
  const { h: top } = states.at(-1) ?? {}
  const x = context === 'initial' || top === undefined ? steps : concat(steps, top)
  const read = dense({ size: targetSize, name: 'output' })
  if (attention === undefined) {
    return { scores: read(recurrent(settings, 'decoder', settings.numLayers, x, initial)) }
  }
  const { output, looks } = attending(settings, attention, memory, x, initial)
  return { scores: read(output), ...looks }
}

/** The encoder's steps, and the last states of its layers. */
function encode(
  { cell, encoderSize, numLayers, bidirectional, dropout }: DecoderSettings,
  x: Sequence,
): { readonly memory: Sequence; readonly states: readonly NamedVectors[] } {
  const options = { hiddenSize: encoderSize, numLayers, bidirectional, dropout, name: 'encoder' }
  const { output, layers } = LAYERS[cell](options)(x)
  return { memory: output, states: layers.map((state) => ({ ...state })) }
}

/** Layers of the decoder that do not attend. */
function recurrent(
  { cell, hiddenSize, dropout }: DecoderSettings,
  name: string,
  numLayers: number,
  x: Sequence,
  initial: readonly NamedVectors[],
): Sequence {
  const layer = LAYERS[cell]({ hiddenSize, numLayers, dropout, name })
  return layer(x, initial.length === 0 ? {} : { initial: initial as never }).output
}

/** The decoder's layers, of which the first attends. */
function attending(
  settings: DecoderSettings,
  options: AttentionOptions,
  memory: Sequence,
  x: Sequence,
  initial: readonly NamedVectors[],
): { readonly output: Sequence; readonly looks: Looks } {
  const first = attentionLayer(settings, options, memory)
  const { output, trace } = first(x, { initial: initial[0] ?? {} })
  const above = settings.numLayers - 1
  const { weights } = trace
  const looks = options.coverage ? { weights, coverageLoss: trace.coverageLoss } : { weights }
  if (above === 0) return { output, looks }
  const rate = settings.dropout
  const below = rate === 0 ? output : dropout({ rate, name: 'decoder_dropout' })(output)
  const upper = recurrent(settings, 'decoder_upper', above, below, initial.slice(1))
  return { output: upper, looks }
}

/** The steps of a side as numbers. */
function embedded({ embeddingSize }: DecoderSettings, name: string, x: Value): Sequence {
  return x.kind === 'tokens'
    ? embedding({ size: embeddingSize, name: `${name}_embedding` })(x)
    : (x as Sequence)
}

/** The target one step late. */
function late({ start }: DecoderSettings, target: Value): Value {
  return target.kind === 'tokens'
    ? shift({ start: start ?? 0 })(target)
    : shift()(target as Sequence)
}

/** The first state of a layer of the decoder, from that of the encoder's. */
function bridged(settings: DecoderSettings, states: NamedVectors, index: number): NamedVectors {
  const { hiddenSize, bridge } = settings
  return Object.fromEntries(
    Object.entries(states).map(([name, state]): [string, Vector] => {
      if (state.size === hiddenSize) return [name, state]
      if (!bridge) {
        const received = new Described(`an encoder's of ${state.size}`)
        const expected = `a first state of ${hiddenSize} numbers`
        const advice = 'leave bridge out, or give both one size'
        throw mismatch('ERR_UNROLLED_SHAPE', 'encoderDecoder', expected, received, advice)
      }
      const map = linear(hiddenSize, { name: `bridge_${name}_l${index}` })(state)
      return [name, name === 'h' ? tanh(map) : map]
    }),
  )
}

/** The decoder's first layer, which attends to the encoder's steps. */
function attentionLayer(
  settings: DecoderSettings,
  options: AttentionOptions,
  memory: Sequence,
): Scan<number, NamedVectors, Sequence, Looks> {
  const { hiddenSize, feeding } = settings
  const look = attention({ name: 'attention', ...options })
  // The steps of the three kinds take and give the states of their kind.
  const step = STEPS[settings.cell](hiddenSize, { name: 'cell' }) as StepCell<NamedVectors>
  const combine = linear(hiddenSize, { bias: false, name: 'combine' })
  const before = (states: NamedVectors, x: Vector) => {
    const { context, ...looks } = look(hOf(states), memory)
    const next = step(states, concat(x, context))
    return { ...next, output: concat(hOf(next), context), trace: looks }
  }
  const after = ({ feed, ...states }: NamedVectors, x: Vector) => {
    const next = step(states, concat(x, feed as Vector))
    const { context, ...looks } = look(hOf(next), memory)
    const attended = tanh(combine(concat(context, hOf(next))))
    return { ...next, feed: attended, output: attended, trace: looks }
  }
  const names = [...(settings.cell === 'lstm' ? ['h', 'c'] : ['h']), ...(feeding ? ['feed'] : [])]
  const sizes = Object.fromEntries(names.map((name) => [name, hiddenSize]))
  const given = { sizes, step: feeding ? after : before }
  // The cell's states are known by the settings, not by the types.
  return scan(given as never, { name: 'decoder' }) as never
}

function hOf({ h }: NamedVectors): Vector {
  return h as Vector
}
