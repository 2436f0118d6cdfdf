import { isFloats, isInts, isList, isObject, isRecord, lengthOf } from '../brand.js'
import { Described, mismatch, type UnrolledError } from '../errors.js'
import type { NativeBatch, NativeTensor } from '../native/contract.js'
import { checkOptions, unknownName } from '../options.js'
import { EXAMPLES_KEYS } from './data.js'
import { isTimed, type Port, shapeWords } from './kind.js'
import { nestedRows } from './nested.js'
import { packedRows } from './packed.js'
import type { Rows } from './rows.js'
import { forestsOf } from './trees.js'

/** The inputs that a model takes and the targets that its losses take. */
export interface Ports {
  readonly inputs: readonly Port[]
  readonly targets: readonly Port[]
}

/** Converts data of any documented form to rows; `name` is the argument's name in messages. */
export function rowsOf(name: string, port: Port, data: unknown): Rows {
  if (isInts(data) && port.rows.kind === 'token') {
    return packedRows(name, port, { values: data, shape: [lengthOf(data)] })
  }
  if (isFloats(data) && port.rows.kind === 'weight') {
    return packedRows(name, port, { values: data, shape: [lengthOf(data)] })
  }
  if (isList(data)) return nestedRows(name, port, data)
  if (isObject(data) && typeof Reflect.get(data, 'values') === 'object') {
    return packedRows(name, port, data)
  }
  const expected = `an array of rows or { values, shape } of ${shapeWords(port.rows)}`
  throw mismatch('ERR_UNROLLED_KIND', name, expected, data)
}

/** Converts the data for each port: by name, or, for a single port, without it. */
export function rowsByPort(argument: string, ports: readonly Port[], data: unknown): Rows[] {
  const given = ports.filter(({ parents }) => parents !== true)
  const named = byName(argument, given, data)
  const forests = forestsOf(ports)
  const rowsFor = (port: Port): Rows => {
    const part = named === undefined ? data : named[port.name]
    const where = named === undefined ? argument : `${argument}.${port.name}`
    if (part === undefined) {
      throw mismatch('ERR_UNROLLED_ARGUMENT', where, 'data', part)
    }
    return rowsOf(where, port, forests.has(port) ? forests.values(where, port, part) : part)
  }
  const values = new Map(given.map((port) => [port, rowsFor(port)]))
  const rows = ports.map(
    (port) => values.get(port) ?? rowsOf(`${argument} parents`, port, forests.parents(port)),
  )
  for (const [index, { count }] of rows.entries()) {
    checkCount(`${argument}.${ports[index]?.name}`, count, rows[0]?.count ?? 0, ports[0]?.name)
  }
  return rows
}

/** The targets of one output, with weights if they do not all count alike. */
interface TargetRows {
  readonly targets: Rows
  readonly weights: Rows | undefined
}

/** Rows of every input and target of some examples. */
export class ExampleRows {
  readonly #inputs: readonly Rows[]
  readonly #targets: readonly TargetRows[]

  constructor(argument: string, ports: Ports, data: unknown) {
    if (!isRecord(data)) throw mismatch('ERR_UNROLLED_ARGUMENT', argument, '{ x, y }', data)
    checkOptions(argument, data, EXAMPLES_KEYS)
    const { x, y, weights } = data as { x?: unknown; y?: unknown; weights?: unknown }
    const inputs = rowsByPort(`${argument} x`, ports.inputs, x)
    const count = inputs[0]?.count ?? 0
    const axes = timeAxes(ports.inputs, inputs)
    const weighted = weightsByPort(`${argument} weights`, ports.targets, weights).map((rows) => {
      if (rows !== undefined) checkCount(`${argument} weights`, rows.count, count, 'x')
      return rows
    })
    const counted = ports.targets.map((port, index) => countedPort(port, weighted[index]))
    const targets = rowsByPort(`${argument} y`, counted, y)
    checkCount(`${argument} y`, targets[0]?.count ?? count, count, 'x')
    this.#inputs = alongAxes(`${argument} x`, ports.inputs, inputs, axes)
    const cut = alongAxes(`${argument} y`, ports.targets, targets, axes)
    const cutWeights = alongAxes(`${argument} weights`, ports.targets, weighted, axes)
    this.#targets = cut.map((targets, index) => ({ targets, weights: cutWeights[index] }))
  }

  get count(): number {
    return this.#inputs[0]?.count ?? 0
  }

