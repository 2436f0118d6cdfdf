import type { VectorData } from '../data/data.js'
import { rowsOf } from '../data/feed.js'
import { Result } from '../data/result.js'
import { mismatch } from '../errors.js'
import type { Vector } from '../graph/value.js'
import type { NativeTensor } from '../native/contract.js'
import type { Description } from '../native/description.js'
import { checkOptions } from '../options.js'

/** A model's states by name (`lstm.l0:h`), one row for each row of the batch. */
export type State = Readonly<Record<string, Result<Vector>>>

/** States for a model: a call's result, or data. States left out are those before the first step, zeros if the graph gives none. */
export type StateData = Readonly<Record<string, VectorData | Result<Vector>>>

/** Names the states that a call gave back. */
export function stateOf(tensors: readonly NativeTensor[]): State {
  return Object.fromEntries(tensors.map((tensor) => [tensor.name, new Result<Vector>(tensor)]))
}

/** Checks and converts the states that a sequence goes on from; a model that needs it whole has none. */
export function continuedStates(
  where: string,
  description: Description,
  state: StateData | undefined,
): NativeTensor[] {
  if (state === undefined) return []
  const { indivisible } = description
  if (indivisible !== null) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', where, `none, since ${indivisible}`, state)
  }
  return stateTensors(where, description, state)
}

/** Checks and converts the states that a whole run begins with; backward in time there are none. */
export function initialStates(
  where: string,
  description: Description,
  state: StateData | undefined,
): NativeTensor[] {
  if (state === undefined) return []
  const backward = description.states.find(({ reverse }) => reverse)
  if (backward !== undefined) {
    const expected = `none, since '${backward.name}' reads backwards in time`
    throw mismatch('ERR_UNROLLED_ARGUMENT', where, expected, state)
  }
  return stateTensors(where, description, state)
}

/** Checks states and converts them for the core. */
export function stateTensors(
  where: string,
  { states }: Pick<Description, 'states'>,
  state: StateData,
): NativeTensor[] {
  const known = states.map(({ name }) => name)
  checkOptions(where, state, known, 'state')
  const given = new Map<string, unknown>(Object.entries(state))
  return states
    .filter(({ name }) => given.get(name) !== undefined)
    .map(({ name, size }) =>
      rowsOf(`${where} ${name}`, { name, rows: { kind: 'vector', size } }, given.get(name)).all(),
    )
}
