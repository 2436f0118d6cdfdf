import type { CompareSettings } from './compare/settings.js'
import type { Machine } from './machine.js'

/** What can be measured by itself. */
export interface Benchmark {
  /** What is measured, in one line. */
  readonly about: string
  /** Measures, prints its table and gives what goes on record. */
  run(settings: Settings): Promise<object>
}

/** How thoroughly to measure. */
export interface Settings {
  /** A look at whether it runs rather than a measurement. */
  readonly quick: boolean
  readonly compare: CompareSettings
  readonly machine: Machine
}
