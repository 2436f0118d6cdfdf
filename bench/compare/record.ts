import type { Machine } from '../machine.js'
import type { TOLERANCE } from './agreement.js'
import type { Precision } from './protocol.js'
import type { Row } from './row.js'
import type { Reached } from './targets.js'

/** The record of a run of the comparison. */
export interface Comparison {
  readonly settings: {
    readonly shapes: string
    readonly peers: readonly string[]
    readonly threads: number
    readonly precision: Precision
  }
  /** The versions of the other libraries. */
  readonly versions: Readonly<Record<string, string>>
  readonly tolerance: (typeof TOLERANCE)[Precision]
  readonly rows: readonly Row[]
  readonly reached: readonly Reached[]
  readonly steps: readonly { readonly cell: string; readonly microseconds: number }[]
}

/** A file of `--json` that has a comparison in it. */
export interface ComparisonRecord {
  readonly machine: Machine
  readonly quick: boolean
  readonly compare: Comparison
}
