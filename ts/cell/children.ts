import { isFunction } from '../brand.js'
import { mismatch } from '../errors.js'
import { isValue, type Scope } from '../graph/scope.js'
import { checkKind, type Vector } from '../graph/value.js'
import { checkCount } from '../options.js'
import type { StateSizes, States } from './state.js'

/** The most children that a cell may tell apart: each has weights, or instructions, of its own. */
export const MOST_CHILDREN = 1024

/** The children of a node, as the step of a tree cell sees them. */
export interface Children<S extends StateSizes> {
  /**
   * The sum over the children of a value that `of` makes from the states of each, and of values of the node;
   * zeros without children. Children count in the order of their numbers.
   */
  sum<F extends number>(of: (child: States<S>) => Vector<F>): Vector<F>
  /**
   * The states of the child of this number, from 0 in the order of the nodes; zeros without one. A cell that
   * reads its children by number alone refuses nodes with more.
   */
  at(index: number): States<S>
}

/** Gives the children of a node in the body of a fold. */
export function childrenOf<S extends StateSizes>(
  where: string,
  body: Scope,
  states: States<S>,
): Children<S> {
  const ofNode = <F extends number>(
    op: 'sumOfChildren' | { child: { index: number } },
    x: Vector<F>,
  ) => body.value<Vector<F>>({ kind: 'vector', size: x.size }, body.node('children', op, [x]))
  return Object.freeze({
    sum<F extends number>(of: (child: States<S>) => Vector<F>): Vector<F> {
      if (!isFunction(of)) {
        throw mismatch('ERR_UNROLLED_ARGUMENT', `${where} children.sum`, 'a function', of)
      }
      const value = of(states)
      const name = `${where} children.sum result`
      if (!isValue(value)) throw mismatch('ERR_UNROLLED_KIND', name, 'a vector', value)
      checkKind(name, value, ['vector'])
      return ofNode('sumOfChildren', value)
    },
    at(index: number): States<S> {
      const checked = checkCount(`${where} children.at`, index, 0, MOST_CHILDREN - 1)
      const entries = Object.entries(states) as [string, Vector][]
      return Object.fromEntries(
        entries.map(([name, state]) => [name, ofNode({ child: { index: checked } }, state)]),
      ) as States<S>
    },
  })
}
