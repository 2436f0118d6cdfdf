import { fileURLToPath } from 'node:url'
import { inRoot } from '../machine.js'
import { type CompareSettings, ourSideIn, type Peer } from './settings.js'
import { type Command, Side } from './side.js'

/** Operations a second that a slow peer reaches at least: who would take too long is not asked. */
const SLOW: Readonly<Partial<Record<Peer, number>>> = { tfjs: 1e9, brain: 2e7 }

/** A library to be compared with. */
export interface Opponent {
  readonly name: Peer | 'before'
  readonly side: Side
  readonly version: string
  readonly about: string
  /** Operations a second, as far as they are known beforehand. */
  readonly rate: number
}

/** A side of ours in a process of its own, with its number of threads. */
export function ourSide(threads: number): Side {
  return new Side(nodeSide('ours', threads))
}

/** Starts the peers that are there; `absent` says of the others why they are not. */
export async function startPeers(
  settings: CompareSettings,
): Promise<{ opponents: Opponent[]; absent: { name: Peer; reason: string }[] }> {
  if (settings.before !== undefined) {
    return { opponents: [await startBefore(settings.before, settings.threads)], absent: [] }
  }
  const opponents: Opponent[] = []
  const absent: { name: Peer; reason: string }[] = []
  for (const name of settings.peers) {
    const command = commandOf(name, settings)
    if (command === undefined) {
      absent.push({ name, reason: 'skipped, for want of --python PATH' })
      continue
    }
    const side = new Side(command)
    try {
      const { version, about } = await side.ask({ ask: 'hello' })
      opponents.push({ name, side, version, about, rate: SLOW[name] ?? Number.POSITIVE_INFINITY })
    } catch (error) {
      absent.push({ name, reason: `skipped: ${error instanceof Error ? error.message : error}` })
    }
  }
  return { opponents, absent }
}

/** Starts the build of another clone; no comparison without it. */
async function startBefore(folder: string, threads: number): Promise<Opponent> {
  const side = new Side(programSide(ourSideIn(folder), threads))
  const { version, about } = await side.ask({ ask: 'hello' })
  return { name: 'before', side, version, about, rate: Number.POSITIVE_INFINITY }
}

function commandOf(name: Peer, { threads, python }: CompareSettings): Command | undefined {
  switch (name) {
    case 'torch':
      return python === undefined ? undefined : torchSide(python, threads)
    case 'onnxruntime':
      return nodeSide('onnx', threads)
    case 'tfjs':
    case 'brain':
      return nodeSide(name, 1)
  }
}

function nodeSide(module: string, threads: number): Command {
  return programSide(fileURLToPath(new URL(`sides/${module}.js`, import.meta.url)), threads)
}

function programSide(path: string, threads: number): Command {
  return {
    program: process.execPath,
    args: [path],
    env: { UNROLLED_THREADS: String(threads) },
  }
}

function torchSide(python: string, threads: number): Command {
  const count = String(threads)
  return {
    program: python,
    args: [inRoot('bench', 'compare', 'pytorch.py')],
    env: { OMP_NUM_THREADS: count, MKL_NUM_THREADS: count },
  }
}
