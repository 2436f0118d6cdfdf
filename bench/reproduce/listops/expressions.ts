import { shuffled, uniform } from '../random.js'

/** The operations of the published data; SM is the sum modulo 10. */
export const OPERATORS = ['MIN', 'MAX', 'MED', 'SM'] as const

/** An operation of a list. */
export type Operator = (typeof OPERATORS)[number]

/** A digit, or an operation of a list of expressions. */
export type Expression = number | Operation

/** An operation of a list of expressions. */
export interface Operation {
  readonly operator: Operator
  readonly args: readonly Expression[]
}

/**
 * The settings of the published data: Nangia and Bowman (2018), ListOps: A Diagnostic Dataset for Latent Tree
 * Learning, with the generator of their repository (nyu-mll/spinn, python/spinn/data/listops/make_data.py).
 */
const PUBLISHED = { nested: 0.25, fewest: 2, most: 5, levels: 20 }

/**
 * Draws expressions as published, no expression twice: a digit, or in one of four cases a list of two to
 * five expressions, as far down as the 20th level. Each number and operation is as likely as others. Those
 * of more than `mostTokens` tokens are passed over; by default all are kept, as published, which are up to
 * about 1,200 tokens long, 43 in the mean of 100,000. Shuffled, since the few short ones are drawn early.
 */
export function drawExpressions(
  count: number,
  seed: number,
  mostTokens = Number.POSITIVE_INFINITY,
): Expression[] {
  const random = uniform(seed)
  const found = new Map<string, Expression>()
  while (found.size < count) {
    const expression = draw(random, 1)
    const tokens = tokensOf(expression)
    if (tokens.length <= mostTokens) found.set(tokens.join(' '), expression)
  }
  return shuffled([...found.values()], random)
}

function draw(random: () => number, level: number): Expression {
  const below = (end: number): number => Math.floor(random() * end)
  const { fewest, levels, most, nested } = PUBLISHED
  if (level >= levels || random() > nested) return below(10)
  const length = fewest + below(most - fewest + 1)
  const args = Array.from({ length }, () => draw(random, level + 1))
  return { operator: OPERATORS[below(OPERATORS.length)] ?? 'MIN', args }
}

/** The digit that an expression comes to; the median of an even number of digits is rounded down. */
export function answerOf(expression: Expression): number {
  if (typeof expression === 'number') return expression
  const values = expression.args.map(answerOf)
  switch (expression.operator) {
    case 'MIN':
      return Math.min(...values)
    case 'MAX':
      return Math.max(...values)
    case 'MED':
      return median(values)
    case 'SM':
      return values.reduce((sum, value) => sum + value, 0) % 10
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [lower = 0, upper = 0] = [(sorted.length - 1) >> 1, sorted.length >> 1].map(
    (place) => sorted[place],
  )
  return Math.floor((lower + upper) / 2)
}

/** The tokens of an expression, such as `[MAX 2 9 ]`: an operator opens its list, a bracket closes it. */
export function tokensOf(expression: Expression): string[] {
  const tokens: string[] = []
  spell(expression, tokens)
  return tokens
}

function spell(expression: Expression, tokens: string[]): void {
  if (typeof expression === 'number') tokens.push(String(expression))
  else {
    tokens.push(`[${expression.operator}`)
    for (const arg of expression.args) spell(arg, tokens)
    tokens.push(']')
  }
}

/** All tokens, in the order of their ids. */
export const TOKENS: readonly string[] = [
  ...Array.from({ length: 10 }, (_, digit) => String(digit)),
  ...OPERATORS.map((operator) => `[${operator}`),
  ']',
]
