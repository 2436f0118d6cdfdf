import { mismatch } from '../errors.js'
import type { OutputJson } from '../graph/json.js'
import { isValue, type Scope, type Site } from '../graph/scope.js'
import { buildIn } from '../graph/step.js'
import { type Alignment, checkKind, checkSize, type Sequence, type Vector } from '../graph/value.js'

/** States by name. */
export type NamedVectors = Readonly<Record<string, Vector>>

/** Result of one step. */
export interface Stepped {
  readonly next: NamedVectors
  readonly output: Vector
  readonly outputs?: StepOutputs
}

/** What a step gives beside its states and its output, by name. */
export type StepOutputs = Readonly<Record<string, Vector | Alignment>>

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
  /** Builds the body: the next states, the output, and further outputs by name. */
  step(state: NamedVectors, x: Vector, body: Scope): Stepped
}

/** Result of a scan: the output at every step, and the state after the last. */
export interface Unrolled {
  readonly output: Sequence
  readonly state: NamedVectors
  readonly outputs: Readonly<Record<string, Sequence | Alignment>>
  /** The state that the output is, if the output is one. */
  readonly shown: string | undefined
}

/** Adds a scan node: `state, output = step(state, x[t])` along each row's valid steps. */
export function unroll(spec: Unrolling): Unrolled {
  const { site, x, sizes } = spec
  const names = Object.keys(sizes)
  const body = site.scope.body(site.name, x.axis, site.shared)
  const step = body.bind(x, 'x')
  const states = stateNodes(body, sizes)
  const { next, output, outputs: more = {} } = buildIn(body, () => spec.step(states, step, body))
  const shown = body.wire(output)
  const outputs: OutputJson[] = [{ name: 'output', from: shown }]
  for (const [name, size] of Object.entries(sizes)) {
    outputs.push({
      name,
      from: body.wire(checkState(`${site.name} next ${name}`, next[name], size)),
    })
  }
  for (const [name, value] of Object.entries(more)) {
    outputs.push({ name: portOf(name), from: body.wire(value) })
  }
  const started = names.filter((name) => Object.hasOwn(spec.initial, name))
  const initial = started.map((name) => initialOf(site.name, name, sizes, spec.initial))
  const op = {
    scan: { reverse: spec.reverse, initial: started, body: { nodes: body.nodes, outputs } },
  }
  const node = site.scope.node(spec.label, op, [...body.bound, ...initial])
  const { size } = output
  return {
    output: site.scope.value({ kind: 'sequence', size, axis: x.axis }, `${node}:output`),
    shown: outputs.find(({ name, from }) => name !== 'output' && from === shown)?.name,
    state: Object.fromEntries(
      names.map((name) => [
        name,
        site.scope.value<Vector>({ kind: 'vector', size: sizes[name] ?? 0 }, `${node}:${name}`),
      ]),
    ),
    outputs: Object.fromEntries(
      Object.entries(more).map(([name, value]) => [
        name,
        overTime(site.scope, value, `${node}:${portOf(name)}`, x.axis),
      ]),
    ),
  }
}

/** The port of a further output, apart from those of states. */
function portOf(name: string): string {
  return `outputs.${name}`
}

function overTime(
  scope: Scope,
  value: Vector | Alignment,
  wire: string,
  axis: string,
): Sequence | Alignment {
  return value.kind === 'alignment'
    ? scope.value<Alignment>({ ...value, axis }, wire)
    : scope.value<Sequence>({ kind: 'sequence', size: value.size, axis }, wire)
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
