import {
  balancedTree,
  bracketsOf,
  chainTree,
  checkTree,
  childrenOf,
  depthOf,
  gridTree,
  leavesOf,
  leftTree,
  randomTree,
  rightTree,
} from 'unrolled'
import { describe, expect, test } from 'vitest'
import { refusal } from '../support/refusal.js'

const untyped = (value: unknown): never => value as never
const words = ['a', 'b', 'c', 'd', 'e']

describe('binary trees over leaves', () => {
  test('are as their names say', () => {
    expect(bracketsOf(balancedTree(words))).toBe('(((a b) c) (d e))')
    expect(bracketsOf(leftTree(words))).toBe('((((a b) c) d) e)')
    expect(bracketsOf(rightTree(words))).toBe('(a (b (c (d e))))')
    expect([...leftTree(3).parents]).toEqual([2, 2, 4, 4, -1])
    expect([...rightTree(3).parents]).toEqual([4, 3, 3, 4, -1])
    for (const build of [balancedTree, leftTree, rightTree]) {
      expect([...build(1).parents]).toEqual([-1])
      expect([...build(2).parents]).toEqual([2, 2, -1])
      expect(build(['x']).words).toEqual(['x'])
      expect(build(2).words).toEqual([undefined, undefined, undefined])
    }
  })

  test('a balanced tree over 1,024 leaves is 10 deep', () => {
    expect(depthOf(balancedTree(1024))).toBe(10)
    for (let leaves = 1; leaves < 70; leaves++) {
      expect(depthOf(balancedTree(leaves))).toBe(Math.ceil(Math.log2(leaves)))
      expect(depthOf(leftTree(leaves))).toBe(leaves - 1)
      expect(depthOf(rightTree(leaves))).toBe(leaves - 1)
    }
  })

  test('have so many leaves, two children elsewhere, and children first', () => {
    for (const build of [balancedTree, leftTree, rightTree, (n: number) => randomTree(n, n)]) {
      for (const count of [1, 2, 3, 7, 64, 333]) {
        const tree = build(count)
        checkTree(tree)
        expect(tree.parents.length).toBe(2 * count - 1)
        expect(leavesOf(tree)).toHaveLength(count)
        expect(new Set(childrenOf(tree).map(({ length }) => length))).toEqual(
          new Set(count === 1 ? [0] : [0, 2]),
        )
        expect(tree.parents.every((parent, node) => parent === -1 || parent > node)).toBe(true)
      }
    }
  })

  test('over half a million leaves', () => {
    for (const build of [balancedTree, leftTree, rightTree, (n: number) => randomTree(n, 1)]) {
      expect(build(500_000).parents.length).toBe(999_999)
    }
  })

  test('words stay in order', () => {
    for (let seed = 0; seed < 20; seed++) {
      expect(bracketsOf(randomTree(words, seed)).replace(/[()]/g, '')).toBe('a b c d e')
    }
  })

  test('are refused without leaves', async () => {
    for (const build of [balancedTree, leftTree, rightTree, (n: number) => randomTree(n, 1)]) {
      for (const leaves of [0, -1, 1.5, Number.NaN, 2 ** 23 + 1, 2 ** 31, '3', undefined]) {
        expect(await refusal(() => build(untyped(leaves)))).toContain(
          'expected a whole number from 1 to 8388608, received',
        )
      }
    }
    expect(await refusal(() => leftTree([]))).toContain('leftTree words: expected a whole number')
    expect(await refusal(() => leftTree(untyped(['a', 3])))).toBe(
      'leftTree words[1]: expected a text, received 3',
    )
  })
})

