import { type Port, shapeWords } from '../data/kind.js'
import { Described, mismatch, UnrolledError } from '../errors.js'
import { unknownName } from '../options.js'
import type { Parts } from './parts.js'

/** The input that takes each item back, and the output that decides it. */
export interface Roles {
  readonly input: Port
  readonly output: Port
}

/** Names of the roles, where a model leaves a choice. */
interface Named {
  readonly input?: string | undefined
  readonly output?: string | undefined
}

/** Finds the tokens of a model and the scores of their ids, along one axis. */
export function tokenRoles(where: string, parts: Parts, named: Named): Roles {
  const fits = (input: Port, output: Port): boolean =>
    input.rows.kind === 'tokens' && widthOf(output) === input.ids
  return rolesOf(where, parts, named, fits, 'scores of each id of an input of tokens')
}

/** Finds the numbers of a model that its output goes on with, along one axis. */
export function numberRoles(where: string, parts: Parts, named: Named): Roles {
  const fits = (input: Port, output: Port): boolean =>
    input.rows.kind === 'sequence' && widthOf(output) === input.rows.size
  return rolesOf(where, parts, named, fits, 'the next numbers of an input')
}

function rolesOf(
  where: string,
  { inputs, outputs }: Parts,
  named: Named,
  fits: (input: Port, output: Port) => boolean,
  what: string,
): Roles {
  const given = chosen(`${where} input`, 'input', inputs, named.input)
  const scored = chosen(`${where} output`, 'output', outputs, named.output)
  const found = given.flatMap((input) =>
    scored
      .filter((output) => along(input, output) && fits(input, output))
      .map((output) => ({ input, output })),
  )
  const [only] = found
  if (only === undefined) throw noRoles(where, what, given, scored)
  if (found.length > 1) {
    const pairs = found.map(({ input, output }) => `${output.name} of ${input.name}`).join(', ')
    const expected = `one output with ${what} along its axis`
    const advice = 'name them by the options input and output'
    throw mismatch('ERR_UNROLLED_ARGUMENT', where, expected, new Described(pairs), advice)
  }
  return only
}

function noRoles(
  where: string,
  what: string,
  inputs: readonly Port[],
  outputs: readonly Port[],
): UnrolledError {
  const words = (ports: readonly Port[]): string =>
    ports.map((port) => `${port.name} ${shapeWords(port.rows)}`).join(', ')
  const received = `inputs ${words(inputs)} and outputs ${words(outputs)}`
  return new UnrolledError(
    'ERR_UNROLLED_ARGUMENT',
    `${where}: expected a model with an output of ${what} along its axis, received ${received}`,
  )
}

function chosen(
  where: string,
  what: string,
  ports: readonly Port[],
  name: unknown,
): readonly Port[] {
  return name === undefined ? ports : [portOf(where, what, ports, name)]
}

/** Finds the input or output of a name. */
export function portOf(where: string, what: string, ports: readonly Port[], name: unknown): Port {
  if (typeof name !== 'string') {
    throw mismatch('ERR_UNROLLED_ARGUMENT', where, `the name of an ${what}`, name)
  }
  const found = ports.find((port) => port.name === name)
  if (found !== undefined) return found
  throw unknownName(
    where,
    what,
    name,
    ports.map((port) => port.name),
  )
}

function along(input: Port, output: Port): boolean {
  return input.axis !== undefined && input.axis === output.axis
}

function widthOf({ rows }: Port): number | undefined {
  return rows.kind === 'sequence' ? rows.size : undefined
}
