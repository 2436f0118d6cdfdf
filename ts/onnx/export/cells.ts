import type { NodeJson } from '../../index.js'
import { call, type Pattern, patterns, peephole, SEEING } from './patterns.js'

export type Scan = Extract<NodeJson['op'], { readonly scan: unknown }>['scan']

/** Weights of a linear node. */
export interface Weights {
  readonly weight: string
  readonly bias: string | null
}

/** A scan that one operator of ONNX stands for. */
export interface Cell {
  readonly pattern: Pattern
  /** The names of the states h and c. */
  readonly states: readonly string[]
  readonly size: number
  readonly input: Weights
  readonly recurrent: Weights
  /** The weights by which the gates i, o, f see the cell; none without peepholes. */
  readonly peepholes: readonly string[]
  /** The outputs of the body that are h at each step. */
  readonly shown: readonly string[]
}

/** More nodes than any pattern has, and longer texts. */
const [MOST_NODES, LONGEST] = [64, 2048]

/**
 * Finds the operator for a scan whose body reads one sequence, x. `read` are the outputs of the body that something reads:
 * each must be h. Nothing for any other arithmetic.
 */
export function cellOf(scan: Scan, read: ReadonlySet<string>): Cell | undefined {
  const { nodes, outputs } = scan.body
  const states = nodes.flatMap(({ name, op }) =>
    typeof op === 'object' && 'state' in op ? [{ name, size: op.state.size }] : [],
  )
  const [first] = states
  if (first === undefined || states.length > 2 || nodes.length > MOST_NODES) return undefined
  const { size } = first
  const given = nodes.flatMap(({ op }) =>
    typeof op === 'object' && 'parameter' in op ? [op.parameter.weight] : [],
  )
  const made = patterns(size)
  for (const order of orders(states, states.length)) {
    for (const peepholes of orders([...new Set(given)], SEEING.length)) {
      const names = order.map(({ name }) => name)
      const texts = new Texts(nodes, names, peepholes)
      const next = names.map((name) => texts.of(outputs.find((it) => it.name === name)?.from))
      const pattern = made.find((it) => it.next.join() === next.join())
      const shown = outputs.filter(({ name }) => !names.includes(name) && read.has(name))
      if (pattern === undefined || shown.some(({ from }) => texts.of(from) !== next[0])) continue
      const [input, recurrent] = [texts.weights(true), texts.weights(false)]
      if (input === undefined || recurrent === undefined) continue
      const ports = shown.map(({ name }) => name)
      return { pattern, states: names, size, input, recurrent, peepholes, shown: ports }
    }
  }
  return undefined
}

/** All orders of so many things; one of none where there are others. */
function orders<T>(things: readonly T[], count: number): readonly (readonly T[])[] {
  if (things.length !== count || count === 0) return [[]]
  return things.flatMap((first) =>
    orders(
      things.filter((it) => it !== first),
      count - 1,
    ).map((rest) => [first, ...rest]),
  )
}

/** The values of a body as text, `x` for its one input, `h` and `c` for its states. */
class Texts {
  readonly #nodes: ReadonlyMap<string, NodeJson>
  readonly #states: readonly string[]
  readonly #known = new Map<string, string | undefined>()
  readonly #peepholes: readonly string[]
  readonly #linear: { readonly entering: boolean; readonly weights: Weights }[] = []

  constructor(nodes: readonly NodeJson[], states: readonly string[], peepholes: readonly string[]) {
    this.#nodes = new Map(nodes.map((node) => [node.name, node]))
    this.#states = states
    this.#peepholes = peepholes
  }

  /** The weights that all linear nodes of x share, or all others. */
  weights(entering: boolean): Weights | undefined {
    const [first, ...more] = this.#linear.filter((it) => it.entering === entering)
    if (first === undefined) return undefined
    const { weights } = first
    const same = more.every(
      (it) => it.weights.weight === weights.weight && it.weights.bias === weights.bias,
    )
    return same ? weights : undefined
  }

  /** The text of the value on a wire; nothing where no pattern has such a node. */
  of(wire: string | undefined): string | undefined {
    if (wire === undefined) return undefined
    const at = wire.lastIndexOf(':')
    const name = at < 0 ? wire : wire.slice(0, at)
    const node = this.#nodes.get(name)
    if (node === undefined) return undefined
    if (!this.#known.has(name)) {
      const text = this.#textOf(node)
      this.#known.set(name, text !== undefined && text.length <= LONGEST ? text : undefined)
    }
    const text = this.#known.get(name)
    if (text === undefined || (node.op !== 'lstmGates' && node.op !== 'gruGates')) return text
    return `${text}:${at < 0 ? 'h' : wire.slice(at + 1)}`
  }

  #textOf({ name, op, inputs }: NodeJson): string | undefined {
    if (typeof op === 'object' && 'input' in op) return 'x'
    if (typeof op === 'object' && 'state' in op) return ['h', 'c'][this.#states.indexOf(name)]
    if (typeof op === 'object' && 'parameter' in op) {
      const gate = SEEING[this.#peepholes.indexOf(op.parameter.weight)]
      return gate === undefined ? undefined : peephole(gate)
    }
    const operands = inputs.map((wire) => this.of(wire))
    const known = operands.filter((text) => text !== undefined)
    const [first] = known
    if (first === undefined || known.length < operands.length) return undefined
    if (typeof op === 'string') return op === 'detach' ? first : call(op, ...known)
    if ('dropout' in op) return first
    if ('activation' in op) return call(op.activation, first)
    if ('slice' in op) return call(`slice[${op.slice.start},${op.slice.size}]`, first)
    if ('affine' in op) return call(`affine[${op.affine.scale},${op.affine.shift}]`, first)
    if (!('linear' in op)) return undefined
    const { rows, ...weights } = op.linear
    this.#linear.push({ entering: first === 'x', weights })
    return call(rows === null ? 'linear' : `linear[${rows.join(',')}]`, first)
  }
}
