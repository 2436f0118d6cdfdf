import { isList } from '../brand.js'
import { mismatch } from '../errors.js'
import { unknownName } from '../options.js'

/** Finds the parameters that a run leaves as they are, by their names or by those of their layers. */
export function resolveFrozen(frozen: unknown, parameters: readonly string[]): readonly string[] {
  if (!isList(frozen)) return parametersOf('fit frozen', frozen, parameters)
  const found = Array.from(frozen, (name, i) => parametersOf(`fit frozen[${i}]`, name, parameters))
  return [...new Set(found.flat())]
}

/** The parameters that a name stands for. */
function parametersOf(
  where: string,
  name: unknown,
  parameters: readonly string[],
): readonly string[] {
  if (typeof name !== 'string') {
    throw mismatch('ERR_UNROLLED_ARGUMENT', where, 'the name of a parameter or layer', name)
  }
  const found = parameters.filter((it) => it === name || layersOf(it).includes(name))
  if (found.length > 0) return found
  const known = new Set([...parameters.flatMap(layersOf), ...parameters])
  throw unknownName(where, 'parameter or layer', name, [...known])
}

/** The names of the layers around a parameter: its own up to a "." or "/", from the outermost. */
function layersOf(parameter: string): string[] {
  return Array.from(parameter.matchAll(/[./]/g), ({ index }) => parameter.slice(0, index))
}
