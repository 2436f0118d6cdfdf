import { mismatch, type UnrolledError } from '../errors.js'

/** Refuses a name that a wire or a file could not carry. */
export function checkName(where: string, name: unknown): void {
  if (typeof name !== 'string' || name === '' || /[:\0\p{Surrogate}]/u.test(name)) {
    const expected = 'some text without ":", NUL and halves of surrogate pairs'
    throw mismatch('ERR_UNROLLED_GRAPH', `${where} name`, expected, name)
  }
}

/** Gives a layer's name in messages, its kind where it has none; checked before any message holds it. */
export function nameOf(kind: string, name: unknown): string {
  if (name === undefined) return kind
  checkName(kind, name)
  return String(name)
}

/** The error for a name that stands for something else already. */
export function taken(where: string, name: string): UnrolledError {
  return mismatch('ERR_UNROLLED_GRAPH', `${where} name`, 'a name that is free', name)
}
