import { isList, isRecord } from '../brand.js'
import type { NativeReport, NativeTensor } from '../native/contract.js'
import { Tally, type TallyRecord } from './evaluate.js'
import type { EpochRecord, StepEvent } from './event.js'
import { fieldsOf } from './exact.js'
import type { OutputLoss } from './losses.js'
import type { Measured } from './measure.js'

/** The place of a run, between two steps. */
export interface Place {
  /** The epoch under way, counted from 1. */
  readonly epoch: number
  /** The steps of that epoch that are done. */
  readonly step: number
  /** The batches of these steps. */
  readonly batches: number
  /** The steps of all epochs that are done. */
  readonly total: number
  /** The time that the epoch has taken. */
  readonly seconds: number
}

/** The part of a {@link RunState} that a checkpoint keeps as JSON. */
export interface RunRecord extends Place {
  readonly tally: TallyRecord
  readonly history: readonly EpochRecord[]
}

const COUNTS = ['epoch', 'step', 'batches', 'total'] as const

/** Tells if JSON is a record of a run. */
export function isRunRecord(value: unknown): value is RunRecord {
  const fields = fieldsOf(value)
  const { history, seconds, tally } = fields
  const { terms, custom } = fieldsOf(tally)
  return (
    COUNTS.every((name) => isCount(fields[name])) &&
    typeof seconds === 'number' &&
    isEntries(terms) &&
    isEntries(custom) &&
    isList(history) &&
    history.every(isNumbers)
  )
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

/** Tells if a value is a list of names, each with an object of numbers. */
function isEntries(value: unknown): boolean {
  if (!isList(value)) return false
  return value.every(
    (entry) => isList(entry) && typeof entry[0] === 'string' && isNumbers(entry[1]),
  )
}

function isNumbers(value: unknown): boolean {
  return (
    isRecord(value) &&
    Object.values(value).every((it) => typeof it === 'number' || typeof it === 'string')
  )
}

/** How far a run has come: each step that is done is counted, in the order of the steps. */
export class RunState {
  #epoch = 1
  #step = 0
  #batches = 0
  #total = 0
  #started = performance.now()
  #losses: readonly OutputLoss[]
  #tally: Tally
  #history: readonly EpochRecord[] = []
  #states: NativeTensor[] = []
  /** `true` if a step was done and not counted, since a metric failed: there is no going on from here. */
  torn = false

  constructor(losses: readonly OutputLoss[]) {
    this.#losses = losses
    this.#tally = new Tally(losses)
  }

  /** Goes on from a record; `states` are those that the metrics' next batch begins with. */
  restore(record: RunRecord, states: NativeTensor[]): void {
    this.#epoch = record.epoch
    this.#step = record.step
    this.#batches = record.batches
    this.#total = record.total
    this.#started = performance.now() - record.seconds * 1000
    this.#tally = new Tally(this.#losses, record.tally)
    this.#history = record.history
    this.#states = states
  }

  get place(): Place {
    return {
      epoch: this.#epoch,
      step: this.#step,
      batches: this.#batches,
      total: this.#total,
      seconds: (performance.now() - this.#started) / 1000,
    }
  }

  get tally(): Tally {
    return this.#tally
  }

  /** The records of the epochs before. */
  get history(): readonly EpochRecord[] {
    return this.#history
  }

  /** The states that the metrics' next batch begins with, with `carry`. */
  get states(): NativeTensor[] {
    return this.#states
  }

  get record(): RunRecord {
    return { ...this.place, tally: this.#tally.record, history: this.#history }
  }

  /** Counts a step of some batches, measured before its update, in an epoch of `steps`. */
  count(
    { loss, learningRate, norm, skipped, memory, ...report }: NativeReport,
    measured: readonly Measured[],
    batches: number,
    steps: number | undefined,
  ): StepEvent {
    this.#tally.add(report.terms)
    if (!skipped) for (const batch of measured) this.#tally.addCustom(batch)
    this.#states = measured.at(-1)?.states ?? []
    this.#step += 1
    this.#batches += batches
    this.#total += 1
    const [epoch, step] = [this.#epoch, this.#step]
    return { type: 'step', epoch, step, steps, loss, learningRate, norm, skipped, memory }
  }

  /** Begins the next epoch, after the record of this one. */
  endEpoch(record: EpochRecord): void {
    this.#history = [...this.#history, record]
    this.#epoch += 1
    this.#step = this.#batches = 0
    this.#started = performance.now()
    this.#tally = new Tally(this.#losses)
    this.#states = []
  }
}
