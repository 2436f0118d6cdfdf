import { geometricMean } from '../measure.js'
import type { Precision } from './protocol.js'
import type { Row } from './row.js'
import { CELLS, type Shape } from './shape.js'

/** Something that was set out to be reached, over the rows that it is about. */
interface Target {
  readonly work: string
  readonly against: string
  readonly precision: Precision
  /** The geometric mean to reach, and what no row should be below. */
  readonly least: number
  readonly never?: number
  readonly about: (shape: Shape) => boolean
}

const TRAIN = 'training step'
const trains = ({ task, hidden }: Shape, least = 1): boolean => task === 'train' && hidden >= least
const batchOne = ({ set, task, hidden }: Shape): boolean =>
  (set === 'batch 1' || task === 'step') && hidden >= 64 && hidden <= 1024

const TARGETS: readonly Target[] = [
  { work: TRAIN, against: 'torch', precision: 'f32', least: 1.4, never: 1, about: trains },
  {
    work: `${TRAIN}, GRU and RNN`,
    against: 'torch',
    precision: 'f32',
    least: 2,
    never: 1,
    about: (shape) => trains(shape) && shape.cell !== 'lstm',
  },
  {
    work: 'inference',
    against: 'onnxruntime',
    precision: 'f32',
    least: 1.25,
    never: 1,
    about: (shape) => shape.task === 'infer' && !batchOne(shape),
  },
  {
    work: 'batch 1, hidden 64 to 1024, sequences',
    against: 'onnxruntime',
    precision: 'f32',
    least: 2,
    never: 1,
    about: (shape) => batchOne(shape) && shape.task === 'infer',
  },
  {
    work: 'batch 1, hidden 64 to 1024, one step a call',
    against: 'onnxruntime',
    precision: 'f32',
    least: 2,
    never: 1,
    about: (shape) => batchOne(shape) && shape.task === 'step',
  },
  { work: TRAIN, against: 'tfjs', precision: 'f32', least: 20, never: 10, about: trains },
  {
    work: '2 threads',
    against: 'ours, 1 thread',
    precision: 'f32',
    least: 1.7,
    about: ({ batch }) => batch >= 32,
  },
  {
    work: 'ragged batch',
    against: 'ours, full',
    precision: 'f32',
    least: 1.8,
    about: () => true,
  },
  {
    work: `${TRAIN} in bf16, hidden 256 and more`,
    against: 'torch',
    precision: 'bf16',
    least: 1.2,
    never: 1,
    about: (shape) => trains(shape, 256),
  },
  {
    work: `${TRAIN} in bf16, hidden 512`,
    against: 'ours, f32',
    precision: 'bf16',
    least: 2.5,
    about: (shape) => trains(shape) && shape.hidden === 512,
  },
]

/** The result of a target. */
export interface Reached {
  readonly work: string
  readonly against: string
  readonly least: number
  readonly never?: number
  readonly geometricMean: number
  /** The geometric mean at the roofline, where that is known. */
  readonly most?: number
  readonly lowest: number
  readonly rows: number
}

/** The results of a run, for the targets that some of its rows are about. */
export function reachedBy(rows: readonly Row[], precision: Precision): Reached[] {
  return TARGETS.filter((target) => target.precision === precision).flatMap((target) => {
    const duels = rows
      .filter(({ shape }) => target.about(shape))
      .flatMap((row) => row.duels.filter(({ name }) => name === target.against))
    if (duels.length === 0) return []
    const ratios = duels.map(({ ratio }) => ratio.ofMedians)
    const bounds = duels.flatMap(({ most }) => (most === undefined ? [] : [most]))
    const { work, against, least, never } = target
    return {
      work,
      against,
      least,
      ...(never !== undefined && { never }),
      geometricMean: geometricMean(ratios),
      ...(bounds.length === duels.length && { most: geometricMean(bounds) }),
      lowest: Math.min(...ratios),
      rows: ratios.length,
    }
  })
}

/** Microseconds that one step of hidden size 128 should take at most, and takes by cell. */
export const STEP = { hidden: 128, most: 8 } as const

/** The time of one step from JavaScript at {@link STEP}'s size, by cell. */
export function stepMicroseconds(rows: readonly Row[]): { cell: string; microseconds: number }[] {
  return CELLS.flatMap((cell) => {
    const row = rows.find(({ shape: { task, layers, hidden, ...shape } }) => {
      return task === 'step' && layers === 1 && hidden === STEP.hidden && shape.cell === cell
    })
    const milliseconds = row?.milliseconds
    return milliseconds === undefined ? [] : [{ cell, microseconds: 1000 * milliseconds.median }]
  })
}
