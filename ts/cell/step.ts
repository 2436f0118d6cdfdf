import { isObject, isRecord } from '../brand.js'
import { Described, mismatch } from '../errors.js'
import { checkName, taken } from '../graph/names.js'
import { isValue, type Scope } from '../graph/scope.js'
import { checkKind, type Vector } from '../graph/value.js'
import { checkOptions } from '../options.js'
import type { StepValues } from './trace.js'
import type { NamedStates } from './unroll.js'

/** The result of a cell's step, checked by name. */
type Result = NamedStates & { readonly trace?: unknown }

/** Refuses all but the next states, an output and a trace. */
export function checkStep(where: string, next: unknown, states: readonly string[]): Result {
  if (!isObject(next)) {
    throw mismatch(
      'ERR_UNROLLED_GRAPH',
      `${where} cell result`,
      'an object of the next states',
      next,
    )
  }
  checkOptions(`${where} cell result`, next, [...states, 'output', 'trace'], 'state')
  const given = new Map<string, unknown>(Object.entries(next))
  const missing = states.filter((name) => given.get(name) === undefined)
  if (missing.length > 0) {
    const received = new Described(`only ${[...given.keys()].join(', ') || 'nothing'}`)
    const expected = `the next ${missing.join(' and ')}`
    throw mismatch('ERR_UNROLLED_GRAPH', `${where} cell result`, expected, received)
  }
  return next as Result
}

/** Checks what a step gives as its trace. */
export function stepValues(
  where: string,
  trace: unknown,
  states: readonly string[],
  body: Scope,
): StepValues {
  if (trace === undefined) return {}
  const name = `${where} cell trace`
  if (!isRecord(trace)) throw mismatch('ERR_UNROLLED_GRAPH', name, 'an object of values', trace)
  const entries = Object.entries(trace).map(([key, value]) => {
    checkName(name, key)
    if (states.includes(key)) throw taken(name, key)
    if (!isValue(value))
      throw mismatch('ERR_UNROLLED_KIND', `${name} ${key}`, 'a value of the step', value)
    checkKind(`${name} ${key}`, value, ['vector', 'token', 'alignment'])
    body.wire(value)
    return [key, () => value] as const
  })
  return Object.fromEntries(entries)
}

/** Finds the output of a step: `output`, `h` or the only state. */
export function outputOf(where: string, next: NamedStates, states: readonly string[]): Vector {
  const only = states.length === 1 ? states[0] : undefined
  const { output, h } = next
  const given = output ?? h ?? (only === undefined ? undefined : next[only])
  if (given === undefined) {
    const received = new Described(`the states ${states.join(', ') || '(none)'}`)
    throw mismatch('ERR_UNROLLED_GRAPH', `${where} cell result`, 'an output or a state h', received)
  }
  if (isValue(given)) checkKind(`${where} cell result output`, given, ['vector'])
  return given as Vector
}
