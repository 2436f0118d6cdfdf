import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { inRoot } from '../machine.js'
import { short } from '../table.js'
import { chart } from './chart.js'
import { percent, reachedCells, SUMMARY, timeWords, verdict } from './print.js'
import type { ComparisonRecord } from './record.js'
import type { Row } from './row.js'
import { shapeWords } from './shape.js'
import { STEP } from './targets.js'

const README = ['bench', 'README.md']
const NAMES = ['compare', 'compare-bf16']

/**
 * Writes the tables of bench/README.md, between their marks, and the pictures beside the records,
 * from `bench/record/compare.json` and, where there is one, `bench/record/compare-bf16.json`.
 */
export function report(): void {
  const path = inRoot(...README)
  let page = readFileSync(path, 'utf8')
  for (const name of NAMES) {
    const file = inRoot('bench', 'record', `${name}.json`)
    if (!existsSync(file)) {
      console.log(`no ${file}: nothing changed for it`)
      continue
    }
    const record = JSON.parse(readFileSync(file, 'utf8')) as ComparisonRecord
    page = between(page, name, reportWords(record, name))
    writeFileSync(inRoot('bench', 'record', `${name}.svg`), picture(record))
    console.log(`${README.join('/')} and ${name}.svg are as ${name}.json says`)
  }
  writeFileSync(path, page)
}

/** The page with other text between the marks of a name. */
export function between(page: string, name: string, text: string): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const from = page.indexOf(start)
  const to = page.indexOf(end)
  if (from < 0 || to < from) throw new Error(`${README.join('/')} has no ${start} ... ${end}`)
  return `${page.slice(0, from + start.length)}\n\n${text}\n${page.slice(to)}`
}

function picture({ compare, machine }: ComparisonRecord): string {
  const { precision, threads } = compare.settings
  const title = `How many times as fast as the other: ${precision}, ${threads} thread(s), ${machine.cpu}`
  return chart(compare.rows, title)
}

/** The tables of a record as Markdown. */
export function reportWords({ machine, quick, compare }: ComparisonRecord, name: string): string {
  const { settings, versions, rows, reached, steps } = compare
  const others = Object.entries(versions).map(([who, version]) => `${who} ${version}`)
  const parts = [
    quick ? '**A quick look at whether it runs: not a measurement.**\n' : '',
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.isa}, Node.js ` +
      `${machine.node.slice(1)}, commit ${machine.commit}, ${machine.date.slice(0, 10)}; ` +
      `${settings.precision}, ${settings.threads} thread${settings.threads === 1 ? '' : 's'} for ` +
      `everyone. ${others.join('; ')}. Samples: [record/${name}.json](record/${name}.json).\n`,
    `![Ratios of all rows](record/${name}.svg)\n`,
    markdown(SUMMARY, reached.map(reachedCells)),
    ...steps.map(
      ({ cell, microseconds }) =>
        `One step of ${cell} ${STEP.hidden} from JavaScript: ${short(microseconds)} us ` +
        `(to reach: ${STEP.most}).\n`,
    ),
    ...setsOf(rows).map(([set, members]) => `**${set}**\n\n${setTable(members)}`),
  ]
  return parts.filter((part) => part !== '').join('\n')
}

function setsOf(rows: readonly Row[]): [string, Row[]][] {
  const sets = new Map<string, Row[]>()
  for (const row of rows) sets.set(row.shape.set, [...(sets.get(row.shape.set) ?? []), row])
  return [...sets]
}

const COLUMNS = [
  '',
  'against',
  'ours',
  'theirs',
  'ratio (by round)',
  '',
  'by processor time',
  'at the roofline',
  'GFLOP/s',
  'of the peak',
  'of the roofline',
]

/** A line for each pair, and one for what is wrong; what is out of place is in the text. */
function setTable(rows: readonly Row[]): string {
  const lines = rows.flatMap(({ shape, duels, left, flops, ceilings, least }): string[][] => {
    const rate = (milliseconds: number): number => flops / milliseconds / 1e6
    const pairs = duels.map(
      ({ name, note, oursMs, theirsMs, ratio, processorRatio, most, gflops }) => [
        shapeWords(shape),
        note === undefined ? name : `${name}, ${note}`,
        timeWords(oursMs.median),
        timeWords(theirsMs.median),
        `${short(ratio.ofMedians)} (${short(ratio.byRound.p10)}..${short(ratio.byRound.p90)})`,
        verdict(ratio.ofMedians),
        short(processorRatio),
        most === undefined ? '' : short(most),
        `${short(rate(oursMs.median))} : ${short(gflops)}`,
        ceilings === undefined ? '' : percent(rate(oursMs.median) / ceilings.peak),
        least === undefined ? '' : percent(least / oursMs.median),
      ],
    )
    const wrong = left.filter((one) => one.wrong)
    return [
      ...pairs,
      ...wrong.map(({ name, reason }) => [shapeWords(shape), name, '', '', '', reason]),
    ]
  })
  return markdown(COLUMNS, lines)
}

/** A table as the formatter leaves it: words to the left, in the first two columns, figures right. */
function markdown(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows]
  const widths = header.map((_, at) => Math.max(3, ...all.map((cells) => cells[at]?.length ?? 0)))
  const left = (column: number): boolean => column < 2
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`
  const padded = (cells: readonly string[]): string =>
    line(widths.map((width, at) => (cells[at] ?? '')[left(at) ? 'padEnd' : 'padStart'](width)))
  const rule = widths.map((width, at) =>
    left(at) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  )
  return padded(header) + line(rule) + rows.map(padded).join('')
}
