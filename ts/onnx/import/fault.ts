import type { UnrolledError } from '../../index.js'
import { malformed as damaged, mismatch } from '../../io/options.js'

/** The function that all messages name. */
export const WHERE = 'importOnnx'

/** A mistake of a node's own: the walk over the graph adds the node's name and operator. */
export class NodeFault extends Error {
  constructor(
    readonly expected: string,
    readonly received: string,
  ) {
    super(`expected ${expected}, received ${received}`)
  }
}

/** The error for a file that the import cannot take. */
export function refused(where: string, expected: string, received: string): UnrolledError {
  return mismatch(placed(where), expected, received, { code: 'ERR_UNROLLED_GRAPH' })
}

/** The error for bytes that contradict themselves. */
export function malformed(where: string, expected: string, received: string): UnrolledError {
  return damaged(placed(where), expected, received)
}

function placed(where: string): string {
  return where === '' ? WHERE : `${WHERE}: ${where}`
}

/** Quotes a name; a long one is cut. */
export function quoted(name: string): string {
  return JSON.stringify(name.length <= 200 ? name : `${name.slice(0, 200)}…`)
}
