import { isFloats, isInts, isList, isObject, lengthOf } from '../brand.js'
import { Described, mismatch } from '../errors.js'
import { type Port, widthOf } from './kind.js'

/** The forests of an axis in data: what a value port gives, and what the port of the parents does. */
export interface Forests {
  /** Tells if a port's values are those of nodes. */
  has(port: Port): boolean
  /** The values of a port's nodes, row by row. */
  values(where: string, port: Port, data: unknown): readonly unknown[]
  /** The parents of the nodes of a port's axis, row by row. */
  parents(port: Port): readonly unknown[]
}

/**
 * Reads rows `{ parents, values }` apart. The first value port of an axis gives the parents; a further one
 * may give plain rows of values for the same nodes.
 */
export function forestsOf(ports: readonly Port[]): Forests {
  const axes = new Set(ports.filter(({ parents }) => parents === true).map(({ axis }) => axis))
  const known = new Map<string, readonly unknown[]>()
  return {
    has: ({ axis, parents }) => axes.has(axis) && parents !== true,
    values(where, port, data) {
      if (!isList(data)) throw mismatch('ERR_UNROLLED_KIND', where, TREES, data)
      const axis = port.axis ?? ''
      const first = !known.has(axis)
      const rows = Array.from(data, (row, i) => rowOf(`${where}[${i}]`, port, row, first))
      if (!first) checkSame(where, known.get(axis) ?? [], rows)
      if (first) {
        known.set(
          axis,
          rows.map(({ parents }) => parents),
        )
      }
      return rows.map(({ values }) => values)
    },
    parents: ({ axis = '' }) => known.get(axis) ?? [],
  }
}

const TREES = 'an array of trees { parents, values }'

function rowOf(where: string, port: Port, row: unknown, first: boolean) {
  const plain = isList(row) || isInts(row) || isFloats(row)
  if (plain && !first) return { parents: undefined, values: row as unknown }
  if (plain || !isObject(row)) {
    throw mismatch('ERR_UNROLLED_KIND', where, 'a tree { parents, values }', row)
  }
  const { parents, values } = row as { parents?: unknown; values?: unknown }
  if (!isList(parents) && !isInts(parents)) {
    throw mismatch('ERR_UNROLLED_KIND', `${where}.parents`, 'an array of parents', parents)
  }
  const nodes = isInts(parents) ? lengthOf(parents) : parents.length
  const count = countOf(port, values)
  if (count !== undefined && count !== nodes) {
    const received = new Described(`${count}`)
    throw mismatch('ERR_UNROLLED_SHAPE', `${where}.values`, `values of ${nodes} nodes`, received)
  }
  return { parents: parents as unknown, values }
}

/** The number of nodes that values are of; unknown for what is no array. */
function countOf({ rows }: Port, values: unknown): number | undefined {
  if (isList(values)) return values.length
  if (isInts(values)) return lengthOf(values)
  return isFloats(values) ? lengthOf(values) / widthOf(rows) : undefined
}

/** Refuses other parents than those of the first value of the axis. */
function checkSame(
  where: string,
  known: readonly unknown[],
  rows: readonly { readonly parents: unknown }[],
): void {
  for (const [row, { parents }] of rows.entries()) {
    if (parents === undefined) continue
    const [own, first] = [parents, known[row]].map((list) => Array.from(list as ArrayLike<number>))
    if (own?.length === first?.length && own?.every((parent, node) => parent === first?.[node])) {
      continue
    }
    const received = new Described('others')
    const expected = 'the parents of the first input of these trees'
    throw mismatch('ERR_UNROLLED_SHAPE', `${where}[${row}].parents`, expected, received)
  }
}
