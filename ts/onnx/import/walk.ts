/** The walk over the graphs of a file, from its outputs to its inputs; no call is as deep as the graph. */
import type { GraphProto, NodeProto } from '../messages.js'
import { branchOf } from './branch.js'
import type { Build } from './build.js'
import type { Call, Operator } from './call.js'
import { NodeFault, ofFile, quoted, refused, WHERE } from './fault.js'
import type { Constant, Held } from './held.js'
import { bodyOf, homeOf, nodeName, type Region } from './region.js'
import { tensorOf } from './tensor.js'

/** Facts of the import that the walk needs. */
export interface Walking {
  readonly build: Build
  readonly opset: number
  readonly operators: ReadonlyMap<string, Operator>
  /** The branches that the caller chose, by the names of nodes. */
  readonly branches: ReadonlyMap<string, 'then' | 'else'>
  /** Gives the meaning of an input of the model, or of a value that the caller cuts at. */
  input(name: string): Held | undefined
}

const QUANTIZED = 'export the model as it was before it was quantized'
/** What to do about operators that usual files have. */
const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['Loop', 'of a Keras model importKeras reads the .keras file'],
  ['DynamicQuantizeLSTM', QUANTIZED],
  ['DynamicQuantizeLinear', QUANTIZED],
  ['DequantizeLinear', QUANTIZED],
])

interface Need {
  readonly region: Region
  readonly name: string
  /** The node that needs the value, in messages. */
  readonly by?: NodeProto
}

/** How many numbers nodes may make for one of the file. */
const MORE = 16

export class Walk {
  /** The nodes that have been read. */
  read = 0
  readonly #open = new Set<NodeProto>()

  constructor(readonly walking: Walking) {}

  /** Finds what a name stands for, and reads the nodes that it takes. */
  value(region: Region, name: string): Held {
    const pending: Need[] = [{ region, name }]
    for (let need = pending.at(-1); need !== undefined; need = pending.at(-1)) {
      const missing = this.#settle(need)
      if (missing.length === 0) pending.pop()
      else pending.push(...missing)
    }
    return this.#known({ region, name }) as Held
  }

