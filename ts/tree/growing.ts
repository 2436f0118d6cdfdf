import { reserve } from '../native/memory.js'
import { checkNodes, MOST_NODES, type Tree, treeOf } from './tree.js'

/** A tree that grows from its leaves up: children before their parents, the root last. */
export class Growing {
  readonly #where: string
  readonly #parents: number[] = []
  readonly #labels: (string | undefined)[] = []
  readonly #words: (string | undefined)[] = []
  /** Nodes without a parent, in order. */
  readonly #tops: number[] = []

  constructor(where: string) {
    this.#where = where
  }

  /** The number of nodes without a parent. */
  get pending(): number {
    return this.#tops.length
  }

  /** Adds a leaf. */
  leaf(label: string | undefined, word: string | undefined): void {
    this.#add(label, word)
  }

  /** Adds a node above the last `count` that have no parent. */
  above(count: number, label: string | undefined): void {
    for (const child of this.#tops.splice(-count)) this.#parents[child] = this.#parents.length
    this.#add(label, undefined)
  }

  /** Tells if the last node is a word without a label. */
  isWord(): boolean {
    return this.#words.at(-1) !== undefined && this.#labels.at(-1) === undefined
  }

  /** Gives the last node a label. */
  name(label: string): void {
    this.#labels[this.#labels.length - 1] = label
  }

  /** The tree of all nodes. */
  tree(): Tree {
    const { length } = this.#parents
    const parents = reserve(this.#where, length, () => Int32Array.from(this.#parents))
    return treeOf(parents, this.#labels, this.#words)
  }

  #add(label: string | undefined, word: string | undefined): void {
    const node = this.#parents.length
    if (node >= MOST_NODES) checkNodes(this.#where, node + 1)
    this.#tops.push(node)
    this.#parents.push(-1)
    this.#labels.push(label)
    this.#words.push(word)
  }
}
