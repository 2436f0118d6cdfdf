import {
  bracketsOf,
  chainTree,
  checkTree,
  checkTrees,
  childrenOf,
  depthOf,
  drawTree,
  leavesOf,
  nestedTree,
  treeOfChildren,
} from 'unrolled'
import { describe, expect, test } from 'vitest'
import { refusal } from '../support/refusal.js'

const untyped = (value: unknown): never => value as never

describe('a tree is measured', () => {
  // The root 3 above 0 and 5; 0 above 1 and 4; 5 above 2.
  const tree = { parents: [3, 0, 5, -1, 0, 3] }

  test('by hand, nodes in any order', () => {
    expect(depthOf(tree)).toBe(2)
    expect(leavesOf(tree)).toEqual([1, 2, 4])
    expect(childrenOf(tree)).toEqual([[1, 4], [], [], [0, 5], [], [2]])
    expect(depthOf({ parents: Int32Array.from(tree.parents) })).toBe(2)
  })

  test('a forest, and a single node', () => {
    expect(depthOf({ parents: [-1, 0, -1, 2, 3] })).toBe(2)
    expect(childrenOf({ parents: [-1, 0, -1, 2, 3] })).toEqual([[1], [], [3], [4], []])
    expect(leavesOf({ parents: [-1, 0, -1, 2, 3] })).toEqual([1, 4])
    expect([depthOf({ parents: [-1] }), leavesOf({ parents: [-1] })]).toEqual([0, [0]])
  })

  test('as a search from node to node says', () => {
    let state = 1
    const below = (end: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      return (state >>> 8) % end
    }
    for (let round = 0; round < 50; round++) {
      const count = 1 + below(30)
      // A parent before each node, then other names for the nodes.
      const names = Array.from({ length: count }, (_, i) => i)
      for (let i = count - 1; i > 0; i--) {
        const j = below(i + 1)
        ;[names[i], names[j]] = [names[j] as number, names[i] as number]
      }
      const parents = new Array<number>(count).fill(-1)
      for (let i = 1; i < count; i++) parents[names[i] as number] = names[below(i)] as number
      const children = parents.map((_, node) =>
        parents.flatMap((parent, child) => (parent === node ? [child] : [])),
      )
      const height = (node: number): number =>
        Math.max(0, ...(children[node] ?? []).map((child) => 1 + height(child)))
      expect(childrenOf({ parents })).toEqual(children)
      expect(depthOf({ parents })).toBe(height(parents.indexOf(-1)))
      expect(leavesOf({ parents })).toEqual(
        children.flatMap((list, node) => (list.length === 0 ? [node] : [])),
      )
    }
  })

  test('a million nodes, one below the other in both orders', () => {
    const count = 1_000_000
    expect(depthOf(chainTree(count))).toBe(count - 1)
    expect(depthOf({ parents: Int32Array.from({ length: count }, (_, i) => i - 1) })).toBe(
      count - 1,
    )
    checkTree(chainTree(count))
    expect(leavesOf(chainTree(count))).toEqual([0])
  })
})

describe('what is no tree is refused by node', () => {
  test.each<[string, unknown, string]>([
    ['an orphan', [1, 2, 3], 'node 2: expected a parent from 0 to 2, or -1 for a root, received 3'],
    [
      'a parent before -1',
      Int32Array.of(-2),
      'node 0: expected a parent from 0 to 0, or -1 for a root, received -2',
    ],
    [
      'half a node',
      [1, 0.5],
      'node 1: expected a parent from 0 to 1, or -1 for a root, received 0.5',
    ],
    [
      'no number',
      [1, '0'],
      'node 1: expected a parent from 0 to 1, or -1 for a root, received "0"',
    ],
    [
      'a hole',
      [-1, undefined],
      'node 1: expected a parent from 0 to 1, or -1 for a root, received undefined',
    ],
    [
      '2^32',
      [2 ** 32 - 1],
      'node 0: expected a parent from 0 to 0, or -1 for a root, received 4294967295',
    ],
    ['NaN', [Number.NaN], 'node 0: expected a parent from 0 to 0, or -1 for a root, received NaN'],
    [
      'a node on itself',
      [-1, 1],
      'node 1: expected parents up to a root, received the cycle 1 → 1',
    ],
    [
      'a cycle',
      [-1, 2, 3, 1, 1],
      'node 1: expected parents up to a root, received the cycle 1 → 2 → 3 → 1',
    ],
    [
      'a long cycle',
      [-1, 2, 3, 4, 5, 6, 7, 1],
      'node 1: expected parents up to a root, received the cycle 1 → 2 → 3 → 4 → 5 → 6 → …',
    ],
    [
      'a way into a cycle',
      [1, 2, 1],
      'node 1: expected parents up to a root, received the cycle 1 → 2 → 1',
    ],
    ['two roots', [-1, -1], 'node 1: expected one root, received a root beside node 0'],
    ['a second root', [-1, 0, -1, -1], 'node 2: expected one root, received a root beside node 0'],
  ])('%s', async (_, parents, message) => {
    const tree = untyped({ parents })
    expect(await refusal(() => checkTree(tree))).toBe(`checkTree ${message}`)
    const rows = untyped([{ parents: [-1] }, { parents }])
    expect(await refusal(() => checkTrees(rows))).toBe(`checkTrees row 1, ${message}`)
    expect(() => checkTree(tree)).toThrow(expect.objectContaining({ code: 'ERR_UNROLLED_VALUE' }))
    const forest = await refusal(() => checkTree(tree, { forest: true }))
    expect(forest).toBe(message.includes('one root') ? 'accepted' : `checkTree ${message}`)
    if (message.includes('one root')) return
    for (const [name, call] of Object.entries({
      depthOf,
      leavesOf,
      childrenOf,
      bracketsOf,
      drawTree,
    })) {
      expect(await refusal(() => call(tree))).toBe(`${name} ${message}`)
    }
  })

  test('no nodes, no list, no tree', async () => {
    expect(await refusal(() => checkTree({ parents: [] }))).toBe(
      'checkTree: expected one node or more, received none',
    )
    const lists = 'checkTree parents: expected a list of nodes, received'
    for (const tree of [undefined, null, 3, [], {}, { parents: new Float32Array(2) }]) {
      expect(await refusal(() => checkTree(untyped(tree)))).toContain(lists)
    }
    expect(await refusal(() => checkTrees(untyped({})))).toContain('checkTrees: expected an array')
    checkTrees([])
  })

  test('an unknown option', async () => {
    const tree = { parents: [-1] }
    const call = (options: unknown) => refusal(() => checkTree(tree, untyped(options)))
    expect(await call({ forests: true })).toContain('did you mean forest?')
    expect(await call({ forest: 1 })).toContain('checkTree forest: expected true or false')
  })
})

