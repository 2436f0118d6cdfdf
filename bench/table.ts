import type { Spread } from './measure.js'

/** Rows of text in columns: the first to the left, the others to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows]
  const widths = header.map((_, column) =>
    Math.max(...all.map((row) => (row[column] ?? '').length)),
  )
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0
        return column === 0 ? cell.padEnd(width) : cell.padStart(width)
      })
      .join('  ')
      .trimEnd()
  return all.map((row) => `  ${line(row)}\n`).join('')
}

/** A number with three significant digits, or two where it is small. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '-'
  if (Math.abs(value) >= 100) return Math.round(value).toString()
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(1) : value.toPrecision(3)
}

/** `median (p10..p90)`. */
export function spreadWords({ median, p10, p90 }: Spread): string {
  return `${short(median)} (${short(p10)}..${short(p90)})`
}
