import type { CompareSettings } from './compare/settings.js'
import type { Machine } from './machine.js'

/** A benchmark that can be run by itself. */
export interface Benchmark {
  /** Its subject, in one line. */
  readonly about: string
  /** Measures, prints its table and returns the record. */
  run(settings: Settings): Promise<object>
}

/** Options of a benchmark. */
export interface Settings {
  /** Two rounds, to see that it runs. */
  readonly quick: boolean
  readonly compare: CompareSettings
  readonly machine: Machine
}
