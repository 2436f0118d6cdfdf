import { isRecord } from '../brand.js'
import { Described, mismatch } from '../errors.js'
import { checkName } from '../graph/names.js'
import { isValue, type Scope } from '../graph/scope.js'
import { currentScope } from '../graph/step.js'
import { checkKind, type Sequence, type Tokens } from '../graph/value.js'
import { checkCount } from '../options.js'
import type { StepInput } from './cell.js'
import { stepsOf } from './steps.js'

/** What a scan runs along: a value whose steps are those of the loop, and the step's input in the body. */
export interface Entering {
  readonly leading: Sequence | Tokens
  enter(body: Scope): StepInput
}

/** Finds what a scan is called with: one value, several by name, or a number of steps. */
export function entering(where: string, x: unknown): Entering {
  if (typeof x === 'number') return alone(where, x)
  // The result of a layer has its sequence as `output`: the layer's message says so.
  const isResult = isRecord(x) && Object.hasOwn(x, 'output') && Object.hasOwn(x, 'state')
  if (isValue(x) || !isRecord(x) || isResult) {
    const leading = x as Sequence | Tokens
    return { leading, enter: (body) => body.bind(leading, 'x') }
  }
  return several(where, Object.entries(x))
}

/** A number of steps: the body has a sequence to run along that its step does not see. */
function alone(where: string, count: number): Entering {
  const steps = checkCount(`${where} steps`, count)
  const scope = currentScope()
  if (scope === undefined) {
    const received = new Described('a call outside of a graph')
    throw mismatch('ERR_UNROLLED_GRAPH', where, 'a call while a graph is declared', received)
  }
  const wire = scope.node('constant', { constant: { values: [0] } }, [])
  const zero = scope.value({ kind: 'vector', size: 1 }, wire)
  const leading: Sequence = stepsOf(scope, zero, steps)
  return {
    leading,
    enter(body) {
      body.bind(leading, 'x')
      return undefined
    },
  }
}

function several(where: string, given: readonly (readonly [string, unknown])[]): Entering {
  const named = given.map(([name, value]) => {
    checkName(`${where} input`, name)
    const place = `${where} input ${name}`
    if (!isValue(value)) {
      throw mismatch('ERR_UNROLLED_KIND', place, 'a sequence or tokens', value)
    }
    checkKind(place, value, ['sequence', 'tokens'])
    return [name, value] as const
  })
  const [[, leading] = []] = named
  if (leading === undefined) {
    throw mismatch('ERR_UNROLLED_GRAPH', where, 'at least one sequence', new Described('none'))
  }
  for (const [name, { axis }] of named) {
    if (axis !== leading.axis) {
      const received = new Described(`one of the axis "${axis}"`)
      const expected = `a value of the axis "${leading.axis}"`
      throw mismatch('ERR_UNROLLED_KIND', `${where} input ${name}`, expected, received)
    }
  }
  return {
    leading,
    enter: (body) =>
      Object.fromEntries(named.map(([name, value]) => [name, body.bind(value, `x.${name}`)])),
  }
}
