import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { PRECISIONS, type Precision } from './protocol.js'

export const PEERS = ['torch', 'onnxruntime', 'tfjs', 'brain'] as const
export type Peer = (typeof PEERS)[number]

/** The flags of the comparison as the command line gives them. */
export interface Flags {
  readonly shapes?: string | undefined
  readonly peers?: string | undefined
  readonly threads?: string | undefined
  readonly precision?: string | undefined
  readonly python?: string | undefined
  readonly before?: string | undefined
  readonly quick?: boolean | undefined
}

/** The settings of a comparison. */
export interface CompareSettings {
  /** A file of shapes, or the ones committed for the precision. */
  readonly shapes: string | undefined
  readonly peers: readonly Peer[]
  readonly threads: number
  readonly precision: Precision
  /** A Python that has PyTorch. */
  readonly python: string | undefined
  /** A clone of this repository at another commit, with its build: the only peer where it is given. */
  readonly before: string | undefined
  readonly quick: boolean
}

/** Checks the flags; throws one sentence that says what was expected. */
export function resolveFlags(flags: Flags): CompareSettings {
  const { shapes, python, before, quick = false } = flags
  if (shapes !== undefined && !existsSync(shapes)) throw new Error(`--shapes: no file ${shapes}`)
  if (python !== undefined && !existsSync(python)) throw new Error(`--python: no file ${python}`)
  if (before !== undefined && !existsSync(ourSideIn(before))) {
    throw new Error(`--before: no file ${ourSideIn(before)}: build that clone by npm start first`)
  }
  return {
    shapes,
    peers: peersOf(flags.peers),
    threads: threadsOf(flags.threads),
    precision: precisionOf(flags.precision),
    python,
    before,
    quick,
  }
}

/** The program that is a side of the clone in `folder`. */
export function ourSideIn(folder: string): string {
  return join(folder, 'build', 'bench', 'compare', 'sides', 'ours.js')
}

function peersOf(list: string | undefined): readonly Peer[] {
  if (list === undefined) return PEERS
  const names = list.split(',').filter((name) => name !== '')
  const unknown = names.filter((name) => !PEERS.some((peer) => peer === name))
  if (unknown.length > 0 || names.length === 0) {
    throw new Error(`--peers: expected some of ${PEERS.join(',')}, received '${list}'`)
  }
  return PEERS.filter((peer) => names.includes(peer))
}

function threadsOf(text = '1'): number {
  const threads = Number(text)
  const most = availableParallelism()
  if (!Number.isInteger(threads) || threads < 1 || threads > most) {
    throw new Error(
      `--threads: expected 1 to ${most}, the cores of this machine, received '${text}'`,
    )
  }
  return threads
}

function precisionOf(text = 'f32'): Precision {
  const precision = PRECISIONS.find((word) => word === text)
  if (precision === undefined) {
    throw new Error(`--precision: expected ${PRECISIONS.join(' or ')}, received '${text}'`)
  }
  return precision
}
