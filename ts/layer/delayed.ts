import type { Cell } from '../cell/cell.js'
import { mismatch } from '../errors.js'
import type { Vector } from '../graph/value.js'
import { checkCount, checkList, checkOptions } from '../options.js'
import { activation, checkRecurrentActivation, type RecurrentActivation } from './activation.js'
import { add } from './combine.js'
import { linear } from './dense.js'

/** Options of {@link delayed}. */
export interface DelayedOptions<H extends number> {
  /** Numbers in the hidden state. */
  readonly hiddenSize: H
  /** The steps back to the states that a step reads, such as `[1, 4, 8]`; each once. */
  readonly delays: readonly number[]
  /** The function of the state, φ; `'tanh'` by default. */
  readonly activation?: RecurrentActivation
}

export const DELAYED_OPTIONS = [
  'hiddenSize',
  'delays',
  'activation',
] as const satisfies readonly (keyof DelayedOptions<number>)[]

/** The longest delay: each step back is a state of the model. */
const LONGEST = 1024

/**
 * A cell with skip connections through time (Lin, Horne, Tiňo, Giles 1996):
 * `h[t] = φ(W x[t] + b + Σ_d U_d h[t - d])` over the delays d, so that slopes reach back n steps in n / d factors. Without
 * 1 among the delays it has no connection of length 1.
 *
 * The states are `h`, the last one, and `h_2` to `h_d`, those before it up to the longest delay, all zeros at first.
 * Parameters, of {@link linear} layers: `entry` (W `[H, I]` and b), `delay_1` (U_1 `[H, H]`, no bias) and so on.
 *
 * ```ts
 * const { output } = scan(delayed({ hiddenSize: 32, delays: [1, 4, 8] }))(x)
 * ```
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad option.
 */
export function delayed<H extends number>(
  options: DelayedOptions<H>,
): Cell<{ readonly h: H }, { readonly h: Vector<H> }> {
  checkOptions('delayed', options, DELAYED_OPTIONS)
  const { hiddenSize } = options
  checkCount('delayed hiddenSize', hiddenSize)
  const delays = checkDelays(options.delays)
  const apply = activation(checkRecurrentActivation('delayed', options.activation))
  const longest = delays.reduce((most, delay) => Math.max(most, delay), 1)
  const names = Array.from({ length: longest }, (_, i) => (i === 0 ? 'h' : `h_${i + 1}`))
  const made = {
    sizes: Object.fromEntries(names.map((name) => [name, hiddenSize])),
    step(state: Readonly<Record<string, Vector>>, x: Vector) {
      const entry = linear(hiddenSize, { name: 'entry' })(x)
      const before = delays.map((delay) => {
        const { [names[delay - 1] ?? '']: h = entry } = state
        return linear(hiddenSize, { bias: false, name: `delay_${delay}` })(h)
      })
      const { h = entry } = state
      const next = apply(before.reduce((sum, it) => add(sum, it), entry))
      // Each state moves one step back.
      const moved = names.slice(1).map((name, i) => [name, state[names[i] ?? ''] ?? h])
      return { ...Object.fromEntries(moved), h: next }
    },
  }
  // The types name the one state that others read; those before it go with it.
  return Object.freeze(made) as unknown as Cell<{ readonly h: H }, { readonly h: Vector<H> }>
}

function checkDelays(given: unknown): readonly number[] {
  const delays = checkList('delayed delays', given).map((delay, i) =>
    checkCount(`delayed delays [${i}]`, delay, 1, LONGEST),
  )
  if (delays.length === 0 || new Set(delays).size < delays.length) {
    const expected = 'at least one delay, each once'
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'delayed delays', expected, given)
  }
  return delays
}
