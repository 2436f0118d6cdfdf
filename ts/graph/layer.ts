import { checkOptions } from '../options.js'
import type { KindJson } from './json.js'
import { nameOf } from './names.js'
import { type Site, scopeOf } from './scope.js'
import { currentScope } from './step.js'
import { checkKind, checkSize, type Kind, type Value } from './value.js'

/** A function on types, from `input` to `output`; see {@link Apply}. */
export interface Mapping {
  readonly input: unknown
  readonly output: unknown
}

/** The result of the mapping `M` for `X`. */
export type Apply<M extends Mapping, X> = (M & { readonly input: X })['output']

/** The mapping of each type to itself. */
export interface Same extends Mapping {
  readonly output: this['input']
}

/** The types of a layer. */
export interface Signature<In extends Value, M extends Mapping, First> {
  /** The values that the layer takes. */
  readonly accepts: In
  /** The result for each value. */
  readonly mapping: M
  /** The input of a model that begins with the layer; `never` if none can. */
  readonly first: First
}

declare const signature: unique symbol

/** Carries a {@link Signature} in the types; nothing exists at run time. */
export interface Signed<S> {
  readonly [signature]: S
}

/** The signature of a layer. */
export type SignatureOf<L> = L extends Signed<infer S> ? S : never

/** A layer: a plain function on typed values. Called twice, it shares its parameters. */
export interface Layer<In extends Value, M extends Mapping, First = never>
  extends Signed<Signature<In, M, First>> {
  <X extends In>(x: X): Apply<M, X>
}

/** Description of a layer, for `layer`. */
export interface LayerSpec<X extends Value> {
  /** The kind of layer; names its nodes and parameters unless `name` does. */
  readonly kind: string
  readonly name?: string | undefined
  /** The kinds of value that the layer takes. */
  readonly accepts: readonly X['kind'][]
  /** The input of a model that begins with this layer. */
  readonly first?: KindJson | undefined
  /** Adds the nodes of one call. */
  build(site: Site, x: X, options?: unknown): unknown
}

const firsts = new WeakMap<object, KindJson>()

/** Makes a layer: checks the value's kind, finds the scope and the name, and builds. */
export function layer<L extends Signed<Signature<Value, Mapping, unknown>>>(
  spec: LayerSpec<SignatureOf<L>['accepts']>,
): L {
  const where = nameOf(spec.kind, spec.name)
  const maker = currentScope()
  const call = (x: Value, options?: unknown): unknown => {
    const scope = scopeOf(where, [x])
    checkKind<Kind>(where, x, spec.accepts)
    checkFirst(where, x, spec.first)
    return scope.attempt(() =>
      spec.build(
        scope.site(call, spec.kind, spec.name, maker),
        x as SignatureOf<L>['accepts'],
        options,
      ),
    )
  }
  if (spec.first !== undefined) firsts.set(call, spec.first)
  // Only the types know the signature; `build` keeps to it.
  return call as unknown as L
}

/** Finds the input that a layer asks for when it comes first. */
export function firstOf(layer: object): KindJson | undefined {
  return firsts.get(layer)
}

/** Refuses unknown options of a call. */
export function callOptions(where: string, options: unknown, known: readonly string[]): void {
  if (options !== undefined) checkOptions(`${where} call`, options, known)
}

function checkFirst(where: string, x: Value, first: KindJson | undefined): void {
  if (first === undefined || (x.kind !== 'vector' && x.kind !== 'sequence')) return
  if ('sequence' in first) checkSize(`${where} inputSize`, x, first.sequence.size)
}
