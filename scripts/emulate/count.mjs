// Counts instructions of programs for arm64: a plugin of QEMU does it.
import { join } from 'node:path'
import { execute, root, step } from '../steps.mjs'
import { CARGO, FOLDER, prepare, QEMU, TARGET } from './tools.mjs'

/** Builds the plugin, and an example of the kernels; gives what counts the example's instructions. */
export function counterForArm(example) {
  const { rustc } = prepare()
  const plugin = join(FOLDER, 'libcount.so')
  const source = join(root, 'scripts', 'emulate', 'count.c')
  step('build plugin', 'cc', ['-O2', '-Wall', '-Werror', '-shared', '-fPIC', '-o', plugin, source])
  const args = ['build', '--release', '-p', 'unrolled-kernels', '--example', example]
  step(`build ${example} for arm64`, 'cargo', args, { env: CARGO })
  const program = join(FOLDER, TARGET, 'release', 'examples', example)
  return { rustc, run: (...args) => execute(QEMU, ['-plugin', `file=${plugin}`, program, ...args]) }
}
