import { fault, shown } from './fault.js'

/** The most characters of a configuration. */
const MOST_TEXT = 2 ** 24

/** Reads JSON of a file; its objects are read by {@link Fields} alone. */
export function parseJson(where: string, text: string): unknown {
  if (text.length > MOST_TEXT) {
    throw fault(
      where,
      `at most ${MOST_TEXT} characters`,
      `${text.length}`,
      undefined,
      'ERR_UNROLLED_SIZE',
    )
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    throw fault(where, 'JSON', 'other text', 'the file is damaged or foreign', undefined, error)
  }
}

/** An object of JSON, key by key: keys of its own alone, each of the kind that is asked for. */
export class Fields {
  readonly where: string
  readonly #values: object

  constructor(where: string, values: unknown) {
    if (typeof values !== 'object' || values === null || Array.isArray(values)) {
      throw fault(where, 'an object', shown(values))
    }
    this.where = where
    this.#values = values
  }

  /** Gives a value of any kind; `undefined` without one, and for null. */
  get(key: string): unknown {
    const value: unknown = Object.getOwnPropertyDescriptor(this.#values, key)?.value
    return value ?? undefined
  }

  keys(): readonly string[] {
    return Object.keys(this.#values)
  }

  text(key: string, fallback?: string): string {
    const value = this.get(key) ?? fallback
    if (typeof value === 'string') return value
    throw fault(`${this.where} ${key}`, 'some text', shown(value))
  }

  flag(key: string, fallback = false): boolean {
    const value = this.get(key) ?? fallback
    if (typeof value === 'boolean') return value
    throw fault(`${this.where} ${key}`, 'true or false', shown(value))
  }

  number(key: string, fallback?: number): number {
    const value = this.get(key) ?? fallback
    if (typeof value === 'number' && Number.isFinite(value)) return value
    throw fault(`${this.where} ${key}`, 'a number', shown(value))
  }

  count(key: string): number {
    const value = this.number(key)
    if (Number.isSafeInteger(value) && value > 0) return value
    throw fault(`${this.where} ${key}`, 'a whole number of at least 1', shown(value))
  }

  list(key: string): readonly unknown[] {
    const value = this.get(key)
    if (Array.isArray(value)) return value
    throw fault(`${this.where} ${key}`, 'a list', shown(value))
  }

  fields(key: string): Fields {
    return new Fields(`${this.where} ${key}`, this.get(key))
  }
}