describe('trees of nested arrays', () => {
  test('a text is a leaf, an array a node above', () => {
    const tree = nestedTree([['the', 'cat'], 'sat'])
    expect([...tree.parents]).toEqual([2, 2, 4, 4, -1])
    expect(tree.words).toEqual(['the', 'cat', undefined, 'sat', undefined])
    expect(tree.labels).toEqual(new Array(5).fill(undefined))
    expect([...nestedTree('a').parents]).toEqual([-1])
    expect(bracketsOf(nestedTree([['a', 'b', ['c']], 'd']))).toBe('((a b (c)) d)')
  })

  test('100,000 deep, and one part in two places', () => {
    let deep: readonly unknown[] = ['x']
    for (let i = 1; i < 100_000; i++) deep = [deep]
    expect(depthOf(nestedTree(untyped(deep)))).toBe(100_000)
    const part = ['a', 'b']
    expect(bracketsOf(nestedTree([part, part]))).toBe('((a b) (a b))')
  })

  test('are refused by place', async () => {
    const call = (nested: unknown) => refusal(() => nestedTree(untyped(nested)))
    expect(await call([])).toBe('nestedTree: expected an array of children, received an array of 0')
    expect(await call(['a', ['b', []]])).toBe(
      'nestedTree[1][1]: expected an array of children, received an array of 0',
    )
    expect(await call([['a'], [3]])).toBe(
      'nestedTree[1][0]: expected a text or an array, received 3',
    )
    const own: unknown[] = ['a']
    own.push([own])
    expect(await call(own)).toBe(
      'nestedTree[1][0]: expected an array of children, received one that holds itself',
    )
    let deep: unknown = 3
    for (let i = 0; i < 1000; i++) deep = [deep]
    expect(await call(deep)).toBe(
      `nestedTree${'[0]'.repeat(8)}…: expected a text or an array, received 3`,
    )
  })
})

describe('trees of lists of children', () => {
  test('keep the numbers of the nodes, forests too', () => {
    const children = [[], [0, 3], [1, 4], [], []]
    const tree = treeOfChildren(children)
    expect([...tree.parents]).toEqual([1, 2, -1, 1, 2])
    expect(childrenOf(tree)).toEqual(children)
    expect([...treeOfChildren([[], []]).parents]).toEqual([-1, -1])
  })

  test.each<[string, unknown, string]>([
    ['no nodes', [], 'treeOfChildren: expected from 1 to 16777216 nodes, received 0'],
    ['a stranger', [[], [2]], 'treeOfChildren node 1: expected children from 0 to 1, received 2'],
    [
      'half a node',
      [[0.5], []],
      'treeOfChildren node 0: expected children from 0 to 1, received 0.5',
    ],
    [
      'no number',
      [['1'], []],
      'treeOfChildren node 0: expected children from 0 to 1, received "1"',
    ],
    [
      'a child of two',
      [[], [0], [0]],
      'treeOfChildren node 2: expected children that are listed once, received the child 0 of node 1',
    ],
    [
      'a child twice',
      [[], [0, 0]],
      'treeOfChildren node 1: expected children that are listed once, received the child 0 of node 1',
    ],
    [
      'a falling order',
      [[], [], [1, 0]],
      'treeOfChildren node 2: expected children in rising order, received 0 after 1',
    ],
    [
      'a cycle',
      [[1], [0], []],
      'treeOfChildren node 0: expected parents up to a root, received the cycle 0 → 1 → 0',
    ],
    ['no list', [[], 3], 'treeOfChildren node 1: expected an array, received 3'],
    ['no lists', 3, 'treeOfChildren: expected an array, received 3'],
  ])('but not %s', async (_, children, message) => {
    expect(await refusal(() => treeOfChildren(untyped(children)))).toBe(message)
  })
})
