const SHADES = [' ', '.', ':', 'o', '#']

/** Weights of an attention as text: a column for each step that is read, a row for each that is written. */
export function alignmentText(
  read: readonly string[],
  written: readonly string[],
  weights: readonly (readonly number[])[],
): string {
  const width = Math.max(...written.map((name) => name.length))
  const line = (name: string, cells: readonly string[]): string =>
    `${name.padEnd(width)}  ${cells.join(' ')}`.trimEnd()
  const rows = written.map((name, step) =>
    line(
      name,
      read.map((_, at) => shade(weights[step]?.[at] ?? 0)),
    ),
  )
  return [line('', read), ...rows].join('\n')
}

/** A darker sign for each fifth. */
function shade(weight: number): string {
  return SHADES[Math.min(Math.floor(weight * SHADES.length), SHADES.length - 1)] ?? ''
}
