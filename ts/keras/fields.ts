import { excess, fault, shown } from './fault.js'

/** The most bytes of a configuration. */
const MOST_TEXT = 2 ** 22

/** Reads JSON of a file; its objects are read by {@link Fields} alone. */
export function parseJson(where: string, given: string | Uint8Array): unknown {
  if (given.length > MOST_TEXT) {
    const expected = `at most ${MOST_TEXT} bytes of JSON`
    throw excess(where, expected, `${given.length}`)
  }
  try {
    return JSON.parse(typeof given === 'string' ? given : new TextDecoder().decode(given))
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

  /** Makes an object of the same keys with another value for one. */
  with(key: string, value: unknown): Fields {
    return new Fields(this.where, { ...this.#values, [key]: value })
  }

  /** Gives the object itself. */
  plain(): object {
    return this.#values
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
