import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Machine, machineWords } from '../machine.js'
import { recordText } from '../record-text.js'
import { table } from '../table.js'
import { type Figure, type Job, type Outcome, reached, type Work } from './job.js'
import { openFolder, type Starts, saveStarts } from './place.js'
import { clock } from './progress.js'

/** One run of a job, with its files. */
export interface Order extends Work {
  readonly name: string
  readonly job: Job
  readonly machine: Machine
  /** The command, for the record and for going on. */
  readonly command: string
  /** Forgets an earlier start. */
  readonly fresh: boolean
  /** The file of the record; none for a run that leaves no record. */
  readonly record: string | undefined
}

/** A record of `bench/record/`. */
export interface Reproduction extends Outcome {
  readonly name: string
  readonly about: string
  readonly command: string
  readonly machine: Machine
  readonly reduced: boolean
  readonly seed: number
  readonly settings: object
  readonly starts: Starts
}

/** Runs a job, prints its figures and writes its record; gives none when the run was stopped. */
export async function reproduce(order: Order): Promise<Reproduction | undefined> {
  const { name, job, machine, command, reduced, seed, folder, record, say } = order
  if (order.fresh) rmSync(folder, { recursive: true, force: true })
  const settings = job.settings[reduced ? 'reduced' : 'full']
  const kind = { name, reduced, seed, settings }
  const before = openFolder(folder, kind)
  say(`${name}: ${job.about}`)
  say(`${machineWords(machine)}seed ${seed}; process ${process.pid}, places in ${folder}`)
  const started = performance.now()
  const starts = (): Starts => ({
    count: before.count + 1,
    seconds: before.seconds + (performance.now() - started) / 1000,
  })
  try {
    const outcome = await job.run(order)
    const { about } = job
    const run = { about, command, machine, starts: starts() }
    const result = { ...kind, ...run, ...outcome }
    say(`\n${figuresText(outcome.figures)}\n${clock(result.starts.seconds)} in all`)
    if (record !== undefined) {
      mkdirSync(dirname(record), { recursive: true })
      writeFileSync(record, recordText(result))
      say(`record: ${record}`)
    }
    return result
  } catch (error) {
    if (!order.signal.aborted || error !== order.signal.reason) throw error
    say(`stopped; the same command goes on from there:\n  ${command}`)
    return undefined
  } finally {
    saveStarts(folder, kind, starts())
  }
}

/** The figures, each beside the published ones. */
export function figuresText(figures: readonly Figure[]): string {
  const percent = (value: number): string => `${value.toFixed(1)} %`
  const rows = figures.map((figure) => {
    const { target } = figure
    const bound =
      target === undefined
        ? ''
        : 'atMost' in target
          ? `at most ${percent(target.atMost)}`
          : `at least ${percent(target.atLeast)}`
    const verdict = target === undefined ? '' : reached(figure) ? 'reached' : 'not reached'
    const published = figure.published?.map((one) => percent(one.percent)).join(', ') ?? ''
    return [figure.name, percent(figure.percent), bound, verdict, published]
  })
  const sources = new Set(
    figures.flatMap(({ published = [] }) =>
      published.map((one) => `  ${percent(one.percent)}: ${one.source}\n`),
    ),
  )
  return table(['', 'ours', 'target', '', 'published'], rows) + [...sources].join('')
}
