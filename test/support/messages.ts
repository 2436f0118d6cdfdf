/** Changes of ONNX messages: each stays of its type, so that the file is whole and only its sense is not. */
import { type Field, MESSAGES, type Type } from '../../ts/onnx/fields.js'
import { encode, NAMES, oddNumber } from './hostile.js'
import type { Random } from './random.js'

export type Message = Record<string, unknown> & { graph?: unknown }

/** A field of a message that stands in the file. */
interface Place {
  readonly holder: Message
  readonly field: Field
}

/** Operators of other kinds, and none. */
const OPERATORS = [
  'Add',
  'LSTM',
  'GRU',
  'RNN',
  'Loop',
  'Scan',
  'If',
  'Reshape',
  'Slice',
  'ConstantOfShape',
  'Transpose',
] as const

const isMessage = (type: Type): type is keyof typeof MESSAGES => type in MESSAGES

function placesOf(root: Message): Place[] {
  const places: Place[] = []
  const open: [Message, keyof typeof MESSAGES][] = [[root, 'Model']]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [holder, type] = next
    for (const field of MESSAGES[type] as readonly Field[]) {
      const value = holder[field[1]]
      if (value === undefined) continue
      places.push({ holder, field })
      const [, , of, list] = field
      if (!isMessage(of)) continue
      for (const one of list === undefined ? [value] : (value as unknown[]))
        open.push([one as Message, of])
    }
  }
  return places
}

/** The values of other places with the same type: names of other tensors, other graphs. */
function others(places: readonly Place[], type: Type): unknown[] {
  return places.flatMap(({ holder, field }) =>
    field[2] !== type
      ? []
      : field[3] === undefined
        ? [holder[field[1]]]
        : (holder[field[1]] as unknown[]),
  )
}

function oddValue(
  random: Random,
  { field }: Place,
  old: unknown,
  places: readonly Place[],
): unknown {
  const [, name, type] = field
  const same = others(places, type)
  if (name === 'opType' && random.chance(0.7))
    return random.pick([...OPERATORS, '__proto__', 'constructor'])
  if (same.length > 0 && random.chance(0.5)) return structuredClone(random.pick(same))
  switch (type) {
    case 'int':
      return oddNumber(random, typeof old === 'number' ? old : 0)
    case 'float':
    case 'double':
      return random.pick([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e38, 1e-45])
    case 'string':
      return random.pick(NAMES)
    case 'bytes':
      return random.chance(0.5)
        ? new Uint8Array(random.pick([0, 1, 8, 4096]))
        : encode(random.pick(NAMES))
    default:
      return old
  }
}

/** Puts a graph, in attributes named as bodies are, around itself many times. */
function nest(random: Random, holder: Message): void {
  for (let level = random.pick([2, 10, 70]); level > 0; level--) {
    const body = { node: [], initializer: [], input: [], output: [], ...(holder.graph as Message) }
    const attribute = [
      { name: random.pick(['body', 'then_branch', 'else_branch']), type: 5, g: body },
    ]
    const node = {
      opType: random.pick(['Loop', 'Scan', 'If']),
      input: ['x'],
      output: ['y'],
      attribute,
    }
    holder.graph = { ...body, node: [node] }
  }
}

/** Changes a field: its value, a part of a list, its absence; or puts the graph inside of itself. */
export function changeMessage(random: Random, root: Message): void {
  if (root.graph !== undefined && random.chance(0.01)) {
    nest(random, root)
    return
  }
  const places = placesOf(root)
  const place = random.pick(places)
  const { holder, field } = place
  const [, name, , list] = field
  if (list === undefined) {
    if (random.chance(0.15)) delete holder[name]
    else holder[name] = oddValue(random, place, holder[name], places)
    return
  }
  const values = [...(holder[name] as unknown[])]
  holder[name] = values
  const at = random.below(values.length + 1)
  switch (random.below(6)) {
    case 0:
      values.splice(at, 1)
      break
    case 1:
      values.splice(
        at,
        0,
        oddValue(random, place, values[at] ?? values[0] ?? fallback(field), places),
      )
      break
    case 2:
      values.reverse()
      break
    default:
      if (at < values.length) values[at] = oddValue(random, place, values[at], places)
  }
}

/** A value for an empty list. */
function fallback([, , type]: Field): unknown {
  if (type === 'string') return 'x'
  if (type === 'bytes') return new Uint8Array()
  if (!isMessage(type)) return 0
  const lists = (MESSAGES[type] as readonly Field[]).filter((it) => it[3] === 'all')
  return Object.fromEntries(lists.map(([, name]) => [name, []]))
}
