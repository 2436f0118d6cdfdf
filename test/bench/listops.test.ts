import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bracketsOf, checkTree, childrenOf, depthOf, leavesOf } from 'unrolled'
import { describe, expect, test } from 'vitest'
import {
  answerOf,
  drawExpressions,
  type Expression,
  OPERATORS,
  TOKENS,
  tokensOf,
} from '../../bench/reproduce/listops/expressions.js'
import { listops } from '../../bench/reproduce/listops/listops.js'
import { examplesOf, sequenceBatch, treeBatch } from '../../bench/reproduce/listops/rows.js'
import { binaryTree, operationTree } from '../../bench/reproduce/listops/trees.js'

const text = (expression: Expression) => tokensOf(expression).join(' ')

/** Reads tokens from left to right with a stack of lists, as a calculator does. */
function calculated(tokens: readonly string[]): number {
  const lists: { name: string; numbers: number[] }[] = [{ name: '', numbers: [] }]
  for (const token of tokens) {
    const list = lists.at(-1)
    if (token.startsWith('[')) lists.push({ name: token.slice(1), numbers: [] })
    else if (token !== ']') list?.numbers.push(Number(token))
    else {
      const { name, numbers } = lists.pop() ?? { name: '', numbers: [] }
      numbers.sort()
      const middle = (numbers.length - 1) / 2
      const results: Record<string, number | undefined> = {
        MIN: numbers[0],
        MAX: numbers.at(-1),
        SM: numbers.reduce((sum, n) => sum + n, 0) % 10,
        MED: Math.trunc(
          ((numbers[Math.floor(middle)] ?? 0) + (numbers[Math.ceil(middle)] ?? 0)) / 2,
        ),
      }
      lists.at(-1)?.numbers.push(results[name] ?? Number.NaN)
    }
  }
  return lists[0]?.numbers[0] ?? Number.NaN
}

// The example of the paper's first figure: [MAX 2 9 [MIN 4 7 ] 0 ].
const figure: Expression = {
  operator: 'MAX',
  args: [2, 9, { operator: 'MIN', args: [4, 7] }, 0],
}

describe('expressions', () => {
  test('come to the digits of the paper', () => {
    expect(text(figure)).toBe('[MAX 2 9 [MIN 4 7 ] 0 ]')
    expect(answerOf(figure)).toBe(9)
    expect(answerOf({ operator: 'MED', args: [1, 8, 3] })).toBe(3)
    expect(answerOf({ operator: 'MED', args: [9, 2, 3, 6] })).toBe(4)
    expect(answerOf({ operator: 'MIN', args: [9, 2, 3] })).toBe(2)
    expect(answerOf({ operator: 'SM', args: [9, 8, { operator: 'SM', args: [5, 6] }] })).toBe(8)
  })

  test('and to those of a calculator, from the tokens', () => {
    for (const expression of drawExpressions(3000, 1)) {
      expect(answerOf(expression)).toBe(calculated(tokensOf(expression)))
    }
  })

  test('come once, by the seed, no longer than asked', () => {
    const some = drawExpressions(500, 7, 30)
    expect(new Set(some.map(text)).size).toBe(500)
    expect(Math.max(...some.map((one) => tokensOf(one).length))).toBeLessThanOrEqual(30)
    expect(drawExpressions(500, 7, 30)).toEqual(some)
    expect(drawExpressions(500, 8, 30)).not.toEqual(some)
    expect(new Set(some.flatMap(tokensOf))).toEqual(new Set(TOKENS))
  })

  test('are distributed as published', () => {
    const drawn = drawExpressions(5000, 3)
    expect(drawn.filter((one) => typeof one === 'number')).toHaveLength(10)
    const lengths = new Map<number, number>()
    const operators = new Map<string, number>()
    let [nested, args] = [0, 0]
    const count = <K>(map: Map<K, number>, key: K) => map.set(key, (map.get(key) ?? 0) + 1)
    const visit = (expression: Expression): void => {
      if (typeof expression === 'number') return
      count(lengths, expression.args.length)
      count(operators, expression.operator)
      args += expression.args.length
      nested += expression.args.filter((arg) => typeof arg !== 'number').length
      expression.args.forEach(visit)
    }
    drawn.forEach(visit)
    const lists = [...lengths.values()].reduce((sum, n) => sum + n, 0)
    expect(Math.abs(nested / args - 0.248)).toBeLessThan(0.006)
    expect([...lengths.keys()].sort()).toEqual([2, 3, 4, 5])
    for (const share of [...lengths.values()].map((n) => n / lists)) {
      expect(Math.abs(share - 0.25)).toBeLessThan(0.02)
    }
    for (const operator of OPERATORS) {
      expect(Math.abs((operators.get(operator) ?? 0) / lists - 0.25)).toBeLessThan(0.02)
    }
    // The published generator, in Python, by eight seeds: 35.5 to 38.2 tokens in the mean of 5,000 expressions, and
    // 336 to 367 that are shorter than 5; 24.7 to 25.0 % of the arguments are lists.
    const sizes = drawn.map((one) => tokensOf(one).length)
    const mean = sizes.reduce((sum, n) => sum + n, 0) / sizes.length
    expect(Math.abs(mean - 36.9)).toBeLessThan(3)
    const short = sizes.filter((n) => n < 5).length
    expect(Math.abs(short - 352)).toBeLessThan(40)
    const early = sizes.slice(0, 500).filter((n) => n < 5).length
    expect(Math.abs(early - short / 10)).toBeLessThan(20)
    const depths = drawn.map((one) => depthOf(operationTree(one)))
    expect(Math.max(...depths)).toBe(19)
  })
})

