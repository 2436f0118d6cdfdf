import { geometricMean } from '../measure.js'
import type { Row } from './row.js'
import { shapeWords } from './shape.js'

/** A bar of the picture. */
interface Bar {
  readonly label: string
  readonly ratio: number
  readonly low: number
  readonly high: number
}

/** Bars under a heading. */
interface Group {
  readonly heading: string
  readonly bars: readonly Bar[]
}

const WIDTH = 860
const LEFT = 250
const RIGHT = 60
const LINE = 13
/** The largest ratio that is drawn to scale, and its inverse the smallest: bars end there. */
const MOST = 16
const COLORS = { win: '#2a7f62', loss: '#c8452d' }

/** Libraries whose rows are one bar a set, from the lowest to the highest. */
const TOGETHER = ['tfjs', 'brain']

/**
 * The ratios of all rows as bars from the line of 1, on a logarithmic scale: to the right, in green,
 * ours is faster, to the left, in red, slower. The thin line is the spread by round. TensorFlow.js
 * and brain.js have the geometric mean of a set.
 */
export function chart(rows: readonly Row[], title: string): string {
  const groups = groupsOf(rows)
  const bars = groups.flatMap((group) => group.bars)
  const scale = scaleOf(bars)
  let y = 48
  const parts: string[] = []
  for (const { heading, bars } of groups) {
    parts.push(text(8, y + 11, heading, 'font-weight="bold"'))
    y += LINE + 2
    for (const bar of bars) {
      parts.push(barParts(bar, y, scale))
      y += LINE
    }
    y += 8
  }
  const lines = ticksOf(bars).map(
    (tick) =>
      `<path d="M${fixed(scale(tick))} 36V${y}" stroke="${tick === 1 ? '#222' : '#ddd'}"/>` +
      text(scale(tick), 30, `${tick}x`, 'text-anchor="middle"'),
  )
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 8}" ` +
    'font-family="sans-serif" font-size="10.5">\n' +
    `<rect width="100%" height="100%" fill="#fff"/>\n` +
    `${text(8, 16, title)}\n${lines.join('\n')}\n${parts.join('\n')}\n</svg>\n`
  )
}

function groupsOf(rows: readonly Row[]): Group[] {
  const groups = new Map<string, Bar[]>()
  for (const { shape, duels } of rows) {
    for (const { name, ratio } of duels) {
      const heading = `${shape.set}, over ${name}`
      const { ofMedians, byRound } = ratio
      const bar = {
        label: shapeWords(shape),
        ratio: ofMedians,
        low: byRound.p10,
        high: byRound.p90,
      }
      groups.set(heading, [...(groups.get(heading) ?? []), bar])
    }
  }
  return [...groups].map(([heading, bars]) => {
    const together = TOGETHER.some((name) => heading.endsWith(`over ${name}`))
    return { heading, bars: together ? [oneOf(bars)] : bars }
  })
}

function oneOf(bars: readonly Bar[]): Bar {
  const ratios = bars.map(({ ratio }) => ratio)
  return {
    label: bars.length === 1 ? (bars[0]?.label ?? '') : `${bars.length} rows`,
    ratio: geometricMean(ratios),
    low: Math.min(...ratios),
    high: Math.max(...ratios),
  }
}

/** The powers of two that the bars need. */
function ticksOf(bars: readonly Bar[]): number[] {
  const logs = bars.map(({ ratio }) => Math.log2(Math.min(MOST, Math.max(1 / MOST, ratio))))
  const low = Math.floor(Math.min(-1, ...logs))
  const high = Math.ceil(Math.max(1, ...logs))
  return Array.from({ length: high - low + 1 }, (_, at) => 2 ** (low + at))
}

/** The position of a ratio between the first and the last tick. */
function scaleOf(bars: readonly Bar[]): (ratio: number) => number {
  const ticks = ticksOf(bars)
  const [low, high] = [Math.log2(ticks[0] ?? 1), Math.log2(ticks.at(-1) ?? 1)]
  return (ratio) => {
    const part = (Math.log2(ratio) - low) / (high - low)
    return LEFT + Math.min(1, Math.max(0, part)) * (WIDTH - LEFT - RIGHT)
  }
}

function barParts({ label, ratio, low, high }: Bar, y: number, scale: (r: number) => number) {
  const [from, to] = [scale(1), scale(ratio)]
  const color = ratio >= 1 ? COLORS.win : COLORS.loss
  const middle = y + 6
  const end = Math.max(from, to, scale(high)) + 5
  return (
    text(16, y + 10, label) +
    `<rect x="${fixed(Math.min(from, to))}" y="${y + 2}" width="${fixed(Math.abs(to - from))}" ` +
    `height="8" fill="${color}"/>` +
    `<path d="M${fixed(scale(low))} ${middle}H${fixed(scale(high))}" stroke="#222"/>` +
    text(end, y + 10, ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(2))
  )
}

function text(x: number, y: number, words: string, more = ''): string {
  const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${fixed(x)}" y="${y}"${more === '' ? '' : ` ${more}`}>${escaped}</text>`
}

function fixed(value: number): string {
  return value.toFixed(1)
}
