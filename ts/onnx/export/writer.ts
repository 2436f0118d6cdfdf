import type {
  AttributeProto,
  GraphProto,
  NodeProto,
  TensorProto,
  ValueInfoProto,
} from '../proto.js'
import { floatTensor, intTensor } from './build.js'

/**
 * The nodes and initializers of an ONNX graph while they are made. A node that reads nothing of the body being made is put
 * before the loop: each body is a graph of what changes from step to step.
 */
export class Writer {
  readonly #initializers: TensorProto[] = []
  readonly #nodes: NodeProto[] = []
  /** Names, and the last number behind each. */
  readonly #taken = new Map<string, number>()
  readonly #known = new Map<string, string>()
  #body: NodeProto[] | undefined
  /** The names that belong to the body being made. */
  readonly #inner = new Set<string>()

  /** Takes a name that no value has, made of `hint`. */
  free(hint: string): string {
    let name = hint
    let n = this.#taken.get(hint) ?? 0
    while (this.#taken.has(name)) name = `${hint}_${++n}`
    this.#taken.set(name, 0)
    // The next one begins where this one ended: many constants have one hint.
    this.#taken.set(hint, n)
    return name
  }

  /** Adds a node and gives the name of its one result, made of `hint`. */
  one(
    op: string,
    hint: string,
    inputs: readonly string[],
    ...attributes: AttributeProto[]
  ): string {
    const name = this.free(hint)
    this.add(op, inputs, [name], attributes)
    return name
  }

  /** Adds a node once for each `hint`, and gives the name of its one result. */
  once(
    op: string,
    hint: string,
    inputs: readonly string[],
    ...attributes: AttributeProto[]
  ): string {
    return this.#first([op, hint, ...inputs].join(' '), () =>
      this.one(op, hint, inputs, ...attributes),
    )
  }

  /** Adds a node with results of the given names; one of an empty name is left out. */
  add(
    opType: string,
    input: readonly string[],
    output: readonly string[],
    attribute: readonly AttributeProto[] = [],
  ): void {
    const local = input.some((name) => this.#inner.has(name))
    this.#put({ input, output, opType, attribute }, local ? this.#body : undefined)
  }

  /** Adds a node to the body being made, also if it reads nothing of the body; to the graph outside of one. */
  addHere(opType: string, input: readonly string[], output: string): void {
    this.#put({ input, output: [output], opType, attribute: [] }, this.#body)
  }

  #put(
    node: Pick<NodeProto, 'input' | 'output' | 'opType' | 'attribute'>,
    body?: NodeProto[],
  ): void {
    const name = node.output.find((name) => name !== '') ?? node.opType
    ;(body ?? this.#nodes).push({ ...node, name, domain: '' })
    if (body === undefined) return
    for (const name of node.output) this.#inner.add(name)
  }

  /** Makes a body: what `make` adds that depends on the names that it enters. */
  body(
    name: string,
    make: () => Readonly<Record<'input' | 'output', readonly ValueInfoProto[]>>,
  ): GraphProto {
    const node: NodeProto[] = []
    this.#body = node
    const { input, output } = make()
    this.#body = undefined
    this.#inner.clear()
    return { name, node: live(node, output).nodes, initializer: [], input, output }
  }

  /** Notes the name of an input of the body being made. */
  enter(name: string): string {
    this.#inner.add(name)
    return name
  }

  /** Gives the whole graph, of what its outputs depend on. */
  graph(input: readonly ValueInfoProto[], output: readonly ValueInfoProto[]): GraphProto {
    const { nodes: node, read } = live(this.#nodes, output)
    const initializer = this.#initializers.filter(({ name }) => read.has(name))
    return { name: 'unrolled', node, initializer, input, output }
  }

  /** A constant of whole numbers: a list, or one number. */
  ints(values: readonly number[] | number): string {
    const key = JSON.stringify(values)
    return this.#first(`ints ${key}`, () => this.#initializer(intTensor, 'ints', values))
  }

  /** A constant of numbers: a list, or one number. */
  floats(values: readonly number[] | number): string {
    const key = typeof values === 'number' ? String(values) : JSON.stringify(values)
    return this.#first(`floats ${key}`, () => this.#initializer(floatTensor, 'floats', values))
  }

  #initializer(
    tensor: (name: string, dims: readonly number[], values: readonly number[]) => TensorProto,
    hint: string,
    values: readonly number[] | number,
  ): string {
    const [dims, list] = typeof values === 'number' ? [[], [values]] : [[values.length], values]
    const name = this.free(hint)
    this.#initializers.push(tensor(name, dims, list))
    return name
  }

  /** An initializer of a name that is taken for it, added once. */
  initialized(name: string, dims: readonly number[], values: Float32Array): string {
    return this.#first(`own ${name}`, () => {
      this.#initializers.push(floatTensor(name, dims, values))
      return name
    })
  }

  /** An initializer of weights in another order, made once for each `hint`. */
  weights(hint: string, dims: readonly number[], make: () => Float32Array): string {
    return this.#first(`weights ${hint}`, () => {
      const name = this.free(hint)
      this.#initializers.push(floatTensor(name, dims, make()))
      return name
    })
  }

  #first(key: string, make: () => string): string {
    const known = this.#known.get(key) ?? make()
    this.#known.set(key, known)
    return known
  }
}

/** The nodes that outputs depend on, and the names that are read. */
function live(
  nodes: readonly NodeProto[],
  outputs: readonly ValueInfoProto[],
): { readonly nodes: readonly NodeProto[]; readonly read: ReadonlySet<string | undefined> } {
  const read = new Set(outputs.map(({ name }) => name))
  const kept = nodes.toReversed().filter(({ output, input, attribute }) => {
    if (!output.some((name) => read.has(name))) return false
    const inside = attribute.flatMap(({ g }) => g?.node.flatMap((node) => node.input) ?? [])
    for (const name of [...input, ...inside]) read.add(name)
    return true
  })
  return { nodes: kept.reverse(), read }
}