describe('trees of expressions', () => {
  test('branch to the left over the tokens, as published', () => {
    const { labels, parents, words } = binaryTree(figure)
    const written = bracketsOf({ parents, words, labels: words.map(() => undefined) })
    expect(written).toBe('((((([MAX 2) 9) ((([MIN 4) 7) ])) 0) ])')
    const known = labels.flatMap((label, node) => (label === undefined ? [] : [[node, label]]))
    expect(known).toEqual([
      [1, '2'],
      [3, '9'],
      [6, '4'],
      [8, '7'],
      [11, '4'],
      [13, '0'],
      [16, '9'],
    ])
  })

  test('or have each list as a node', () => {
    const { labels, parents, words } = operationTree(figure)
    expect([...parents]).toEqual([6, 6, 4, 4, 6, 6, -1])
    expect(words).toEqual(['2', '9', '4', '7', '[MIN', '0', '[MAX'])
    expect(labels).toEqual(['2', '9', '4', '7', '4', '0', '9'])
  })

  test('of all that is drawn', () => {
    for (const expression of drawExpressions(500, 2)) {
      const [binary, operations] = [binaryTree(expression), operationTree(expression)]
      for (const tree of [binary, operations]) {
        checkTree(tree)
        expect(tree.labels).toHaveLength(tree.parents.length)
        expect(tree.labels.at(-1)).toBe(String(answerOf(expression)))
      }
      expect(leavesOf(binary).map((leaf) => binary.words[leaf])).toEqual(tokensOf(expression))
      expect(childrenOf(binary).every(({ length }) => length === 0 || length === 2)).toBe(true)
      expect(childrenOf(operations).every(({ length }) => length !== 1 && length <= 5)).toBe(true)
    }
  })
})

test('rows have a class where an expression ends, and none elsewhere', () => {
  const examples = examplesOf([figure, 7])
  expect(examples.map(({ answer, length }) => [answer, length])).toEqual([
    [9, 9],
    [7, 1],
  ])
  const { x, y } = sequenceBatch(examples)
  const id = (token: string) => TOKENS.indexOf(token) + 1
  const tokens = ['[MAX', '2', '9', '[MIN', '4', '7', ']', '0', ']']
  expect(x.tokens).toEqual([tokens.map(id), [8]])
  expect(y.scores).toEqual([[-1, 2, 9, -1, 4, 7, 4, 0, 9], [7]])
  const trees = treeBatch(examples)
  const [first] = trees.x.tokens
  expect(first?.values).toEqual(
    [
      ...['[MAX', '2', '', '9', '', '[MIN', '4', '', '7', '', ']', ''],
      ...['', '0', '', ']', ''],
    ].map(id),
  )
  expect([...(first?.parents ?? [])]).toEqual([...binaryTree(figure).parents])
  expect(trees.y.scores).toEqual([
    [-1, 2, -1, 9, -1, -1, 4, -1, 7, -1, -1, 4, -1, 0, -1, -1, 9],
    [7],
  ])
})

test('the reduced form learns more by trees than by sequences', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'unrolled-'))
  const { signal } = new AbortController()
  const work = { reduced: true, seed: 1, folder, signal, say: () => undefined }
  const { details, figures } = await listops.run(work)
  rmSync(folder, { recursive: true })
  expect(details).toMatchObject({ expressions: { train: 400, valid: 50, test: 100 } })
  const [tree = 0, sequence = 0, shortTree = 0] = figures.map(({ percent }) => percent)
  expect(tree).toBeGreaterThan(sequence)
  // Chance is 10 %.
  expect(shortTree).toBeGreaterThan(40)
})
