import { isList, isRecord } from '../brand.js'
import { Described, mismatch, show } from '../errors.js'

/** Values of JSON that a user keeps with a model, by name, such as a vocabulary. */
export type Metadata = Readonly<Record<string, unknown>>

/** The most lists and records within each other. */
const DEEPEST = 100

/**
 * Writes metadata as JSON.
 *
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a value that JSON would lose or change, naming its place; -0
 * becomes 0.
 */
export function metadataText(where: string, metadata: unknown): string | undefined {
  if (metadata === undefined) return undefined
  if (!isRecord(metadata)) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', where, 'an object of values of JSON', metadata)
  }
  return JSON.stringify(plain(where, metadata, []))
}

/** Copies a value of JSON that is within others: getters and `toJSON` of a caller's run once, here. */
function plain(where: string, value: unknown, around: readonly unknown[]): unknown {
  if (around.includes(value)) {
    const received = new Described('an object or array that it is within')
    throw mismatch('ERR_UNROLLED_ARGUMENT', where, 'a value of JSON', received)
  }
  if (around.length > DEEPEST) {
    const expected = `at most ${DEEPEST} lists and records within each other`
    throw mismatch('ERR_UNROLLED_ARGUMENT', where, expected, value)
  }
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  const within = [...around, value]
  if (isList(value)) return Array.from(value, (it, i) => plain(`${where}[${i}]`, it, within))
  if (isRecord(value)) {
    const entries = Object.entries(value).filter(([, it]) => it !== undefined)
    const copies = entries.map(([key, it]) => [key, plain(`${where} ${show(key)}`, it, within)])
    // Without a prototype, whose `toJSON` could be anybody's.
    return Object.assign(Object.create(null), Object.fromEntries(copies))
  }
  throw mismatch('ERR_UNROLLED_ARGUMENT', where, 'a value of JSON', value)
}

/** Reads the metadata of a file: an object without a prototype, so that every name is a name. */
export function metadataOf(text: string | undefined | null): Metadata {
  return Object.freeze(Object.assign(Object.create(null), parsed(text ?? '{}')))
}

function parsed(text: string): unknown {
  try {
    const read: unknown = JSON.parse(text)
    if (isRecord(read)) return read
  } catch {
    // No JSON at all: refused alike.
  }
  throw mismatch('ERR_UNROLLED_FORMAT', 'file', 'an object as JSON in its metadata', text)
}
