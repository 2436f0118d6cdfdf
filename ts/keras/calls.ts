/** The calls of layers in a configuration: which outputs of which layers they read. */
import { fault, shown } from './fault.js'
import { Fields } from './fields.js'

/** An output of a layer's call. */
export interface Ref {
  readonly layer: string
  readonly call: number
  readonly output: number
}

/** A call of a layer: what it reads, and the states that it begins with. */
export interface Call {
  readonly inputs: readonly Ref[]
  readonly states: readonly Ref[]
}

/** Reads the ends of a Functional: one, a list, or some by name. */
export function ends(config: Fields, key: string): readonly (readonly [name: string, ref: Ref])[] {
  const where = `${config.where} ${key}`
  const value = config.get(key)
  if (Array.isArray(value)) {
    const list: readonly unknown[] = typeof value[0] === 'string' ? [value] : value
    return list.map((it) => {
      const ref = refOf(where, it)
      return [ref.layer, ref] as const
    })
  }
  const named = new Fields(where, value)
  return named.keys().map((name) => [name, refOf(where, named.get(name))] as const)
}

function refOf(where: string, value: unknown): Ref {
  const [layer, call, output] = Array.isArray(value) ? (value as readonly unknown[]) : []
  if (typeof layer === 'string' && isIndex(call) && isIndex(output)) return { layer, call, output }
  throw fault(where, 'a layer, its call and its output', shown(value))
}

function isIndex(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

/** Reads a call of Keras 3, `{ args, kwargs }`, or of Keras 2, a list of `[layer, call, output, arguments]`. */
export function readCall(where: string, node: unknown): Call {
  if (!Array.isArray(node)) {
    const call = new Fields(`${where} call`, node)
    const states =
      call.get('kwargs') === undefined ? undefined : call.fields('kwargs').get('initial_state')
    return { inputs: tensorsIn(where, call.list('args'), 0), states: tensorsIn(where, states, 0) }
  }
  const list: readonly unknown[] = typeof node[0] === 'string' ? [node] : node
  const inputs = list.map((it) => refOf(where, it))
  const [, , , given] = Array.isArray(list[0]) ? (list[0] as readonly unknown[]) : []
  const states =
    given === undefined || given === null
      ? undefined
      : new Fields(where, given).get('initial_state')
  return { inputs, states: tensorsIn(where, states, 0) }
}

/** Finds the tensors among arguments, in lists of lists at most. */
function tensorsIn(where: string, value: unknown, level: number): readonly Ref[] {
  if (value === undefined || value === null || typeof value !== 'object') return []
  if (!Array.isArray(value)) {
    const tensor = new Fields(where, value)
    if (tensor.get('class_name') !== '__keras_tensor__') return []
    return [refOf(where, tensor.fields('config').get('keras_history'))]
  }
  const list: readonly unknown[] = value
  if (typeof list[0] === 'string') return [refOf(where, list)]
  if (level > 2) throw fault(where, 'tensors in lists of lists at most', 'a deeper list')
  return list.flatMap((it) => tensorsIn(where, it, level + 1))
}
