/** The parts that an import makes while a graph is declared: names, parameters and their values, the report. */

import type { MatchedLayer } from '../../index.js'
import {
  constant,
  type Numeric,
  parameter,
  repeat,
  type Sequence,
  type Token,
  type Tokens,
  type Vector,
} from '../../index.js'
import { NodeFault } from './fault.js'
import { type Axis, type Constant, type Flow, isFeature, isTime } from './held.js'
import { taken } from './move.js'
import { plain } from './tensor.js'

export class Build {
  /** How many fixed numbers the nodes may still make: some, and more the more the file has. */
  room = 2 ** 18
  /** The values of the parameters by name. */
  readonly parameters = new Map<string, Float32Array>()
  /** The ids that there are of each input that a table has looked up. */
  readonly vocabularies = new Map<string, number>()
  readonly matched: MatchedLayer[] = []
  /** An input of each time. */
  readonly #timed = new Map<string, Sequence | Tokens>()
  readonly #names = new Set<string>()
  readonly #learned = new Map<string, Numeric>()
  /** The names of the loops around what is made now. */
  #prefix = ''

  /** Notes an input of steps, by the axis of its time. */
  timed<X extends Sequence | Tokens>(value: X, axis = ''): X {
    if (!this.#timed.has(axis)) this.#timed.set(axis, value)
    return value
  }

  /** A value at each step of the time among some axes. */
  repeated(value: Token, axes: readonly Axis[]): Tokens {
    const along = this.#timed.get(axes.find(isTime)?.axis ?? '')
    if (along !== undefined) return repeat(value, along)
    throw new NodeFault('an input with the steps to repeat ids along', 'none')
  }

  /** Within the step of a loop, where no other time passes. */
  get looping(): boolean {
    return this.#prefix !== ''
  }

  /** Repeats a value of a row at each step of its time; as it is before an input has the time. */
  stepped(held: Flow): Flow {
    const time = held.axes.find(isTime)
    const along = time && this.#timed.get(time.axis ?? '')
    if (along === undefined || held.value.kind === 'sequence') return held
    return { ...held, value: repeat(held.value, along) }
  }

  /** A name that no other layer has, near to that of the file. */
  unique(name: string): string {
    const base = nameFor(name)
    let free = base
    for (let i = 2; this.#names.has(free); i++) free = `${base}_${i}`
    this.#names.add(free)
    return free
  }

  /** Makes layers within the step of a loop, whose name stands before theirs. */
  within<T>(name: string, make: () => T): T {
    const before = this.#prefix
    this.#prefix = `${before}${name}.`
    try {
      return make()
    } finally {
      this.#prefix = before
    }
  }

  /** Keeps the values of a layer's parameters, and tells of them in the report. */
  match(
    source: string,
    parameters: Readonly<Record<string, ArrayLike<number>>>,
    conventions: readonly string[] = [],
  ): void {
    for (const [name, values] of Object.entries(parameters)) {
      this.parameters.set(this.#prefix + name, Float32Array.from(values))
    }
    const names = Object.keys(parameters).map((name) => this.#prefix + name)
    this.matched.push({ source, parameters: names, conventions })
  }

  /** Makes numbers of the file a vector: of a whole tensor a parameter, which learns, else a constant. */
  vector(source: string, { tensor, name }: Pick<Constant, 'tensor' | 'name'>): Vector {
    const values = plain(tensor)
    if (name === undefined || values.length === 1 || !tensor.float)
      return constant(Array.from(values))
    const made = this.#learned.get(this.#prefix + name)
    if (made !== undefined) return made as Vector
    const own = this.unique(name)
    const learned = parameter(values.length, { name: own })
    this.#learned.set(this.#prefix + name, learned)
    this.match(source, { [own]: values })
    return learned
  }
}

/** A name that a graph of ours and a file can carry. */
export function nameFor(name: string): string {
  const kept = Array.from(name.slice(0, 200), (char) =>
    /[:\0\p{Surrogate}]/u.test(char) ? '_' : char,
  )
  return kept.join('') || 'unnamed'
}

/** Cuts from a constant the axes that stand for the batch or time: its numbers must be the same along them. */
export function shared(
  tensor: Constant['tensor'],
  axes: readonly (Axis | undefined)[],
): Constant['tensor'] {
  let { dims, data } = tensor
  for (const [at, dim] of dims.entries()) {
    if (isFeature(axes[at]) || axes[at] === undefined || dim === 1) continue
    const first = taken(dims, at, [0])
    const row = Array.from(first.from, (place) => data[place] ?? 0)
    for (let i = 1; i < dim; i++) {
      const other = taken(dims, at, [i])
      if (other.from.some((place, k) => data[place] !== row[k])) {
        throw new NodeFault('numbers that are the same in each row and step', 'others')
      }
    }
    dims = first.dims
    data = row
  }
  return { ...tensor, dims, data }
}