  /** Gives the meaning of a name, if it is known by now. */
  #known({ region, name }: Need): Held | undefined {
    return homeOf(region, name)?.values.get(name)
  }

  /** Makes a name known, or gives what must be known first. */
  #settle({ region, name, by }: Need): readonly Need[] {
    const given = this.walking.input(name)
    const home = homeOf(region, name)
    const where = by === undefined ? `value ${quoted(name)}` : nodeName(region, by)
    if (home === undefined) {
      throw refused(where, `a value ${quoted(name)} that the graph makes`, 'none')
    }
    if (home.values.has(name)) return []
    if (given !== undefined) {
      home.values.set(name, given)
      return []
    }
    const tensor = home.tensors.get(name)
    if (tensor !== undefined) {
      const read = tensorOf(tensor)
      this.walking.build.room += MORE * read.data.length
      home.values.set(name, { kind: 'constant', tensor: read, name })
      return []
    }
    const node = home.producers.get(name)
    if (node === undefined) {
      throw refused(where, 'inputs that are fed', `${quoted(name)}, which is left out`)
    }
    return this.#settleNode(home, node)
  }

  #settleNode(region: Region, node: NodeProto): readonly Need[] {
    // Before its inputs, so that a node is named rather than those that serve it alone.
    if (node.opType !== 'If') this.#operatorOf(region, node)
    // A branch that the caller chose needs no condition.
    const chosen = node.opType === 'If' && this.walking.branches.has(node.name ?? '')
    const inputs = chosen ? [] : [...node.input, ...capturedBy(region, node)]
    const needs = inputs.filter((name) => name !== '').map((name) => ({ region, name, by: node }))
    const missing = needs.filter((need) => this.#known(need) === undefined)
    const more =
      missing.length > 0 || node.opType !== 'If' ? missing : this.#branchNeeds(region, node)
    if (more.length === 0) {
      this.#open.delete(node)
      this.#run(region, node)
      return []
    }
    for (const { region: at, name } of more) this.#checkCircle(at, name)
    this.#open.add(node)
    return more
  }

  /** Refuses a value that is made of itself. */
  #checkCircle(region: Region, name: string): void {
    const node = homeOf(region, name)?.producers.get(name)
    if (node !== undefined && this.#open.has(node)) {
      throw refused(
        nodeName(region, node),
        'a graph without circles',
        `${quoted(name)}, made of itself`,
      )
    }
  }

  /** The outputs of the branch that a node takes, as far as they are not known. */
  #branchNeeds(region: Region, node: NodeProto): readonly Need[] {
    return this.#guard(region, node, () => {
      const branch = branchOf(node, this.walking.branches, this.#inputs(region, node)[0])
      const body = bodyOf(region, node, branch)
      const needs = body.graph.output.map(({ name = '' }) => ({ region: body, name }))
      const missing = needs.filter((need) => this.#known(need) === undefined)
      if (missing.length === 0) {
        const outputs = needs.map((need) => this.#known(need) as Held)
        this.#keep(region, node, outputs)
      }
      return missing
    })
  }

  #inputs(region: Region, node: NodeProto): (Held | undefined)[] {
    return node.input.map((name) => (name === '' ? undefined : this.#known({ region, name })))
  }

  #operatorOf(region: Region, node: NodeProto): Operator {
    const { domain = '', opType = '' } = node
    const own = domain === '' || domain === 'ai.onnx'
    const operator = own ? this.walking.operators.get(opType) : undefined
    if (operator !== undefined) return operator
    const received = `${domain && `${domain}.`}${opType}`.slice(0, 80)
    const advice = own ? REMEDIES.get(opType) : undefined
    throw refused(
      nodeName(region, node),
      'an operator that the import knows',
      advice === undefined ? received : `${received}; ${advice}`,
    )
  }

  #run(region: Region, node: NodeProto): void {
    if (node.opType === 'If') return
    this.#guard(region, node, () => {
      const call: Call = {
        node,
        op: node.opType ?? '',
        opset: this.walking.opset,
        inputs: this.#inputs(region, node),
        build: this.walking.build,
        body: (attribute, inputs) => this.#body(region, node, attribute, inputs),
      }
      const outputs = this.#operatorOf(region, node)(call)
      this.#keep(region, node, 'kind' in outputs ? [outputs] : outputs)
    })
  }

  #keep(region: Region, node: NodeProto, outputs: readonly Held[]): void {
    this.read++
    for (const [i, name] of node.output.entries()) {
      const held = outputs[i]
      if (name === '') continue
      if (held === undefined)
        throw new NodeFault(`at most ${outputs.length} outputs`, String(node.output.length))
      if (held.kind === 'constant') this.#count(region, node, held)
      region.values.set(name, held)
    }
  }

  /** Counts the fixed numbers that a node makes: a short file could double them node by node. */
  #count(region: Region, node: NodeProto, { tensor: { data } }: Constant): void {
    const { build } = this.walking
    const given = this.#inputs(region, node)
    if (given.some((it) => it?.kind === 'constant' && it.tensor.data === data)) return
    build.room += node.opType === 'Constant' ? MORE * data.length : -data.length
    if (build.room < 0) throw new NodeFault('fewer fixed numbers made of those of the file', 'more')
  }

  /** Reads the body of a loop once, with the values of a step. */
  #body(
    region: Region,
    node: NodeProto,
    attribute: string,
    inputs: readonly Held[],
  ): readonly Held[] {
    const body = bodyOf(region, node, attribute)
    body.values.clear()
    if (body.graph.input.length !== inputs.length) {
      throw new NodeFault(`a body of ${inputs.length} inputs`, String(body.graph.input.length))
    }
    for (const [i, { name = '' }] of body.graph.input.entries())
      body.values.set(name, inputs[i] as Held)
    return body.graph.output.map(({ name = '' }) => new Walk(this.walking).value(body, name))
  }

  /** Names the node in the errors of its operator and of the layers that it calls. */
  #guard<T>(region: Region, node: NodeProto, run: () => T): T {
    try {
      return run()
    } catch (error) {
      if (error instanceof NodeFault)
        throw refused(nodeName(region, node), error.expected, error.received)
      throw ofFile(`${WHERE}: ${nodeName(region, node)}`, error)
    }
  }
}

/** The names from around it that the body of a loop reads: they are made outside of the loop. */
function capturedBy(region: Region, node: NodeProto): readonly string[] {
  if (node.opType !== 'Scan') return []
  const body = bodyOf(region, node, 'body')
  const read = (graph: GraphProto): readonly string[] =>
    graph.node.flatMap(({ input, attribute }) => [
      ...input,
      ...attribute.flatMap(({ g }) => (g === undefined ? [] : read(g))),
    ])
  const names = [...read(body.graph), ...body.graph.output.map(({ name = '' }) => name)]
  return [...new Set(names)].filter((name) => {
    const home = name === '' ? undefined : homeOf(body, name)
    return home !== undefined && home !== body
  })
}
