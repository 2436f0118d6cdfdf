/** A node whose inputs are known, as its operator sees it. */

import { type AttributeProto, type NodeProto, textOf } from '../proto.js'
import type { Build } from './build.js'
import { NodeFault } from './fault.js'
import { describe, type Flow, flow, type Held } from './held.js'
import { plain, type Tensor, tensorOf } from './tensor.js'

export interface Call {
  readonly node: NodeProto
  readonly op: string
  readonly opset: number
  readonly inputs: readonly (Held | undefined)[]
  readonly build: Build
  /** Reads a graph of the node with given inputs, and gives its outputs. */
  body(attribute: string, inputs: readonly Held[]): readonly Held[]
}

/** The results of a node, output by output. */
export type Operator = (call: Call) => readonly Held[] | Held

function attributeOf({ node }: Call, name: string): AttributeProto | undefined {
  const attribute = node.attribute.find((it) => it.name === name)
  return attribute
}

export function intOf(call: Call, name: string, otherwise: number): number {
  const value = attributeOf(call, name)?.i ?? otherwise
  if (!Number.isSafeInteger(value)) throw new NodeFault(`a whole number for ${name}`, String(value))
  return value
}

export function floatOf(call: Call, name: string, otherwise: number): number {
  return attributeOf(call, name)?.f ?? otherwise
}

export function wordOf(call: Call, name: string, otherwise: string): string {
  const bytes = attributeOf(call, name)?.s
  return bytes === undefined ? otherwise : textOf(bytes.subarray(0, 100))
}

export function wordsIn(call: Call, name: string): readonly string[] | undefined {
  return attributeOf(call, name)?.strings?.map((bytes) => textOf(bytes.subarray(0, 100)))
}

export function intsOf(call: Call, name: string): readonly number[] | undefined {
  return attributeOf(call, name)?.ints
}

export function floatsOf(call: Call, name: string): readonly number[] | undefined {
  return attributeOf(call, name)?.floats
}

export function tensorIn(call: Call, name: string): Tensor | undefined {
  const proto = attributeOf(call, name)?.t
  return proto === undefined ? undefined : tensorOf(proto)
}

export function hasAttribute(call: Call, name: string): boolean {
  return attributeOf(call, name) !== undefined
}

/** An input that must be there. */
export function inputAt(call: Call, index: number): Held {
  const held = call.inputs[index]
  if (held === undefined) throw new NodeFault(`an input ${index}`, 'none')
  return held
}

/** An input that a run computes, or numbers of the file as such. */
export function flowAt(call: Call, index: number): Flow {
  const held = inputAt(call, index)
  if (held.kind === 'constant' && held.tensor.float)
    return flow(held.tensor.dims, call.build.vector(call.node.name ?? '', held))
  if (held.kind !== 'flow')
    throw new NodeFault(`numbers that a run computes as input ${index}`, describe(held))
  return call.build.stepped(held)
}

/** An input that the file holds, or none. */
export function tensorAt(call: Call, index: number): Tensor | undefined {
  const held = call.inputs[index]
  if (held === undefined) return undefined
  if (held.kind !== 'constant') throw new NodeFault(`a constant as input ${index}`, describe(held))
  return held.tensor
}

/** The numbers of an input that the file holds, or none. */
export function numbersAt(call: Call, index: number): ArrayLike<number> | undefined {
  const tensor = tensorAt(call, index)
  return tensor === undefined ? undefined : plain(tensor)
}

/** Whole numbers that an older operator has as an attribute and a newer one as an input. */
export function intsFrom(call: Call, name: string, index: number): readonly number[] | undefined {
  const given = numbersAt(call, index)
  return given === undefined ? intsOf(call, name) : Array.from(given)
}
