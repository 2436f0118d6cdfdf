import { SIZES, type Task, type Texts, type Widths } from './protocol.js'

/**
 * Floating-point operations of all products of a call: 2 for a multiply-add. Gradients count twice forward's, those of
 * inputs that nobody needs apart; tanh, softmax and updates are not counted.
 */
export function flopsOf(task: Task, widths: Widths, { source, target }: Texts): number {
  const items = (side: Texts['source']) => side.reduce((sum, { length }) => sum + length, 0)
  const pairs = source.reduce(
    (sum, { length }, row) => sum + length * (target[row]?.length ?? 0),
    0,
  )
  const { hidden: h } = widths
  // Scores and contexts, and going back the four products for their factors.
  const attention = 3 * 2 * pairs * h
  if (task === 'alone') return 2 * attention
  if (task === 'attend') {
    const map = h * h
    // Of the four maps one has an input with a gradient.
    return 2 * (attention + map * (2 * 2 * items(source) + (2 + 3) * items(target)))
  }
  const { rows, steps, beams } = SIZES
  const once = items(source) * encoded(widths) + rows * 2 * h * h
  if (task === 'train') return 3 * 2 * (once + items(target) * stepped(widths) + pairs * 3 * h)
  const lanes = task === 'beam' ? beams : 1
  const looks = items(source) * steps * 3 * h
  return 2 * (once + lanes * (rows * steps * stepped(widths) + looks))
}

/** Multiply-adds of an item of the source: a GRU in both directions, and a key. */
function encoded({ embedding: e, hidden: h }: Widths): number {
  return 2 * 3 * h * (e + h) + 2 * h * h
}

/** Multiply-adds of a step of the decoder, attention apart: the query, the GRU and the scores of the next id. */
function stepped({ embedding: e, hidden: h }: Widths): number {
  return h * h + 3 * h * (e + 2 * h + h) + 3 * h * SIZES.vocabulary
}
