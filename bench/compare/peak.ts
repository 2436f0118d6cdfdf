import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { inRoot } from '../machine.js'

/** What the floating-point units give at most, in 1e9 operations a second. */
export interface Peak {
  readonly f32: number
  readonly bf16?: number
}

const PROGRAM = ['run', '--release', '--quiet', '-p', 'unrolled-kernels', '--example', 'peak', '--']

/** Measures the peak on some threads together; nothing where it cannot be built. */
export function measurePeak(threads: number): Peak | undefined {
  const built = builtPeak(threads)
  if (built !== undefined) return built
  const run = spawnSync('cargo', [...PROGRAM, String(threads)], { cwd: inRoot(), encoding: 'utf8' })
  return peakOf(run.stdout)
}

/** Once built, the program alone: cargo's look at the sources takes longer than the measurement. */
function builtPeak(threads: number): Peak | undefined {
  if (!fresh) {
    fresh = true
    return undefined
  }
  const program = join(inRoot('target', 'release', 'examples'), 'peak')
  return peakOf(spawnSync(program, [String(threads)], { encoding: 'utf8' }).stdout)
}

let fresh = false

function peakOf(text: string | null): Peak | undefined {
  try {
    return JSON.parse(text ?? '') as Peak
  } catch {
    return undefined
  }
}
