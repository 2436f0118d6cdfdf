// Builds and runs the tests of the kernels and of the core for arm64.
import { join } from 'node:path'
import { execute, root, step } from '../steps.mjs'
import { CARGO, QEMU } from './tools.mjs'

/** A test that starts a program for arm64 by itself, which the system cannot do; `forcedSets` does the same. */
const STARTING = 'isa::tests::detection_can_be_forced'

/** Tests of the size of a plan, which is the same on every machine; each takes minutes under emulation. */
export const LEFT_OUT = [
  'memory::windows_never_take_more_than_the_whole_tape',
  'memory::windows_of_a_pool_take_what_those_of_the_last_state_take',
  'memory::windows_take_a_small_part_of_a_long_tape',
]

/** Builds the test programs: the name of each with its path. */
export function buildTests() {
  const programs = ['--lib', '--test', 'suite', '--test', 'allocations']
  const args = ['test', '-p', 'unrolled-kernels', '-p', 'unrolled-core', '--no-run', ...programs]
  const built = step('build tests for arm64', 'cargo', [...args, '--message-format=json'], {
    env: CARGO,
  })
  return built.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
    .filter(({ executable, profile }) => typeof executable === 'string' && profile.test)
    .map(({ executable, target, manifest_path: manifest }) => ({
      name: `${/crates\/(\w+)/.exec(manifest)?.[1]}, ${target.kind[0] === 'lib' ? 'units' : target.name}`,
      executable,
    }))
}

/** Runs one test program: what passed, failed, and was left out. */
export function runTests({ name, executable }) {
  const skips = [STARTING, ...LEFT_OUT].flatMap((test) => ['--skip', test])
  // The one program without a list of tests counts allocations, and starts itself again if it has several threads.
  const alone = name === 'core, allocations'
  const result = execute(QEMU, [executable, ...skips], {
    cwd: join(root, 'crates', name.split(',')[0]),
    env: alone ? { UNROLLED_THREADS: '1' } : {},
  })
  const counts = /^test result: .*? (\d+) passed; (\d+) failed/m.exec(result.stdout)
  const [passed, failed] = counts?.slice(1).map(Number) ?? [alone && result.ok ? 1 : 0, 0]
  // A program that broke off has no count of failures.
  return { name, ...result, passed, failed: result.ok || failed > 0 ? failed : 1 }
}

/** The choice of an instruction set by its name, each in a process of its own. */
export function forcedSets({ executable }) {
  const test = ['--exact', 'isa::tests::detection_follows_the_variable']
  const words = ['scalar', 'neon', 'avx2', 'avx512', 'amx', '', 'NEON']
  const runs = words.map((UNROLLED_ISA) =>
    execute(QEMU, [executable, ...test], { env: { UNROLLED_ISA } }),
  )
  const failed = runs.filter(({ ok, stdout }) => !ok || !stdout.includes('1 passed'))
  return {
    name: 'kernels, forced sets',
    output: failed.map(({ output }) => output).join(''),
    passed: runs.length - failed.length,
    failed: failed.length,
    seconds: runs.reduce((sum, { seconds }) => sum + seconds, 0),
  }
}
