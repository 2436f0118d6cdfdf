import type { Examples } from '../data/data.js'
import { ExampleRows, emptyData } from '../data/feed.js'
import { Described, mismatch } from '../errors.js'
import type { GraphJson } from '../graph/json.js'
import type { NativeBatch, NativeTensor } from '../native/contract.js'
import { guard, guardAsync } from '../native/errors.js'
import { reserve } from '../native/memory.js'
import { checkOptions } from '../options.js'
import { crossEntropy } from '../train/loss.js'
import type { OutputLoss } from '../train/losses.js'
import { lossConfig } from '../train/resolve.js'
import { type Parts, portsWith } from './parts.js'
import { type Roles, tokenRoles } from './roles.js'
import { resolveSearch, type SearchLike } from './search.js'

/** Options of `exposureGap`. */
export interface ExposureOptions {
  /** The choice of the model's own tokens: `'greedy'` (default), `'sample'`, or one with options; no beam. */
  readonly search?: SearchLike
  /** The input that takes the tokens; found where the model leaves no choice. */
  readonly input?: string
  /** The output that scores the tokens; found where the model leaves no choice. */
  readonly output?: string
}

export const EXPOSURE_OPTIONS = [
  'search',
  'input',
  'output',
] as const satisfies readonly (keyof ExposureOptions)[]

/** The mean of `-ln P` of the targets, in nats a token. */
export interface ExposureGap {
  /** After the true tokens. */
  readonly forced: number
  /** After the model's own. */
  readonly free: number
  /** `free - forced`. */
  readonly gap: number
}

/** Measures the targets after the true tokens and after the model's own. */
export function exposureGap(
  parts: Parts,
  examples: Examples,
  options: ExposureOptions,
): Promise<ExposureGap> {
  const where = 'exposureGap'
  checkOptions(where, options, EXPOSURE_OPTIONS)
  const roles = tokenRoles(where, parts, options)
  const search = resolveSearch(`${where} search`, options.search ?? 'greedy')
  if ('beam' in search) {
    const advice = 'a beam looks at tokens to come'
    throw mismatch(
      'ERR_UNROLLED_ARGUMENT',
      `${where} search`,
      'greedy or sample',
      new Described('beam'),
      advice,
    )
  }
  const losses = [{ output: roles.output, loss: crossEntropy() }]
  const rows = new ExampleRows(`${where} examples`, portsWith(parts, losses), examples)
  if (rows.count === 0) throw emptyData(`${where} examples`)
  return measured(parts, roles, search, losses, rows.whole())
}

async function measured(
  parts: Parts,
  roles: Roles,
  search: object,
  losses: readonly OutputLoss[],
  batch: NativeBatch,
): Promise<ExposureGap> {
  const { native } = parts
  const config = JSON.stringify(lossConfig(losses))
  const mean = async (inputs: NativeTensor[]): Promise<number> => {
    const { loss } = await guardAsync(() => native.evaluate(config, inputs, batch.targets, []))
    return loss
  }
  const own = await ownTokens(parts, roles, search, batch.inputs)
  const forced = await mean(batch.inputs)
  const free = await mean(batch.inputs.map((it) => (it.name === own.name ? own : it)))
  return { forced, free, gap: free - forced }
}

/** The tokens that the model is fed when it goes on from its own: the first of the row where it shifts none. */
async function ownTokens(
  { native, graph }: Parts,
  { input, output }: Roles,
  search: object,
  inputs: readonly NativeTensor[],
): Promise<NativeTensor> {
  const given = inputs.find(({ name }) => name === input.name) ?? {
    name: input.name,
    shape: [0, 0],
  }
  const [rows = 0, time = 0] = given.shape
  const lengths = given.lengths ?? new Int32Array(rows).fill(time)
  const first = shifts(graph, input.name) ? 0 : 1
  const steps = time - first
  const all = given.ids ?? new Int32Array(0)
  const ids = reserve(input.name, all.length, () => all.slice())
  if (steps < 1) return { ...given, ids }
  const starts = startsOf(lengths)
  const prompt: NativeTensor = {
    name: input.name,
    shape: [rows, first],
    ids: Int32Array.from(starts, (at) => all[at] ?? 0).subarray(0, rows * first),
  }
  const config = { input: input.name, output: output.name, search, maxSteps: steps }
  const contexts = inputs.filter(({ name }) => name !== input.name)
  const generation = guard(() => native.generation(JSON.stringify(config), [prompt, ...contexts]))
  const made = await guardAsync(() => generation.run())
  for (const [row, [one]] of made.entries()) {
    const length = lengths[row] ?? 0
    const start = starts[row] ?? 0
    if (one !== undefined && length > first)
      ids.set(one.ids.subarray(0, length - first), start + first)
  }
  return { ...given, ids }
}

/** The place of each row in an array of the valid steps alone. */
function startsOf(lengths: Int32Array): number[] {
  let start = 0
  return Array.from(lengths, (length) => {
    start += length
    return start - length
  })
}

/** Tells if tokens enter a model through a shift, which has the first of its own. */
function shifts({ nodes }: GraphJson, input: string): boolean {
  return nodes.some(({ op, inputs }) => {
    const shifted = typeof op === 'object' && 'shift' in op && op.shift.start !== undefined
    return shifted && inputs?.[0] === input
  })
}
