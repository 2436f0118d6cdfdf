import type { OutputJson } from '../graph/json.js'
import { Numbering } from '../graph/numbering.js'
import { isValue, type Scope } from '../graph/scope.js'
import type { Alignment, Sequence, Token, Tokens, Vector } from '../graph/value.js'

/** Values of each step, by name. */
export type NamedSequences = Readonly<Record<string, Sequence | Tokens | Alignment<string>>>

/** What makes the values of a step, by name. */
export type StepValues = Readonly<Record<string, () => Vector | Token | Alignment>>

/** The scan that a trace is of. */
interface Traced {
  /** The scope of the scan's node. */
  readonly outer: Scope
  readonly node: string
  readonly body: Scope
  /** The outputs of the body, to add to. */
  readonly outputs: OutputJson[]
  /** The names of the states, whose outputs are the last values. */
  readonly states: readonly string[]
  readonly axis: string
}

/** Gives values of a body at each step as sequences; a value becomes an output of the body when it is read. */
export function traceOf(traced: Traced, values: StepValues): NamedSequences {
  return lazily(Object.keys(values), (name) => {
    const { outer, node, body, outputs, states, axis } = traced
    const value = values[name]?.() as Vector | Token | Alignment
    const from = body.wire(value)
    const known = outputs.find((it) => it.from === from && !states.includes(it.name))
    const isTaken = (port: string) => outputs.some((it) => it.name === port)
    const port = known?.name ?? new Numbering().free(`trace.${name}`, isTaken)
    if (known === undefined) outputs.push({ name: port, from })
    const wire = `${node}:${port}`
    if (value.kind === 'alignment') return outer.value<Alignment<string>>({ ...value, axis }, wire)
    if (value.kind === 'vector') {
      return outer.value<Sequence>({ kind: 'sequence', size: value.size, axis }, wire)
    }
    const { vocabularySize } = value
    return outer.value<Tokens>({ kind: 'tokens', vocabularySize, axis }, wire)
  })
}

/**
 * Makes values by name when they are read, each once; those that a step made and then threw are taken back, and are
 * made anew.
 */
export function lazily<V extends object>(
  names: readonly string[],
  make: (name: string) => V,
): Readonly<Record<string, V>> {
  const made = new Map<string, V>()
  const read = (name: string): V => {
    const known = made.get(name)
    if (known !== undefined && isValue(known)) return known
    const value = make(name)
    made.set(name, value)
    return value
  }
  const getters = names.map((name) => [name, { get: () => read(name), enumerable: true }])
  return Object.create(Object.prototype, Object.fromEntries(getters))
}
