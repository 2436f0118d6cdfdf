/** A record as JSON: lists of numbers on one line, numbers with six significant digits. */
export function recordText(record: object): string {
  const rounded = JSON.stringify(
    record,
    (_, value: unknown) =>
      typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value,
    1,
  )
  const lists = rounded.replace(/\[[\s\d.,e+-]+\]/g, (list) => list.replace(/\s+/g, ''))
  return `${lists}\n`
}
