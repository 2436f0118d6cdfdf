import { spawnSync } from 'node:child_process'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { system, version } from 'unrolled'

/** The root of the repository, from `build/bench`. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** The machine of a figure. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly isa: string
  readonly threads: number
  readonly node: string
  readonly platform: string
  readonly unrolled: string
  readonly commit: string
  readonly date: string
}

/** This machine and this build. */
export function thisMachine(): Machine {
  const { isa, threads } = system()
  return {
    cpu: cpuName(),
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    isa,
    threads,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    unrolled: version,
    commit: commit(),
    date: new Date().toISOString(),
  }
}

function cpuName(): string {
  const [cpu] = cpus()
  const info = spawnSync('lscpu', { encoding: 'utf8' }).stdout ?? ''
  const [family, model] = ['CPU family', 'Model'].map(
    (name) => new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(info)?.[1],
  )
  const numbers = family === undefined ? '' : `, family ${family} model ${model}`
  return `${cpu?.model ?? 'unknown'}${numbers}`
}

function commit(): string {
  const git = (...args: string[]): string =>
    (spawnSync('git', ['-C', root, ...args], { encoding: 'utf8' }).stdout ?? '').trim()
  const changed = git('status', '--porcelain', '--', 'crates', 'ts', 'Cargo.toml', 'Cargo.lock')
  return `${git('rev-parse', '--short', 'HEAD') || 'unknown'}${changed === '' ? '' : ' and changes'}`
}

/** The machine in two lines. */
export function machineWords(machine: Machine): string {
  const { cpu, cores, memoryGiB, isa, threads, node, platform, unrolled, commit } = machine
  return (
    `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}, Node ${node}\n` +
    `unrolled ${unrolled} at ${commit}, ${isa}, ${threads} threads\n`
  )
}

/** A file of the built benchmarks' repository. */
export function inRoot(...path: string[]): string {
  return join(root, ...path)
}
