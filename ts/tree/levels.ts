import { reserve } from '../native/memory.js'

/** The distances of nodes from their roots. */
export interface Levels {
  /** By node: the edges up to its root; without sense where nodes form a cycle. */
  readonly levels: Int32Array
  /** A node that hangs on itself, at once or by others. */
  readonly turn: number | undefined
}

/** Levels of nodes that were not reached, and of those on the way that is climbed. */
const UNKNOWN = -2
const CLIMBED = -1

/** Measures how far below its root each node is; every parent is a node, or -1 of a root. */
export function levelsOf(where: string, parents: Int32Array): Levels {
  const levels = reserve(where, parents.length, () => new Int32Array(parents.length)).fill(UNKNOWN)
  for (let node = 0; node < parents.length; node++) {
    const turn = levels[node] === UNKNOWN ? climb(parents, levels, node) : undefined
    if (turn !== undefined) return { levels, turn }
  }
  return { levels, turn: undefined }
}

/** Climbs to a node whose level is known and fills in those on the way; gives a node of a cycle. */
function climb(parents: Int32Array, levels: Int32Array, start: number): number | undefined {
  let node = start
  let steps = 0
  while (node !== -1 && levels[node] === UNKNOWN) {
    levels[node] = CLIMBED
    steps++
    node = parents[node] ?? -1
  }
  const top = node === -1 ? -1 : (levels[node] ?? -1)
  if (node !== -1 && top === CLIMBED) return node
  for (node = start; steps > 0; steps--) {
    levels[node] = top + steps
    node = parents[node] ?? -1
  }
  return undefined
}
