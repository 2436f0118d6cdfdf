import { mismatch } from '../errors.js'
import { checkList } from '../options.js'
import { type Shape, shapeOf } from './check.js'
import { type Children, childrenIn } from './walk.js'

/** A tree whose lists were checked. */
export interface Lists extends Shape {
  readonly children: Children
  readonly labels: readonly (string | undefined)[]
  readonly words: readonly (string | undefined)[]
  readonly relations: readonly (string | undefined)[]
}

/** Reads a tree with its labels, its words, and the relations that only a dependency tree has. */
export function listsOf(where: string, tree: object): Lists {
  const shape = shapeOf(where, tree)
  const list = (name: string): readonly (string | undefined)[] => {
    const given: unknown = Reflect.get(tree, name)
    return name === 'relations' && given === undefined
      ? []
      : textsOf(`${where} ${name}`, shape, given)
  }
  return {
    ...shape,
    children: childrenIn(where, shape),
    labels: list('labels'),
    words: list('words'),
    relations: list('relations'),
  }
}

function textsOf(where: string, { parents }: Shape, given: unknown) {
  const list = checkList(where, given)
  if (list.length !== parents.length) {
    throw mismatch('ERR_UNROLLED_SHAPE', where, `one for each of ${parents.length} nodes`, list)
  }
  for (const [node, text] of list.entries()) {
    if (text === undefined || typeof text === 'string') continue
    throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} of node ${node}`, 'a text or undefined', text)
  }
  return list as readonly (string | undefined)[]
}
