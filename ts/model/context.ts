import type { DataOf } from '../data/data.js'
import { rowsOf } from '../data/feed.js'
import type { Port } from '../data/kind.js'
import { forestsOf } from '../data/trees.js'
import type { Nodes, Sequence, Token, Tokens, Value, Values, Vector } from '../graph/value.js'
import type { NativeTensor } from '../native/contract.js'
import { checkOptions } from '../options.js'
import type { TreeRow } from '../tree/tree.js'

/** The data of one row of an input, as it stands among the rows of a batch. */
export type RowOf<X extends Value> = X extends Nodes
  ? TreeRow<
      X extends Nodes<Tokens>
        ? readonly number[] | Int32Array
        : readonly (readonly number[] | Float32Array)[] | Float32Array
    >
  : X extends Sequence
    ? readonly (readonly number[] | Float32Array)[] | readonly number[] | Float32Array
    : X extends Vector
      ? readonly number[] | Float32Array
      : X extends Tokens
        ? readonly number[] | Int32Array
        : X extends Token
          ? number
          : never

/** One row of each input that a model takes before its first step, by name. */
export type RowContext<I extends Values, C extends keyof I> = { readonly [K in C]: RowOf<I[K]> }

/** Rows of each input that a model takes before its first step, by name. */
export type Contexts<I extends Values, C extends keyof I> = { readonly [K in C]: DataOf<I[K]> }

/** Options of `stream` and `session`. */
export interface StepOptions {
  /**
   * The axis to step along. By default that of the outputs; of several, the one along which an input is
   * shifted.
   */
  readonly axis?: string
}

export const STEP_OPTIONS = ['axis'] as const satisfies readonly (keyof StepOptions)[]

/** Checks the inputs before the first step and converts them; the core knows which of them a model takes. */
export function contextTensors(
  where: string,
  inputs: readonly Port[],
  context: unknown,
  rows: 'one' | 'many',
): NativeTensor[] {
  if (context === undefined) return []
  const given = inputs.filter(({ parents }) => parents !== true)
  checkOptions(
    where,
    context,
    given.map(({ name }) => name),
    'input',
  )
  const values = new Map<string, unknown>(Object.entries(context as object))
  const forests = forestsOf(inputs)
  const tensor = (port: Port, data: unknown): NativeTensor =>
    rowsOf(`${where}.${port.name}`, port, data).all()
  const tensors = given
    .filter(({ name }) => values.get(name) !== undefined)
    .map((port) => {
      const value = values.get(port.name)
      const data = rows === 'one' ? [value] : value
      return tensor(
        port,
        forests.has(port) ? forests.values(`${where}.${port.name}`, port, data) : data,
      )
    })
  const parents = inputs.filter((port) => port.parents === true && forests.parents(port).length > 0)
  return [...tensors, ...parents.map((port) => tensor(port, forests.parents(port)))]
}

/** Names the ids to begin with, of the inputs that have one. */
export function namedStarts(
  inputs: readonly { readonly name: string }[],
  starts: readonly (number | null)[],
): Readonly<Record<string, number>> {
  const named = inputs.map(({ name }, index) => [name, starts[index]])
  return Object.fromEntries(named.filter(([, start]) => typeof start === 'number'))
}
