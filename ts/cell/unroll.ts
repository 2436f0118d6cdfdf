import { mismatch } from '../errors.js'
import type { OutputJson } from '../graph/json.js'
import { isValue, type Scope, type Site } from '../graph/scope.js'
import { buildIn } from '../graph/step.js'
import { checkKind, checkSize, type Sequence, type Vector } from '../graph/value.js'

import { type NamedSequences, type StepValues, traceOf } from './trace.js'

/** States by name. */
export type NamedVectors = Readonly<Record<string, Vector>>

/** Result of one step. */
export interface Stepped {
  readonly next: NamedVectors
  readonly output: Vector
  /** Values of the step beside its states, made when they are read. */
  readonly trace?: StepValues
}

/** A scan to add: a cell, and the sequence that it runs along. */
export interface Unrolling {
  readonly site: Site
  /** The node's name. */
  readonly label: string
  readonly x: Sequence
  /** The size of each state. */
  readonly sizes: Readonly<Record<string, number>>
  readonly reverse: boolean
  /** Initial states; a state left out is the model's and starts at zero. */
  readonly initial: Readonly<Partial<Record<string, Vector>>>
  /** Builds the body: the next states and the output. */
  step(state: NamedVectors, x: Vector, body: Scope): Stepped
}

/** Result of a scan: the output at every step, and the state after the last. */
export interface Unrolled {
  readonly output: Sequence
  readonly state: NamedVectors
  /** The state that the output is, if the output is one. */
  readonly shown: string | undefined
  /** Each state, and what else the step gives, at every step. */
  readonly trace: NamedSequences
}

/** Adds a scan node: `state, output = step(state, x[t])` along each row's valid steps. */
export function unroll(spec: Unrolling): Unrolled {
  const { site, x, sizes } = spec
  const names = Object.keys(sizes)
  const body = site.scope.body(site.name, x.axis, site.shared)
  const step = body.bind(x, 'x')
  const states = stateNodes(body, sizes)
  const { next, output, trace } = buildIn(body, () => spec.step(states, step, body))
  const shown = body.wire(output)
  const outputs: OutputJson[] = [{ name: 'output', from: shown }]
  for (const [name, size] of Object.entries(sizes)) {
    outputs.push({
      name,
      from: body.wire(checkState(`${site.name} next ${name}`, next[name], size)),
    })
  }
  const started = names.filter((name) => Object.hasOwn(spec.initial, name))
  const initial = started.map((name) => initialOf(site.name, name, sizes, spec.initial))
  const op = {
    scan: { reverse: spec.reverse, initial: started, body: { nodes: body.nodes, outputs } },
  }
  const node = site.scope.node(spec.label, op, [...body.bound, ...initial])
  const { size } = output
  const { axis } = x
  const traced = { outer: site.scope, node, body, outputs, states: names, axis }
  const ofStates = names.map((name) => [name, () => stateOf(next, name)] as const)
  return {
    trace: traceOf(traced, { ...Object.fromEntries(ofStates), ...trace }),
    output: site.scope.value({ kind: 'sequence', size, axis }, `${node}:output`),
    shown: outputs.find(({ name, from }) => name !== 'output' && from === shown)?.name,
    state: Object.fromEntries(
      names.map((name) => [
        name,
        site.scope.value<Vector>({ kind: 'vector', size: sizes[name] ?? 0 }, `${node}:${name}`),
      ]),
    ),
  }
}

/** Finds a state by name. */
export function stateOf(states: NamedVectors, name: string): Vector {
  const { [name]: state } = states
  if (state === undefined) throw mismatch('ERR_UNROLLED_INTERNAL', 'cell', `a state ${name}`, state)
  return state
}

function stateNodes(body: Scope, sizes: Readonly<Record<string, number>>): NamedVectors {
  const states = Object.entries(sizes).map(([name, size]): [string, Vector] => {
    const wire = body.node(name, { state: { size } }, [])
    return [name, body.value({ kind: 'vector', size }, wire)]
  })
  return Object.fromEntries(states)
}

function initialOf(
  where: string,
  name: string,
  sizes: Readonly<Record<string, number>>,
  initial: Readonly<Partial<Record<string, Vector>>>,
): Vector {
  return checkState(`${where} initial ${name}`, initial[name], sizes[name] ?? 0)
}

/** Refuses all but a vector of a state's size. */
export function checkState(where: string, value: unknown, size: number): Vector {
  if (!isValue(value)) {
    throw mismatch('ERR_UNROLLED_KIND', where, `a vector of size ${size}`, value)
  }
  checkKind(where, value, ['vector'])
  checkSize(where, value, size)
  return value
}
