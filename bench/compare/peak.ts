import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { inRoot } from '../machine.js'
import type { Precision } from './protocol.js'
import { type Ceilings, weightBytes } from './roofline.js'
import type { Shape } from './shape.js'

const PROGRAM = ['run', '--release', '--quiet', '-p', 'unrolled-kernels', '--example', 'peak', '--']

/** Measures the ceilings of a row on some threads together; nothing where that cannot be built. */
export function measureCeilings(
  shape: Shape,
  precision: Precision,
  threads: number,
): Ceilings | undefined {
  const words = [threads, ...weightBytes(shape, precision)].map(String)
  return ceilingsOf(built ? program(words) : build(words), precision)
}

/** Once built, the program alone: cargo's look at the sources takes longer than the measurement. */
function program(words: readonly string[]): string | null {
  const path = join(inRoot('target', 'release', 'examples'), 'peak')
  return spawnSync(path, words, { encoding: 'utf8' }).stdout
}

function build(words: readonly string[]): string | null {
  built = true
  console.log('  the program that measures the peak is built first, where it is not yet')
  return spawnSync('cargo', [...PROGRAM, ...words], { cwd: inRoot(), encoding: 'utf8' }).stdout
}

let built = false

function ceilingsOf(text: string | null, precision: Precision): Ceilings | undefined {
  try {
    const { latency, reads, ...peaks } = JSON.parse(text ?? '')
    const peak = peaks[precision]
    return typeof peak === 'number' ? { peak, latency, reads } : undefined
  } catch {
    return undefined
  }
}
