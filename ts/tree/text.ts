import { Described, mismatch, type UnrolledError } from '../errors.js'

/** Refuses all but text. */
export function checkText(where: string, text: unknown): string {
  if (typeof text !== 'string') throw mismatch('ERR_UNROLLED_ARGUMENT', where, 'a text', text)
  return text
}

/** The offset of a text's first character behind a mark of the byte order. */
export function startOf(text: string): 0 | 1 {
  return text.charCodeAt(0) === 0xfeff ? 1 : 0
}

/** Tells if a character of this code parts words: those of ASCII, since words may hold other spaces. */
export function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13)
}

/** The error for a place in a text. */
export function misread(
  where: string,
  text: string,
  at: number,
  expected: string,
  received: unknown,
): UnrolledError {
  const place = `${where} ${placeOf(text, at)}`
  return mismatch('ERR_UNROLLED_FORMAT', place, expected, received)
}

/** The end of a text as a value of a message. */
export const END_OF_TEXT = new Described('the end of the text')

/** Line and column of an offset, both from 1; lines end in LF, CR LF or CR, columns count characters. */
export function placeOf(text: string, at: number): string {
  const lines = text.slice(startOf(text), at).split(/\r\n|\n|\r/)
  const column = [...(lines.at(-1) ?? '')].length + 1
  return `line ${lines.length}, column ${column}`
}
