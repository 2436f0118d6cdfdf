import { type NestedTree, nestedTree, parseTree, type Tree } from 'unrolled'
import { answerOf, type Expression } from './expressions.js'

/**
 * The published tree over an expression's tokens, binary and branching to the left within each list:
 * `(((([MAX 2) 9) 0) ])`. Nodes that are whole expressions are labeled with their digit, all others are
 * without a label.
 */
export function binaryTree(expression: Expression): Tree {
  const tree = nestedTree(nestedOf(expression))
  return { ...tree, labels: answersOf(expression) }
}

function nestedOf(expression: Expression): NestedTree {
  if (typeof expression === 'number') return String(expression)
  const start: NestedTree = `[${expression.operator}`
  const open = expression.args.reduce<NestedTree>((list, arg) => [list, nestedOf(arg)], start)
  return [open, ']']
}

/** Labels of the binary tree's nodes, in their order: children first. */
function answersOf(expression: Expression): (string | undefined)[] {
  const value = String(answerOf(expression))
  if (typeof expression === 'number') return [value]
  const args = expression.args.flatMap((arg) => [...answersOf(arg), undefined])
  return [undefined, ...args, undefined, value]
}

/**
 * The tree of the operations alone: a node for each digit and each list, the arguments below their
 * operation. Words are the digits and operators, labels the digit that each node comes to.
 */
export function operationTree(expression: Expression): Tree {
  const tree = parseTree(bracketsOf(expression))
  return { ...tree, words: operatorsOf(expression) }
}

function bracketsOf(expression: Expression): string {
  const value = answerOf(expression)
  if (typeof expression === 'number') return `(${value} ${value})`
  return `(${value} ${expression.args.map(bracketsOf).join(' ')})`
}

function operatorsOf(expression: Expression): string[] {
  if (typeof expression === 'number') return [String(expression)]
  return [...expression.args.flatMap(operatorsOf), `[${expression.operator}`]
}
