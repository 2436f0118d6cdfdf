import { Described, mismatch } from '../errors.js'
import type { Declaration } from './declaration.js'
import type { InitJson, KindJson, NodeJson, OpJson } from './json.js'
import { checkName, taken } from './names.js'
import { Numbering } from './numbering.js'
import { adviceOn, escaped, strangers } from './strangers.js'
import { mark } from './undo.js'
import {
  describe,
  type Numeric,
  type Sequence,
  type Token,
  type Tokens,
  type Value,
  type Vector,
} from './value.js'

/** Site of a layer's call: the scope of its nodes, and the names of its parameters. */
export interface Site {
  readonly scope: Scope
  /** The layer's name in the whole graph; the names of its parameters begin with it. */
  readonly name: string
  /** A free name for the call's node, unique within the scope. */
  readonly label: string
  /** `true` from the layer's second call on: calls share parameters. */
  readonly shared: boolean
  /** Declares a parameter of the layer and gives its full name; without a suffix it is the layer's. */
  parameter(suffix: string | undefined, shape: readonly number[], init: InitJson): string
}

interface Origin {
  readonly scope: Scope
  readonly wire: string
}

const origins = new WeakMap<object, Origin>()

/** Surroundings of a scan's body. */
interface Body {
  readonly outer: Scope
  readonly prefix: string
  readonly axis: string
  readonly replay: boolean
}

/** A list of nodes under construction: a graph, or the body of a scan inside one. */
export class Scope {
  readonly declaration: Declaration
  readonly nodes: NodeJson[] = []

  /** The outer values that a body's input nodes stand for, in order. */
  readonly bound: Value[] = []

  readonly #outer: Scope | undefined
  readonly #prefix: string
  readonly #replay: boolean
  /** The axis of the steps of a body. */
  readonly #axis: string | undefined
  readonly #names = new Set<string>()
  readonly #layers = new Set<string>()
  readonly #nodeNumbers = new Numbering()
  readonly #layerNumbers = new Numbering()
  readonly #captured = new Map<object, string>()
  /** The values made in this scope, in order. */
  readonly #values = new Set<object>()

  constructor(declaration: Declaration, body?: Body) {
    this.declaration = declaration
    this.#outer = body?.outer
    this.#prefix = body?.prefix ?? ''
    this.#replay = body?.replay ?? false
    this.#axis = body?.axis
  }

  /** `true` in a scan's body, whose nodes run at each step. */
  get inBody(): boolean {
    return this.#axis !== undefined
  }

  /** Opens the scope of a scan's body along `axis`; `replay` shares the parameters of an earlier call. */
  body(prefix: string, axis: string, replay: boolean): Scope {
    return new Scope(this.declaration, { outer: this, prefix: `${prefix}.`, axis, replay })
  }

  /** Adds a node and returns its name. */
  node(label: string, op: OpJson, inputs: readonly Value[]): string {
    const wires = inputs.map((value) => this.wire(value))
    const name = this.#nodeNumbers.free(label, (it) => this.#names.has(it))
    this.#names.add(name)
    this.nodes.push({ name, op, inputs: wires })
    return name
  }

  /** Makes the value that a wire of this scope carries. */
  value<X extends Value>(shape: X, wire: string): X {
    const value: X = Object.assign({}, shape)
    Object.freeze(value)
    origins.set(value, { scope: this, wire })
    this.#values.add(value)
    return value
  }

  /**
   * Builds all of something or nothing: a caller may catch the error of a layer or of a cell's step and go
   * on with the graph as it was.
   */
  attempt<R>(build: () => R): R {
    const undo = this.#mark()
    try {
      return build()
    } catch (error) {
      undo()
      throw error
    }
  }

