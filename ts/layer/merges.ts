import { isList } from '../brand.js'
import { mismatch } from '../errors.js'
import { checkCount } from '../options.js'

/** A binary tree over the steps of a row. */
export interface MergedTree {
  /** By node, the `length` steps in order and then the merges in order: the node's parent, -1 for the root. */
  readonly parents: Int32Array
}

/**
 * The tree that merges build over a row of `length` steps: its 2 `length` - 1 nodes by their parents, without a row's
 * steps none.
 *
 * ```ts
 * const { merges } = await model.predict(x)
 * const trees = merges.toNested().map((row) => treeOfMerges(row))
 * ```
 *
 * @param merges By merge, the place of the left one of the two nodes that it joins, among those left: a row of the output
 * `merges` of {@link gumbelTree}. What follows the first `length` - 1 places is not read.
 * @param length The steps of the row; as many as `merges` has by default.
 * @throws UnrolledError `ERR_UNROLLED_ARGUMENT` for a bad length, fewer merges than a tree of that length has, or a place
 * that no pair has.
 */
export function treeOfMerges(
  merges: ArrayLike<number | ArrayLike<number>>,
  length: number = merges?.length,
): MergedTree {
  if (!isList(merges) && !ArrayBuffer.isView(merges)) {
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'treeOfMerges merges', 'a list of places', merges)
  }
  const leaves = checkCount('treeOfMerges length', length, 0, 2 ** 30)
  if (merges.length < leaves - 1) {
    const expected = `at least ${leaves - 1} places for a row of ${leaves} steps`
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'treeOfMerges merges', expected, merges.length)
  }
  const parents = new Int32Array(Math.max(2 * leaves - 1, 0)).fill(-1)
  const left = Array.from({ length: leaves }, (_, node) => node)
  for (let merge = 0; merge < leaves - 1; merge += 1) {
    const entry = merges[merge]
    const place = typeof entry === 'number' ? entry : entry?.[0]
    const at = checkCount(`treeOfMerges merges[${merge}]`, place, 0, left.length - 2)
    for (const node of left.splice(at, 2, leaves + merge)) parents[node] = leaves + merge
  }
  return { parents }
}
