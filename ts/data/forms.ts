import { mismatch } from '../errors.js'
import { type Port, shapeWords } from './kind.js'
import { nestedRows } from './nested.js'
import { packedRows } from './packed.js'
import type { Rows } from './rows.js'

/** Data of any documented form as rows; `name` is the argument's in messages. */
export function rowsOf(name: string, port: Port, data: unknown): Rows {
  if (data instanceof Int32Array && port.rows.kind === 'token') {
    return packedRows(name, port, { values: data, shape: [data.length] })
  }
  if (Array.isArray(data)) return nestedRows(name, port, data)
  if (
    typeof data === 'object' &&
    data !== null &&
    typeof Reflect.get(data, 'values') === 'object'
  ) {
    return packedRows(name, port, data)
  }
  const expected = `an array of rows or { values, shape } of ${shapeWords(port.rows)}`
  throw mismatch('ERR_UNROLLED_KIND', name, expected, data)
}
