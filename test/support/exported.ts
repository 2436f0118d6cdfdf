import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { InferenceSession, Tensor } from 'onnxruntime-node'
import { type GraphJson, graph, type Model, type Sequence, type Vector } from 'unrolled'
import { exportOnnx, importOnnx } from 'unrolled/onnx'
import { expect } from 'vitest'

type Kind = Extract<
  Exclude<GraphJson['nodes'][number]['op'], string>,
  { readonly input: unknown }
>['input']
type Runtime = typeof import('onnxruntime-node')

/** ONNX Runtime; nothing where its binary was not installed. */
export const runtime: Runtime | undefined = await import('onnxruntime-node').catch(() => undefined)

/** Steps of each row, of each axis. */
export type Lengths = Readonly<Record<string, readonly number[]>>

/** A folder to keep the files in, for `tools/check_onnx.py`. */
const { UNROLLED_ONNX_FILES: folder } = process.env
let files = 0

export function kept(bytes: Uint8Array): Uint8Array {
  if (folder === undefined) return bytes
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${process.pid}-${files++}.onnx`), bytes)
  return bytes
}

/** Numbers without an order, between -1 and 1. */
function drawn(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (2 * state) / 2 ** 32 - 1
  }
}

/** Sets every parameter to numbers that are not 0. */
export function shuffled<M extends Pick<Model, 'parameters' | 'setParameters'>>(model: M): M {
  const next = drawn(3)
  const all = Object.entries(model.parameters()).map(([name, { values }]) => [
    name,
    values.map(() => 0.7 * next()),
  ])
  model.setParameters(Object.fromEntries(all))
  return model
}

/** An input: rows for `predict`, and a padded tensor whose padding holds other numbers. */
function fed(
  { Tensor }: Runtime,
  kind: Kind,
  lengths: Lengths,
  rows: number,
  next: () => number,
): { readonly rows: unknown; readonly tensor: Tensor } {
  const [settings] = Object.values(kind) as { axis?: string; size?: number; vocabulary?: number }[]
  const { axis, size = 1, vocabulary } = settings ?? {}
  const own = axis === undefined ? undefined : (lengths[axis] ?? [])
  const time = own === undefined ? 1 : Math.max(...own)
  const one = () =>
    vocabulary === undefined ? next() : Math.floor(((next() + 1) / 2) * vocabulary)
  const step = () => (vocabulary === undefined ? Array.from({ length: size }, one) : one())
  const nested = Array.from({ length: rows }, (_, row) =>
    own === undefined ? step() : Array.from({ length: own[row] ?? 0 }, step),
  )
  const flat = nested.flatMap((row, n) => {
    if (own === undefined) return row
    const missing = Array.from({ length: (time - (own[n] ?? 0)) * size }, () =>
      vocabulary === undefined ? 7.5 : vocabulary - 1,
    )
    return [...(row as (number | number[])[]).flat(), ...missing]
  }) as number[]
  const dims = [
    rows,
    ...(own === undefined ? [] : [time]),
    ...(vocabulary === undefined ? [size] : []),
  ]
  const tensor =
    vocabulary === undefined
      ? new Tensor('float32', Float32Array.from(flat), dims)
      : new Tensor('int64', BigInt64Array.from(flat.map(BigInt)), dims)
  return { rows: nested, tensor }
}

/** Runs an exported file. */
export async function run(
  { InferenceSession }: Runtime,
  bytes: Uint8Array,
  feeds: Record<string, Tensor>,
): Promise<InferenceSession.OnnxValueMapType> {
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 } as const
  const session = await InferenceSession.create(bytes, options)
  try {
    return await session.run(feeds)
  } finally {
    await session.release()
  }
}

type Results = Readonly<Record<string, { values: Float32Array; shape: readonly number[] }>>

/** How a file is read back: by an error with a text, or with some outputs alone. */
export interface Back {
  readonly unread?: string | undefined
  readonly outputs?: readonly string[] | undefined
}

/** Holds the outputs of a model that is read back to those of the model that was written. */
async function expectBack(
  bytes: Uint8Array,
  x: Readonly<Record<string, unknown>>,
  expected: Results,
  { unread, outputs = [] }: Back,
): Promise<void> {
  if (unread !== undefined) {
    const named = expect.objectContaining({ code: 'ERR_UNROLLED_GRAPH' })
    await expect(importOnnx(bytes)).rejects.toThrow(unread)
    await expect(importOnnx(bytes)).rejects.toEqual(named)
    return
  }
  const { model } = await importOnnx(bytes, { outputs })
  const inputs = new Set(model.graph.nodes.map(({ name }) => name))
  const fed = Object.entries(x).filter(([name]) => inputs.has(name))
  const found = (await model.predict(Object.fromEntries(fed) as never)) as unknown as Results
  for (const name of outputs) {
    const [ours, theirs] = [expected[name]?.values ?? [], found[name]?.values ?? []]
    expect(differs(ours, theirs), `${name}, read back`).toBeLessThan(1e-6)
  }
}

/**
 * Holds the outputs of an exported model, with other weights than zeros, in ONNX Runtime to those of `predict`, to 1e-5; and
 * those of the model that the file is read back as.
 */
export async function expectSame(
  made: Pick<Model, 'graph'>,
  lengths: Lengths,
  back: Back = {},
): Promise<void> {
  if (runtime === undefined) return
  const rows = Object.values(lengths)[0]?.length ?? 3
  const model = shuffled(made as Model)
  const next = drawn(7)
  const ragged = Object.values(lengths).some((own) => new Set(own).size > 1)
  const x: Record<string, unknown> = {}
  const feeds: Record<string, Tensor> = {}
  for (const { name, op } of model.graph.nodes) {
    if (typeof op === 'string' || !('input' in op)) continue
    const { rows: given, tensor } = fed(runtime, op.input, lengths, rows, next)
    x[name] = given
    feeds[name] = tensor
  }
  for (const [axis, own] of Object.entries(ragged ? lengths : {})) {
    feeds[`lengths_${axis}`] = new runtime.Tensor('int32', Int32Array.from(own), [rows])
  }
  const bytes = kept(exportOnnx(model, { lengths: ragged }))
  const found = await run(runtime, bytes, feeds)
  const expected = (await model.predict(x as never)) as unknown as Results
  for (const { name } of model.graph.outputs) {
    const { [name]: tensor } = found
    const { [name]: result } = expected
    expect(tensor?.dims, name).toEqual(result?.shape)
    expect(differs(tensor?.data as Float32Array, result?.values ?? []), name).toBeLessThan(1e-5)
  }
  const outputs = model.graph.outputs.map(({ name }) => name)
  await expectBack(bytes, x, expected, { outputs, ...back })
}

/** The largest difference, infinite where one is no number. */
export function differs(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = a.length === b.length && a.length > 0 ? 0 : Number.POSITIVE_INFINITY
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs((a[i] ?? Number.NaN) - (b[i] ?? Number.NaN))
    most =
      difference <= most ? most : Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference
  }
  return most
}

/** Outputs of a sequence and a vector. */
export type Build = (x: Sequence<3>, v: Vector<3>) => Readonly<Record<string, unknown>>

/** A model of a sequence and a vector. */
export function modelOf(build: Build): Model {
  const inputs = { x: { sequence: { size: 3 } }, v: { vector: { size: 3 } } } as const
  return graph(inputs, ({ x, v }) => build(x, v) as never) as Model
}

/** The results of a layer: steps, states, and what it shows of each step. */
export function resultsOf({
  output,
  state,
  trace,
}: {
  readonly output: object
  readonly state: object
  readonly trace?: unknown
}): Readonly<Record<string, unknown>> {
  const named = (values: unknown, end: string) =>
    Object.entries(values ?? {}).map(([name, value]) => [`${name}${end}`, value])
  return { output, ...Object.fromEntries([...named(state, 'Last'), ...named(trace, 'Steps')]) }
}
