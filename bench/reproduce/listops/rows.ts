import { answerOf, type Expression, TOKENS, tokensOf } from './expressions.js'
import { binaryTree } from './trees.js'

/** Digits that an expression comes to. */
export const CLASSES = 10

/** The class of a node or token at which no expression ends; no loss counts it. */
export const NONE = -1

/** Ids of a tree's nodes: the tokens, and 0 of nodes above them. */
export const ID_COUNT = TOKENS.length + 1

const IDS = new Map(TOKENS.map((token, place) => [token, place + 1]))

/** An expression with its length in tokens and the digit that it comes to. */
export interface Example {
  readonly expression: Expression
  readonly length: number
  readonly answer: number
}

/** Expressions with what is often asked of them. */
export function examplesOf(expressions: readonly Expression[]): Example[] {
  return expressions.map((expression) => ({
    expression,
    length: tokensOf(expression).length,
    answer: answerOf(expression),
  }))
}

/** Expressions as the published trees, a class at the node of each whole expression. */
export function treeBatch(examples: readonly Example[]) {
  const trees = examples.map(({ expression }) => binaryTree(expression))
  const ids = (words: readonly (string | undefined)[]) =>
    words.map((word) => (word === undefined ? 0 : (IDS.get(word) ?? 0)))
  return {
    x: { tokens: trees.map(({ parents, words }) => ({ parents, values: ids(words) })) },
    y: {
      scores: trees.map(({ labels }) =>
        labels.map((label) => (label === undefined ? NONE : Number(label))),
      ),
    },
  }
}

/** Expressions as tokens, the class of each list at its closing bracket, that of a digit at the digit. */
export function sequenceBatch(examples: readonly Example[]) {
  return {
    x: {
      tokens: examples.map(({ expression }) =>
        tokensOf(expression).map((token) => IDS.get(token) ?? 0),
      ),
    },
    y: { scores: examples.map(({ expression }) => endsOf(expression)) },
  }
}

/** By token: what the expression that ends there comes to. */
function endsOf(expression: Expression): number[] {
  if (typeof expression === 'number') return [expression]
  return [NONE, ...expression.args.flatMap(endsOf), answerOf(expression)]
}
