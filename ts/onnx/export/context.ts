import { DataType, type ValueInfoProto } from '../proto.js'
import type { Axes } from './axes.js'
import { tensorInfo } from './build.js'
import type { Held } from './held.js'
import type { Writer } from './writer.js'

/** A graph on its way to ONNX. */
export interface Context {
  readonly writer: Writer
  readonly axes: Axes
  /** A parameter, and its name in ONNX. */
  parameter(name: string): {
    readonly name: string
    readonly shape: readonly number[]
    readonly values: Float32Array
  }
  /** Adds a state of zeros, a number for each step of `memory`, to the loop whose body is being made. */
  carry?(hint: string, memory: string): Carried
}

/** A state that a node of a loop's body adds: the weights of an attention so far. */
export interface Carried {
  readonly inside: Held
  /** Sets the value after the step. */
  next(name: string): void
}

/** A parameter under its own name. */
export function weights({ writer, parameter }: Context, name: string): string {
  const { name: own, shape, values } = parameter(name)
  return writer.initialized(own, shape, values)
}

/** The dimensions of a value but the batch's. */
function dimensions({ axes }: Context, held: Held): readonly (number | string)[] {
  const steps = [held.axis, held.memory].flatMap((axis) =>
    axis === undefined ? [] : axes.symbol(axis),
  )
  return held.of === 'numbers' ? [...steps, held.size] : steps
}

/** A value in every row, over an axis if one is given. */
export function whole(context: Context, held: Held, axis?: string): Held {
  const { writer, axes } = context
  if (axis === undefined || held.axis !== undefined) {
    if (held.given !== true) return held
    const shape = axes.shape([held.size])
    return {
      ...held,
      name: writer.one('Expand', `${held.name}.rows`, [held.name, shape]),
      given: false,
    }
  }
  const tail = held.of === 'numbers' ? [held.size] : []
  const steps = stepwise(context, held)
  const name = writer.one('Expand', `${held.name}.steps`, [steps, axes.shape(tail, axis)])
  return { ...held, name, given: false, axis }
}

/** A value beside ones of an axis: one of the rows gets a dimension for the steps. */
export function stepwise({ writer }: Context, held: Held): string {
  if (held.axis !== undefined || held.given === true) return held.name
  return writer.one('Unsqueeze', `${held.name}.step`, [held.name, writer.ints([1])])
}

/** Values that are read together: the axis that they have, and names whose shapes broadcast. */
export function together(
  context: Context,
  inputs: readonly Held[],
): { readonly axis: string | undefined; readonly names: readonly string[] } {
  const axis = inputs.find((held) => held.axis !== undefined)?.axis
  if (axis === undefined) return { axis, names: inputs.map(({ name }) => name) }
  return { axis, names: inputs.map((held) => stepwise(context, held)) }
}

/** The declaration of a value that enters or leaves a graph. */
export function declared(context: Context, held: Held): ValueInfoProto {
  const type = held.of === 'ids' ? DataType.INT64 : DataType.FLOAT
  return tensorInfo(held.name, type, [context.axes.batch, ...dimensions(context, held)])
}