  /** Remembers this scope, those around it and the declaration. */
  #mark(): () => void {
    const outer = this.#outer === undefined ? this.declaration.mark() : this.#outer.#mark()
    const made = this.#values.size
    const lists = [this.nodes, this.bound, this.#names, this.#layers, this.#captured, this.#values]
    const undo = mark(...lists)
    return () => {
      for (const value of [...this.#values].slice(made)) origins.delete(value)
      undo()
      for (const numbers of [this.#nodeNumbers, this.#layerNumbers]) numbers.clear()
      outer()
    }
  }

  /**
   * Adds an input node to a body: one step of a sequence or of tokens, or a vector or token that every
   * step sees.
   */
  bind(outer: Numeric, label: string): Vector
  bind(outer: Numeric | Tokens | Token, label: string): Vector | Token
  bind(outer: Numeric | Tokens | Token, label: string): Vector | Token {
    const ids = outer.kind === 'tokens' || outer.kind === 'token'
    const input: KindJson = ids
      ? { token: { vocabulary: outer.vocabularySize } }
      : { vector: { size: outer.size } }
    const name = this.node(label, { input }, [])
    this.bound.push(outer)
    return ids
      ? this.value<Token>({ kind: 'token', vocabularySize: outer.vocabularySize }, name)
      : this.value<Vector>({ kind: 'vector', size: outer.size }, name)
  }

  /** Adds an input node to a body: a sequence of another axis, which every step sees whole. */
  #bindWhole(outer: Sequence | Tokens, label: string): Sequence | Tokens {
    const { axis } = outer
    const kind: KindJson =
      outer.kind === 'tokens'
        ? { tokens: { vocabulary: outer.vocabularySize, axis } }
        : { sequence: { size: outer.size, axis } }
    const name = this.node(label, { input: kind }, [])
    this.bound.push(outer)
    return this.value(outer, name)
  }

  /**
   * Finds the wire of a value. What comes from outside the body becomes an input of the body: a vector, or
   * a sequence of another axis than the body's own.
   */
  wire(value: Value): string {
    const origin = originOf('value', value)
    if (origin.scope === this) return origin.wire
    if (origin.scope.within(this)) throw escaped()
    if (!this.within(origin.scope))
      throw strangers('value', [this.declaration, origin.scope.declaration])
    const known = this.#captured.get(value)
    if (known !== undefined) return known
    const label = origin.wire.replace(':', '.')
    const inner = this.#capture(value, label)
    const wire = originOf('value', inner).wire
    this.#captured.set(value, wire)
    return wire
  }

  #capture(value: Value, label: string): Value {
    if (value.kind === 'vector' || value.kind === 'token') return this.bind(value, label)
    const timed = value.kind === 'sequence' || value.kind === 'tokens'
    if (timed && value.axis !== this.#axis) return this.#bindWhole(value, label)
    const own = timed ? ` and of the cell's own axis "${value.axis}"` : ''
    const received = new Described(`${describe(value)} from outside the cell${own}`)
    const expected = 'a vector, the step of its own input, or a sequence of another axis'
    throw mismatch('ERR_UNROLLED_KIND', 'cell', expected, received)
  }

  /** Tells if this scope is `other`, or a body inside `other`. */
  within(other: Scope): boolean {
    return this === other || (this.#outer?.within(other) ?? false)
  }

  /**
   * Gives the site of a layer's call; the first call fixes the layer's name. `maker` is the body whose
   * step made the layer: a layer that such a step applies to outer values alone runs outside of the
   * body, under a name of the body's.
   */
  site(layer: object, kind: string, name: string | undefined, maker?: Scope): Site {
    const owner = maker?.within(this) ? maker : this
    const known = this.declaration.nameOf(layer)
    const label = known === undefined ? owner.claim(kind, name) : (name ?? kind)
    const full = known ?? `${owner.#prefix}${label}`
    const shared = known !== undefined || owner.#replay
    if (known === undefined) this.declaration.remember(layer, full)
    return {
      scope: this,
      name: full,
      label: owner === this ? label : full,
      shared,
      parameter: (suffix, shape, init) =>
        this.declaration.parameter(
          suffix === undefined ? full : `${full}.${suffix}`,
          shape,
          init,
          shared,
        ),
    }
  }

  /** Declares an input of the graph and returns its wire. */
  input(name: string, kind: KindJson): string {
    checkName('input', name)
    if (this.#names.has(name)) throw taken('input', name)
    return this.node(name, { input: kind }, [])
  }

  /** Reserves a name for a new layer: the given one, or the kind with a number if needed. */
  private claim(kind: string, name: string | undefined): string {
    if (name !== undefined) checkName(kind, name)
    const isTaken = (it: string) => this.#layers.has(it) || this.#names.has(it)
    const label = name ?? this.#layerNumbers.free(kind, isTaken)
    if (isTaken(label)) throw taken(kind, label)
    this.#layers.add(label)
    return label
  }
}

/** Finds the innermost scope of some values: the scope of an operation on them. */
export function scopeOf(where: string, values: readonly Value[]): Scope {
  const scopes = values.map((value) => originOf(where, value).scope)
  const scope = scopes.find((inner) => scopes.every((outer) => inner.within(outer)))
  if (scope === undefined)
    throw strangers(
      where,
      scopes.map(({ declaration }) => declaration),
    )
  return scope
}

/** Tells if something is a value of a graph. */
export function isValue(value: unknown): value is Value {
  return origins.has(value as object)
}

function originOf(where: string, value: unknown): Origin {
  const origin = origins.get(value as object)
  if (origin === undefined) {
    throw mismatch('ERR_UNROLLED_KIND', where, 'a value of a graph', value, adviceOn(value))
  }
  return origin
}
