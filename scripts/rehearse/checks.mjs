// Checks of a rehearsal with npm alone; each check throws what is wrong, or returns words for the table.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root, StepError, tool } from '../steps.mjs'
import { bitsOf } from './programs.mjs'
import { bytesBelow, project, TYPESCRIPT, writeTsconfig } from './project.mjs'

/** Bytes that an installation may take. */
const MOST_BYTES = 5_000_000
/** Lines that the words about a missing addon may have. */
const MOST_LINES = 15

/** Refuses a command that failed. */
export function expectOk(result, what) {
  if (!result.ok) throw new StepError(`${what} failed:\n${result.output}`)
  return result
}

/** Runs a program and compares its bits with those of the repository's build. */
export async function expectBits({ run, bits }, command, args, options) {
  const { output, seconds } = expectOk(
    await run(command, args, options),
    [command, ...args].join(' '),
  )
  const found = bitsOf(output)
  if (found !== bits) throw new StepError(`expected bits ${bits}, received ${found}:\n${output}`)
  return `${seconds.toFixed(1)} s, same bits`
}

/** `npm install` in an empty project. */
export async function install({ run, folder, url }, name, ...flags) {
  const cwd = project(join(folder, name))
  const args = ['install', 'unrolled', '--registry', url, '--no-audit', '--no-fund', ...flags]
  const result = expectOk(await run('npm', args, { cwd }), `npm ${args.join(' ')}`)
  return { cwd, seconds: result.seconds }
}

/** The checks of npm, in their order; the first installs for those after it. */
export function npmChecks(context) {
  const { run, folder } = context
  const cwd = join(folder, 'npm')
  const typescript = Object.entries(TYPESCRIPT).map(([name, options]) => [
    `TypeScript, ${name}`,
    async () => {
      writeTsconfig(cwd, options)
      expectOk(await run(process.execPath, [tool('tsc'), '-p', cwd], { cwd }), 'tsc')
      return 'compiles'
    },
  ])
  return [
    [
      'npm install',
      async () => {
        const { seconds } = await install(context, 'npm')
        const bytes = bytesBelow(join(cwd, 'node_modules'))
        if (bytes > MOST_BYTES) throw new StepError(`${bytes} bytes are more than ${MOST_BYTES}`)
        return `${seconds.toFixed(1)} s, ${(bytes / 1e6).toFixed(2)} MB`
      },
    ],
    ['Node, import', () => expectBits(context, process.execPath, ['program.mjs'], { cwd })],
    ['Node, require', () => expectBits(context, process.execPath, ['program.cjs'], { cwd })],
    ...typescript,
    ['npm install --omit=optional', () => expectAdvice(context)],
    ['npm install for another system', () => expectOtherSystem(context)],
    ['npm install --cpu=wasm32', () => webAssembly(context)],
  ]
}

const IMPORT = `
const start = performance.now()
import('unrolled').then(() => console.log('ms ' + (performance.now() - start)))
`

/** The import in the project that npm made: the median of some fresh processes. */
export async function coldImport({ run, folder }) {
  const cwd = join(folder, 'npm')
  const times = []
  for (let i = 0; i < 9; i++) {
    const { stdout } = expectOk(await run(process.execPath, ['-e', IMPORT], { cwd }), 'import')
    times.push(Number(/^ms (.*)$/m.exec(stdout)?.[1]))
  }
  const median = times.sort((a, b) => a - b)[4] ?? Number.NaN
  return `${median.toFixed(0)} ms`
}

async function expectAdvice(context) {
  const { cwd } = await install(context, 'omitted', '--omit=optional')
  const { ok, output } = await context.run(process.execPath, ['program.mjs'], { cwd })
  const lines = output.trim().split('\n')
  // Node adds the place of the throw and its own version.
  const words = lines.slice(lines.findIndex((line) => line.includes('native addon:')))
  if (ok || !output.includes('--include=optional')) throw new StepError(`no advice:\n${output}`)
  if (words.length > MOST_LINES) throw new StepError(`${words.length} lines:\n${output}`)
  return `advice in ${words.length} lines`
}

async function expectOtherSystem(context) {
  const { cwd } = await install(context, 'other', '--os=darwin', '--cpu=arm64')
  const names = ['unrolled-darwin-arm64']
  for (const name of names) bytesBelow(join(cwd, 'node_modules', name))
  return `installs ${names.join(', ')}`
}

/** The addon of WebAssembly, which the workflow builds; it is taken where no other is installed. */
async function webAssembly(context) {
  if (!existsSync(join(root, 'native', 'unrolled.wasm32-wasip1.wasm'))) {
    return 'skipped: native/ has no addon of WebAssembly'
  }
  const { cwd } = await install(context, 'wasm', '--cpu=wasm32')
  return expectBits(context, process.execPath, ['program.mjs'], { cwd })
}
