/** A point of a curve: step and bits a character. */
export type Point = readonly [step: number, bits: number]

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [720, 400, 56, 48, 24]

/** Training and validation loss over the steps, and a level line if there is one, as SVG. */
export function lossCurve(
  training: readonly Point[],
  validation: readonly Point[],
  level: { readonly name: string; readonly bits: number } | undefined,
): string {
  const steps = Math.max(1, ...training.map(([step]) => step))
  const levels = level === undefined ? [] : [level]
  const bits = (points: readonly Point[]): number[] => points.map(([, bits]) => bits)
  const marks = levels.map((level) => level.bits)
  const high = Math.max(1, ...marks, ...bits(training))
  const low = Math.floor(Math.min(high, ...marks, ...bits(validation)) * 2) / 2 - 0.5
  const x = (step: number): number => LEFT + ((WIDTH - LEFT - 24) * step) / steps
  const y = (bits: number): number =>
    TOP + ((HEIGHT - TOP - BOTTOM) * (high - bits)) / Math.max(high - low, 1e-9)
  const path = (points: readonly Point[]): string =>
    points.map(([step, bits]) => `${x(step).toFixed(1)},${y(bits).toFixed(1)}`).join(' ')
  const ticks = Array.from({ length: Math.floor(high - low) + 1 }, (_, i) => Math.ceil(low) + i)
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    ...ticks.flatMap((tick) => [
      `<line x1="${LEFT}" x2="${WIDTH - 24}" y1="${y(tick)}" y2="${y(tick)}" stroke="#ddd"/>`,
      `<text x="${LEFT - 8}" y="${y(tick) + 4}" text-anchor="end">${tick}</text>`,
    ]),
    `<text x="${LEFT}" y="16">bits per character</text>`,
    `<text x="${WIDTH - 24}" y="${HEIGHT - 16}" text-anchor="end">${steps} steps</text>`,
    ...levels.flatMap(({ name, bits }) => [
      `<line x1="${LEFT}" x2="${WIDTH - 24}" y1="${y(bits)}" y2="${y(bits)}" stroke="#b00" stroke-dasharray="4 4"/>`,
      `<text x="${WIDTH - 28}" y="${y(bits) - 6}" text-anchor="end" fill="#b00">${name} ${bits.toFixed(2)}</text>`,
    ]),
    `<polyline points="${path(training)}" fill="none" stroke="#07c" stroke-width="1.5"/>`,
    `<polyline points="${path(validation)}" fill="none" stroke="#e80" stroke-width="2"/>`,
    `<text x="${LEFT + 8}" y="${HEIGHT - 16}"><tspan fill="#07c">training</tspan> <tspan fill="#e80">validation</tspan></text>`,
    '</svg>',
  ]
  return `${lines.join('\n')}\n`
}
