import { UnrolledError } from '../../index.js'
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

/** Codes of refusals that are no fault of a file's graph. */
const KEPT: readonly string[] = [
  'ERR_UNROLLED_SIZE',
  'ERR_UNROLLED_NON_FINITE',
  'ERR_UNROLLED_INTERNAL',
]

/** Makes a refusal of this library's layers, which a file has set, one of the file; other errors stay. */
export function ofFile(where: string, error: unknown): unknown {
  if (!(error instanceof UnrolledError) || error.message.startsWith(WHERE)) return error
  const code = KEPT.includes(error.code) ? error.code : 'ERR_UNROLLED_GRAPH'
  return new UnrolledError(code, `${where}: ${error.message}`, { cause: error })
}

/** Quotes a name; a long one is cut. */
export function quoted(name: string): string {
  return JSON.stringify(name.length <= 200 ? name : `${name.slice(0, 200)}…`)
}