describe('random trees', () => {
  test('are the same for the same seed', () => {
    expect(randomTree(50, 3)).toEqual(randomTree(50, 3))
    expect(randomTree(50, 3)).not.toEqual(randomTree(50, 4))
    expect(bracketsOf(randomTree(words, 1))).not.toBe(bracketsOf(randomTree(words, 3)))
  })

  test('have each split as often', () => {
    // Four leaves: 1, 2 or 3 at the left, each a third; the halves of 3 are split alike.
    const counts = new Map<string, number>()
    const rounds = 12_000
    for (let seed = 0; seed < rounds; seed++) {
      const text = bracketsOf(randomTree(['a', 'b', 'c', 'd'], seed))
      counts.set(text, (counts.get(text) ?? 0) + 1)
    }
    const shares: Record<string, number> = {
      '((a b) (c d))': 1 / 3,
      '(a (b (c d)))': 1 / 6,
      '(a ((b c) d))': 1 / 6,
      '((a (b c)) d)': 1 / 6,
      '(((a b) c) d)': 1 / 6,
    }
    expect([...counts.keys()].sort()).toEqual(Object.keys(shares).sort())
    for (const [text, share] of Object.entries(shares)) {
      // Four standard deviations of a binomial share.
      const spread = 4 * Math.sqrt((share * (1 - share)) / rounds)
      expect(Math.abs((counts.get(text) ?? 0) / rounds - share)).toBeLessThan(spread)
    }
  })

  test('refuse what is no seed', async () => {
    for (const seed of [-1, 0.5, '1', undefined]) {
      expect(await refusal(() => randomTree(3, untyped(seed)))).toContain(
        'randomTree seed: expected',
      )
    }
  })
})

describe('chains', () => {
  test('each node hangs on the next', () => {
    expect([...chainTree(4).parents]).toEqual([1, 2, 3, -1])
    expect([...chainTree(1).parents]).toEqual([-1])
    expect(chainTree(['a', 'b']).words).toEqual(['a', 'b'])
    expect(depthOf(chainTree(100_000))).toBe(99_999)
  })

  test('are refused without nodes', async () => {
    for (const nodes of [0, 2 ** 24 + 1, 1.5, [] as string[]]) {
      expect(await refusal(() => chainTree(nodes))).toContain('from 1 to 16777216')
    }
  })
})

describe('grids', () => {
  test('are cut into quarters', () => {
    const { cells, parents } = gridTree(2, 2)
    expect([...parents]).toEqual([4, 4, 4, 4, -1])
    expect([...cells]).toEqual([0, 1, 2, 3, -1])
    // Quarters of 2 x 2, 2 x 1, 1 x 2 and 1 x 1 cells.
    const odd = gridTree(3, 3)
    expect([...odd.cells]).toEqual([0, 1, 3, 4, -1, 2, 5, -1, 6, 7, -1, 8, -1])
    expect([...odd.parents]).toEqual([4, 4, 4, 4, 12, 7, 7, 12, 10, 10, 12, 12, -1])
  })

  test.each([
    [1, 1],
    [1, 7],
    [5, 1],
    [4, 4],
    [3, 10],
    [28, 28],
  ])('of %i rows and %i columns have each cell once', (rows, columns) => {
    const tree = gridTree(rows, columns)
    checkTree(tree)
    const cells = leavesOf(tree).map((node) => tree.cells[node])
    expect(cells.sort((a = 0, b = 0) => a - b)).toEqual(
      Array.from({ length: rows * columns }, (_, cell) => cell),
    )
    expect(tree.cells.filter((cell) => cell >= 0)).toHaveLength(rows * columns)
    expect(depthOf(tree)).toBe(Math.ceil(Math.log2(Math.max(rows, columns))))
    const counts = childrenOf(tree).map(({ length }) => length)
    expect(counts.every((count) => count !== 1 && count <= 4)).toBe(true)
  })

  test('are refused without cells, and with too many', async () => {
    expect(await refusal(() => gridTree(0, 1))).toContain('gridTree rows: expected a whole number')
    expect(await refusal(() => gridTree(1, 0.5))).toContain('gridTree columns: expected')
    expect(() => gridTree(2 ** 20, 2 ** 20)).toThrow(
      expect.objectContaining({ code: 'ERR_UNROLLED_SIZE' }),
    )
  })
})
