import { isList, isRecord } from './brand.js'
import { mismatch, show, UnrolledError } from './errors.js'

/** The keys of options; of a union, the keys of each part. */
export type Names<T> = T extends unknown ? keyof T : never

/** Refuses options that are no object, are null, or have a key outside `known`; names the nearest known key. */
export function checkOptions(
  where: string,
  options: unknown,
  known: readonly string[],
  what = 'option',
): void {
  if (!isRecord(options)) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', where, `an object of ${what}s`, options)
  }
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw unknownName(where, what, key, known)
    if (what === 'option' && Object.getOwnPropertyDescriptor(options, key)?.value === null) {
      const expected = 'a value, or undefined for the default'
      throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} ${key}`, expected, null)
    }
  }
}

/** Makes the error for an unknown name. */
export function unknownName(
  where: string,
  what: string,
  name: string,
  known: readonly string[],
): UnrolledError {
  const near = sameName(name, known) ?? nearest(name, known)
  const hint = near === undefined ? `known: ${listed(known)}` : `did you mean ${near}?`
  return new UnrolledError(
    'ERR_UNROLLED_ARGUMENT',
    `${where}: unknown ${what} ${show(name)}; ${hint}`,
  )
}

/** The most names in a message. */
const MOST_LISTED = 20

function listed(names: readonly string[]): string {
  const more = names.length > MOST_LISTED ? [`and ${names.length - MOST_LISTED} more`] : []
  return [...names.slice(0, MOST_LISTED), ...more].join(', ') || 'none'
}

/** Refuses all but a whole number from `least` to `most`. */
export function checkCount(
  name: string,
  value: unknown,
  least = 1,
  most = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least || value > most) {
    const bounded = most < Number.MAX_SAFE_INTEGER ? `from ${least} to ${most}` : undefined
    const expected = `a whole number ${bounded ?? (least > 0 ? `of at least ${least}` : 'from 0')}`
    throw mismatch('ERR_UNROLLED_ARGUMENT', name, expected, value)
  }
  return value
}

/** Refuses all but a finite number from `least` to `most`. */
export function checkNumber(
  name: string,
  value: unknown,
  least = Number.NEGATIVE_INFINITY,
  most = Number.POSITIVE_INFINITY,
): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < least || value > most) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', name, range(least, most), value)
  }
  return value
}

/** The largest number of single precision. */
const LARGEST = 3.4028234663852886e38

/** Refuses all but a number that is finite in single precision too. */
export function checkSingle(name: string, value: unknown): number {
  return checkNumber(name, value, -LARGEST, LARGEST)
}

/** Refuses all but an array. */
export function checkList(name: string, value: unknown): readonly unknown[] {
  if (!isList(value)) throw mismatch('ERR_UNROLLED_ARGUMENT', name, 'an array', value)
  return value
}

/** Refuses all but a finite number above zero. */
export function checkPositive(name: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', name, 'a number above 0', value)
  }
  return value
}

/** Refuses all but `true` and `false`. */
export function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') {
    throw mismatch('ERR_UNROLLED_ARGUMENT', name, 'true or false', value)
  }
  return value
}

/** Refuses all but the core's form: one kind of some, by name, with an object of its settings. */
export function checkKind(
  name: string,
  value: unknown,
  known: readonly string[],
): [kind: string, settings: object] {
  const kinds = isRecord(value) ? Object.entries(value) : []
  const [[kind, settings] = []] = kinds
  if (kind === undefined || kinds.length > 1 || !isRecord(settings)) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', name, 'one kind with its settings', value)
  }
  if (!known.includes(kind)) throw unknownName(name, 'kind', kind, known)
  return [kind, settings]
}

/** Refuses all but some words. */
export function checkWord<W extends string>(name: string, value: unknown, words: readonly W[]): W {
  const word = words.find((candidate) => candidate === value)
  if (word === undefined) {
    const expected = words.map((candidate) => `'${candidate}'`).join(' or ')
    throw mismatch('ERR_UNROLLED_ARGUMENT', name, expected, value)
  }
  return word
}

function range(least: number, most: number): string {
  if (least === Number.NEGATIVE_INFINITY) return 'a finite number'
  if (most === Number.POSITIVE_INFINITY) return `a number of at least ${least}`
  return `a number from ${least} to ${most}`
}

/** The longest name that is compared: the comparison takes the product of the lengths. */
const LONGEST_COMPARED = 100

/** Names of other libraries, in small letters, and the names here. */
const SYNONYMS: ReadonlyMap<string, readonly string[]> = new Map([
  ['categoricalcrossentropy', ['crossEntropy']],
  ['sparsecategoricalcrossentropy', ['crossEntropy']],
  ['bce', ['binaryCrossEntropy']],
  ['mse', ['meanSquared']],
  ['mae', ['meanAbsolute']],
  ['acc', ['accuracy']],
  ['lr', ['learningRate']],
  ['decay', ['weightDecay']],
  ['rate', ['learningRate']],
  ['units', ['hiddenSize', 'size']],
  ['inputdim', ['inputSize', 'vocabularySize']],
  ['outputdim', ['size']],
  ['validationdata', ['validation']],
  ['trainable', ['frozen']],
  ['requiresgrad', ['frozen']],
])

/** Finds the known name that is another library's, or another spelling, of `name`. */
export function sameName(name: string, known: readonly string[]): string | undefined {
  if (name.length > LONGEST_COMPARED) return undefined
  const plain = name.toLowerCase().replaceAll('_', '')
  const spelled = known.find((it) => it.toLowerCase() === plain)
  return spelled ?? SYNONYMS.get(plain)?.find((it) => known.includes(it))
}

function nearest(name: string, known: readonly string[]): string | undefined {
  if (name.length > LONGEST_COMPARED) return undefined
  const scored = known.map((candidate) => ({ candidate, cost: editDistance(name, candidate) }))
  scored.sort((a, b) => a.cost - b.cost)
  const best = scored[0]
  return best !== undefined && best.cost <= Math.max(2, name.length / 2)
    ? best.candidate
    : undefined
}

/** Levenshtein's distance, regardless of letter case. */
function editDistance(from: string, to: string): number {
  const a = from.toLowerCase()
  const b = to.toLowerCase()
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