  /** Makes a batch of the chosen rows. */
  batch(rows: ArrayLike<number>): NativeBatch {
    return {
      inputs: this.#inputs.map((input) => input.gather(rows)),
      targets: this.#targets.map(({ targets, weights }) =>
        weighted(targets.gather(rows), weights?.gather(rows)),
      ),
    }
  }

  /** Finds the first item of the chosen rows that the core refuses: of the inputs, then of the targets. */
  fault(rows: ArrayLike<number>): UnrolledError | undefined {
    const parts = this.#targets.flatMap(({ targets, weights }) => [weights, targets])
    for (const part of [...this.#inputs, ...parts]) {
      const fault = part?.fault(rows)
      if (fault !== undefined) return fault
    }
    return undefined
  }

  /** Makes one batch of all rows. */
  whole(): NativeBatch {
    return {
      inputs: this.#inputs.map((input) => input.all()),
      targets: this.#targets.map(({ targets, weights }) => weighted(targets.all(), weights?.all())),
    }
  }
}

/** Converts the weights of the targets that have any. */
function weightsByPort(
  argument: string,
  ports: readonly Port[],
  data: unknown,
): (Rows | undefined)[] {
  if (data === undefined) return ports.map(() => undefined)
  const named = byName(argument, ports, data)
  return ports.map(({ name, rows, axis }) => {
    const part = named === undefined ? data : named[name]
    if (part === undefined) return undefined
    const where = named === undefined ? argument : `${argument}.${name}`
    return rowsOf(where, { name, rows: { kind: isTimed(rows) ? 'weights' : 'weight' }, axis }, part)
  })
}

/** Leaves out of a port's checks the items of weight 0. */
function countedPort(port: Port, weights: Rows | undefined): Port {
  if (weights === undefined) return port
  return { ...port, counts: (row, step) => weights.at(row, step) !== 0 }
}

function weighted(targets: NativeTensor, weights: NativeTensor | undefined): NativeTensor {
  return weights?.values === undefined ? targets : { ...targets, weights: weights.values }
}

/** For each axis, the rows that fix the lengths, and their name. */
type Axes = ReadonlyMap<string, { readonly name: string; readonly rows: Rows }>

/** Finds an input for each axis; an input with lengths if there is one. */
function timeAxes(ports: readonly Port[], inputs: readonly Rows[]): Axes {
  const axes = new Map<string, { name: string; rows: Rows }>()
  for (const [index, { name, axis }] of ports.entries()) {
    const rows = inputs[index]
    if (axis === undefined || rows === undefined) continue
    const known = axes.get(axis)
    if (known === undefined || (rows.ragged && !known.rows.ragged)) axes.set(axis, { name, rows })
  }
  return axes
}

/** Gives rows the lengths of their axis; refuses rows with other lengths. */
function alongAxes<R extends Rows | undefined>(
  argument: string,
  ports: readonly Port[],
  rows: readonly R[],
  axes: Axes,
): (Rows | R)[] {
  return rows.map((own, index) => {
    const { name, axis } = ports[index] ?? {}
    const leading = axis === undefined ? undefined : axes.get(axis)
    if (own === undefined || leading === undefined || leading.rows === own) return own
    const cut = own.along(leading.rows)
    const at = cut.lengths.findIndex((length, row) => length !== leading.rows.lengths[row])
    if (at < 0) return cut
    const expected = `${leading.rows.lengths[at]} steps as in ${leading.name}`
    const received = new Described(String(cut.lengths[at]))
    throw mismatch('ERR_UNROLLED_SHAPE', `${argument}.${name}[${at}]`, expected, received)
  })
}

function byName(
  argument: string,
  ports: readonly Port[],
  data: unknown,
): Readonly<Record<string, unknown>> | undefined {
  if (!isRecord(data) || 'values' in data) {
    if (ports.length === 1) return undefined
    const names = ports.map((port) => port.name).join(', ')
    throw mismatch('ERR_UNROLLED_ARGUMENT', argument, `data by name (${names})`, data)
  }
  const known = ports.map((port) => port.name)
  if ('shape' in data && !known.includes('shape')) {
    const expected = 'flat data as { values, shape }'
    const received = new Described(`{ ${Object.keys(data).slice(0, 5).join(', ')} }`)
    throw mismatch('ERR_UNROLLED_ARGUMENT', argument, expected, received)
  }
  for (const name of Object.keys(data)) {
    if (!known.includes(name)) throw unknownName(argument, 'name', name, known)
  }
  // Without a prototype, a port named `constructor` finds no data that were not given.
  const own: Record<string, unknown> = Object.create(null)
  return Object.assign(own, data)
}

function checkCount(where: string, count: number, expected: number, of: string | undefined): void {
  if (count === expected) return
  const received = new Described(String(count))
  throw mismatch('ERR_UNROLLED_SHAPE', where, `${expected} rows as in ${of}`, received)
}

/** Makes the error for data without a row or batch. */
export function emptyData(argument: string): UnrolledError {
  return mismatch('ERR_UNROLLED_VALUE', argument, 'data', new Described('none'))
}
