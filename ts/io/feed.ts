import { Described, mismatch, UnrolledError } from '../errors.js'
import type { NativeTensor } from '../native/contract.js'
import { checkOptions, unknownName } from '../options.js'
import type { Port } from './kind.js'
import { type Rows, rowsOf } from './rows.js'

/** One batch, ready for the core. */
export interface Batch {
  readonly inputs: NativeTensor[]
  readonly targets: NativeTensor[]
}

/** The inputs that a model takes and the targets that its losses take. */
export interface Ports {
  readonly inputs: readonly Port[]
  readonly targets: readonly Port[]
}

/** Data for each port: by name, or, for a single port, as it is. */
export function rowsByPort(argument: string, ports: readonly Port[], data: unknown): Rows[] {
  const named = byName(argument, ports, data)
  const rows = ports.map((port) => {
    const part = named === undefined ? data : named[port.name]
    const where = named === undefined ? argument : `${argument}.${port.name}`
    if (part === undefined) {
      throw mismatch('ERR_UNROLLED_ARGUMENT', where, 'data', part)
    }
    return rowsOf(where, port, part)
  })
  for (const [index, { count }] of rows.entries()) {
    checkCount(`${argument}.${ports[index]?.name}`, count, rows[0]?.count ?? 0, ports[0]?.name)
  }
  return rows
}

/** Examples as rows of every input and target, all of one count. */
export class ExampleRows {
  readonly #inputs: readonly Rows[]
  readonly #targets: readonly Rows[]

  constructor(argument: string, ports: Ports, data: unknown) {
    checkOptions(argument, data, ['x', 'y'])
    const { x, y } = data as { x?: unknown; y?: unknown }
    this.#inputs = rowsByPort(`${argument} x`, ports.inputs, x)
    this.#targets = rowsByPort(`${argument} y`, ports.targets, y)
    checkCount(`${argument} y`, this.#targets[0]?.count ?? this.count, this.count, 'x')
  }

  get count(): number {
    return this.#inputs[0]?.count ?? 0
  }

  /** The chosen rows as a batch. */
  batch(rows: ArrayLike<number>): Batch {
    return {
      inputs: this.#inputs.map((input) => input.gather(rows)),
      targets: this.#targets.map((target) => target.gather(rows)),
    }
  }

  /** All rows as one batch. */
  whole(): Batch {
    return {
      inputs: this.#inputs.map((input) => input.all()),
      targets: this.#targets.map((target) => target.all()),
    }
  }
}

function byName(
  argument: string,
  ports: readonly Port[],
  data: unknown,
): Readonly<Record<string, unknown>> | undefined {
  const plain = typeof data === 'object' && data !== null && !Array.isArray(data)
  if (!plain || ArrayBuffer.isView(data) || 'values' in data) {
    if (ports.length === 1) return undefined
    const names = ports.map((port) => port.name).join(', ')
    throw mismatch('ERR_UNROLLED_ARGUMENT', argument, `data by name (${names})`, data)
  }
  const known = ports.map((port) => port.name)
  for (const name of Object.keys(data)) {
    if (!known.includes(name)) throw unknownName(argument, 'name', name, known)
  }
  return Object.fromEntries(Object.entries(data))
}

function checkCount(where: string, count: number, expected: number, of: string | undefined): void {
  if (count === expected) return
  const received = new Described(String(count))
  throw mismatch('ERR_UNROLLED_SHAPE', where, `${expected} rows as in ${of}`, received)
}

/** The error for data without a single row or batch. */
export function emptyData(argument: string): UnrolledError {
  return new UnrolledError('ERR_UNROLLED_VALUE', `${argument}: expected data, received none`)
}
