import type { Sequence, Stream, Tokens } from 'unrolled'

/** A model of a text, step by step. */
type TextStream = Stream<{ readonly tokens: Tokens }, { readonly output: Sequence }>

/** Text that the model makes up: each character drawn from what it gives for the ones before. */
export function sample(
  stream: TextStream,
  alphabet: readonly string[],
  { length, prompt, temperature, seed }: Options,
): string {
  const random = uniform(seed)
  let logits: Float32Array = new Float32Array(alphabet.length)
  for (const id of prompt) logits = stream.push(id).output
  let text = ''
  for (let i = 0; i < length; i++) {
    const id = draw(logits, temperature, random())
    text += alphabet[id] ?? ''
    logits = stream.push(id).output
  }
  return text
}

/** Options of {@link sample}. */
export interface Options {
  readonly length: number
  /** The ids it goes on from. */
  readonly prompt: Int32Array
  /** Below 1 the likely becomes likelier. */
  readonly temperature: number
  readonly seed: number
}

function draw(logits: Float32Array, temperature: number, at: number): number {
  const most = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  const weights = Array.from(logits, (logit) => Math.exp((logit - most) / temperature))
  let left = at * weights.reduce((sum, weight) => sum + weight, 0)
  const id = weights.findIndex((weight) => {
    left -= weight
    return left < 0
  })
  return id < 0 ? weights.length - 1 : id
}

/** Mulberry32. */
function uniform(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}
