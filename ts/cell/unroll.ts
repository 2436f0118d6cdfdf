import { Described, mismatch } from '../errors.js'
import type { OutputJson } from '../graph/json.js'
import type { Scope, Site } from '../graph/scope.js'
import { buildIn } from '../graph/step.js'
import type { Sequence, Token, Vector } from '../graph/value.js'
import { checkStateValue, type StateSizes, stateNode } from './state.js'
import { type NamedSequences, type StepValues, traceOf } from './trace.js'

/** States by name. */
export type NamedStates = Readonly<Record<string, Vector | Token>>

/** States of numbers by name. */
export type NamedVectors = Readonly<Record<string, Vector>>

/** Result of one step. */
export interface Stepped<S extends NamedStates = NamedVectors> {
  readonly next: S
  readonly output: Vector
  /** Values of the step beside its states, made when they are read. */
  readonly trace?: StepValues
}

/** A scan to add: a cell, and what it runs along. */
export interface Unrolling<S extends NamedStates, X> {
  readonly site: Site
  /** The node's name. */
  readonly label: string
  /** The axis of the steps. */
  readonly axis: string
  /** Binds the step's input in the body. */
  enter(body: Scope): X
  /** The size of each state. */
  readonly sizes: StateSizes
  readonly reverse: boolean
  /** Initial states; a state left out is the model's and starts at zero, or at its start id. */
  readonly initial: Readonly<Partial<NamedStates>>
  /** Builds the body: the next states and the output. */
  step(state: S, x: X, body: Scope): Stepped<S>
}

/** Result of a scan: the output at every step, and the state after the last. */
export interface Unrolled<S extends NamedStates = NamedVectors> {
  readonly output: Sequence
  readonly state: S
  /** The state that the output is, if the output is one. */
  readonly shown: string | undefined
  /** Each state, and what else the step gives, at every step. */
  readonly trace: NamedSequences
}

/** Adds a scan node: `state, output = step(state, x[t])` along each row's valid steps. */
export function unroll<S extends NamedStates, X>(spec: Unrolling<S, X>): Unrolled<S> {
  const { site, axis, sizes } = spec
  checkChain(site, axis)
  const names = Object.keys(sizes)
  const body = site.scope.body(site.name, axis, site.shared)
  const step = spec.enter(body)
  const states = stateNodes(site.name, body, sizes)
  const { next, output, trace } = buildIn(body, () => spec.step(states as S, step, body))
  const shown = body.wire(output)
  const outputs: OutputJson[] = [{ name: 'output', from: shown }]
  for (const [name, size] of Object.entries(sizes)) {
    const value = checkStateValue(`${site.name} next ${name}`, next[name], size)
    outputs.push({ name, from: body.wire(value) })
  }
  const started = names.filter((name) => Object.hasOwn(spec.initial, name))
  const initial = started.map((name) => initialOf(site.name, name, sizes, spec.initial))
  const op = {
    scan: { reverse: spec.reverse, initial: started, body: { nodes: body.nodes, outputs } },
  }
  const node = site.scope.node(spec.label, op, [...body.bound, ...initial])
  const { size } = output
  const traced = { outer: site.scope, node, body, outputs, states: names, axis }
  const state = Object.entries(sizes).map(([name, size]) => [
    name,
    site.scope.value(stateNode(size).value, `${node}:${name}`),
  ])
  const ofStates = names.map((name) => [name, () => stateOf(next, name)] as const)
  return {
    trace: traceOf(traced, { ...Object.fromEntries(ofStates), ...trace }),
    output: site.scope.value({ kind: 'sequence', size, axis }, `${node}:output`),
    shown: outputs.find(({ name, from }) => name !== 'output' && from === shown)?.name,
    state: Object.fromEntries(state) as S,
  }
}

/** Refuses the nodes of a forest, which have no order of time. */
function checkChain({ name, scope }: Site, axis: string): void {
  if (!scope.declaration.isForest(axis)) return
  const received = new Described(`the nodes of the forest "${axis}"`)
  throw mismatch(
    'ERR_UNROLLED_KIND',
    name,
    'a sequence',
    received,
    'fold(treeCell(…)) goes up a tree',
  )
}

/** Finds a state by name. */
export function stateOf<V extends Vector | Token>(
  states: Readonly<Record<string, V>>,
  name: string,
): V {
  const { [name]: state } = states
  if (state === undefined) throw mismatch('ERR_UNROLLED_INTERNAL', 'cell', `a state ${name}`, state)
  return state
}

/** Adds the state nodes of a body. */
export function stateNodes(where: string, body: Scope, sizes: StateSizes): NamedStates {
  const states = Object.entries(sizes).map(([name, size]) => {
    const { op, value } = stateNode(size)
    const wire = body.node(name, op, [])
    if (wire !== name) {
      const expected = 'a name that no input of the step has'
      throw mismatch('ERR_UNROLLED_GRAPH', `${where} state`, expected, name)
    }
    return [name, body.value(value, wire)] as const
  })
  return Object.fromEntries(states)
}

function initialOf(
  where: string,
  name: string,
  sizes: StateSizes,
  initial: Readonly<Partial<NamedStates>>,
): Vector | Token {
  return checkStateValue(`${where} initial ${name}`, initial[name], sizes[name] ?? 0)
}
