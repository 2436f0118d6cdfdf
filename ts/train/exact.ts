import { isRecord } from '../brand.js'

/** A number that JSON has no word for. */
interface Exact {
  readonly f64: string
}

/** Writes JSON that keeps every number to the bit: NaN, infinities and -0 as `{ f64 }`. */
export function toExactJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown): unknown => {
    if (typeof item !== 'number' || (Number.isFinite(item) && !Object.is(item, -0))) return item
    return { f64: Object.is(item, -0) ? '-0' : String(item) } satisfies Exact
  })
}

/** Reads what {@link toExactJson} wrote; `undefined` for text that is no JSON. */
export function fromExactJson(text: string): unknown {
  try {
    return JSON.parse(text, (_, item: unknown): unknown => {
      const { f64 } = fieldsOf(item)
      return typeof f64 === 'string' ? Number(f64) : item
    })
  } catch {
    return undefined
  }
}

/** The fields of an object; none of anything else. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? (value as Readonly<Record<string, unknown>>) : {}
}
