// Package managers and runtimes other than npm and the Node that runs the rehearsal.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { StepError } from '../steps.mjs'
import { expectBits, expectOk, install } from './checks.mjs'
import { project } from './project.mjs'

/** Settings of yarn 4 for a registry without TLS. */
function yarnSettings(cwd, url, linker) {
  const lines = [
    `nodeLinker: ${linker}`,
    `npmRegistryServer: "${url}"`,
    'unsafeHttpWhitelist: ["127.0.0.1"]',
    'enableGlobalCache: false',
    'enableTelemetry: false',
    // The rehearsal publishes what it installs, so the package is younger than any age that yarn asks for.
    'npmMinimalAgeGate: 0',
  ]
  writeFileSync(join(cwd, '.yarnrc.yml'), `${lines.join('\n')}\n`)
  writeFileSync(join(cwd, 'yarn.lock'), '')
}

/** The managers: the tool, its arguments, and what runs a program afterwards. */
const MANAGERS = {
  pnpm: { tool: 'pnpm', add: (url) => ['add', 'unrolled', '--registry', url] },
  'yarn 4, node_modules': {
    tool: 'yarn',
    prepare: (cwd, url) => yarnSettings(cwd, url, 'node-modules'),
    add: () => ['add', 'unrolled'],
  },
  "yarn 4, Plug'n'Play": {
    tool: 'yarn',
    prepare: (cwd, url) => yarnSettings(cwd, url, 'pnp'),
    add: () => ['add', 'unrolled'],
    launch: ['node'],
  },
  'yarn 1': { tool: 'yarn 1', add: (url) => ['add', 'unrolled', '--registry', url] },
  'bun install': { tool: 'Bun', add: (url) => ['add', 'unrolled', '--registry', url] },
}

/** A check for each manager: installs, then runs both forms of module. */
function managerChecks(context) {
  const { run, folder, url, toolOf } = context
  return Object.entries(MANAGERS).map(([name, { tool, prepare, add, launch }]) => [
    name,
    async () => {
      const { command, skipped } = await toolOf(tool)
      if (skipped) return `skipped: ${skipped}`
      const cwd = project(join(folder, `manager ${name.replaceAll(/[^\w]+/g, '-')}`))
      prepare?.(cwd, url)
      const [program, ...args] = command
      const { seconds } = expectOk(await run(program, [...args, ...add(url)], { cwd }), name)
      const node = launch === undefined ? [process.execPath] : [...command, ...launch]
      for (const file of ['program.mjs', 'program.cjs']) {
        await expectBits(context, node[0], [...node.slice(1), file], { cwd })
      }
      return `${seconds.toFixed(1)} s; import and require, same bits`
    },
  ])
}

/** A check for each runtime, in the project that npm made. */
function runtimeChecks(context) {
  const { folder, toolOf } = context
  const cwd = join(folder, 'npm')
  const check = (name, args = [], tool = name) => [
    name,
    async () => {
      const { command, skipped } = await toolOf(tool)
      if (skipped) return `skipped: ${skipped}`
      const forms = ['program.mjs', 'program.cjs']
      for (const file of forms)
        await expectBits(context, command[0], [...command.slice(1), ...args, file], { cwd })
      return 'import and require, same bits'
    },
  ]
  return [
    check('Node 20.0'),
    check('Node 22'),
    check('Node 24'),
    check('Bun'),
    check('Deno', ['run', '--allow-all', '--node-modules-dir=manual']),
    ['tsx', () => typescriptRuns(context, cwd)],
    ['jest, require', () => jestRuns(context, cwd)],
  ]
}

async function typescriptRuns(context, cwd) {
  const { command, skipped } = await context.toolOf('tsx')
  if (skipped) return `skipped: ${skipped}`
  return expectBits(context, command[0], [...command.slice(1), 'program.ts'], { cwd })
}

const JEST = `
const { dense, sequential, UnrolledError } = require('unrolled')
test('trains', async () => {
  const model = sequential([dense({ size: 1 })], { input: { vector: { size: 2 } } })
  await model.fit({ x: [[1, 2], [3, 4]], y: [[1], [2]] }, { loss: 'meanSquared', epochs: 2 })
  await expect(model.predict({ input: 'no' })).rejects.toThrow(UnrolledError)
})
`

async function jestRuns({ run, toolOf }, cwd) {
  const { command, skipped } = await toolOf('jest')
  if (skipped) return `skipped: ${skipped}`
  writeFileSync(join(cwd, 'rehearsal.test.cjs'), JEST)
  const args = [...command.slice(1), '--rootDir', cwd, '--testMatch', '**/*.test.cjs']
  expectOk(await run(command[0], args, { cwd }), 'jest')
  return 'passes'
}

/** A lock file of another system: the addon is missing, and the words say what to do. */
function lockChecks(context) {
  const { run, url, toolOf } = context
  return ['npm 9', 'npm 10'].map((name) => [
    `a lock file of macOS, ${name}`,
    async () => {
      const { command, skipped } = await toolOf(name)
      if (skipped) return `skipped: ${skipped}`
      const { cwd } = await install(context, `lock ${name.replace(' ', '-')}`)
      const lock = join(cwd, 'package-lock.json')
      const content = JSON.parse(readFileSync(lock, 'utf8'))
      // The rest that these versions leave of the file when node_modules was there first.
      for (const path of Object.keys(content.packages)) {
        if (/unrolled-(?!darwin-arm64)/.test(path)) delete content.packages[path]
      }
      writeFileSync(lock, JSON.stringify(content))
      rmSync(join(cwd, 'node_modules'), { recursive: true })
      const args = ['ci', '--registry', url, '--no-audit', '--no-fund']
      const { ok } = await run(command[0], [...command.slice(1), ...args], { cwd })
      if (ok && existsSync(join(cwd, 'node_modules', 'unrolled-linux-x64-gnu'))) {
        return 'installs the addon all the same'
      }
      const { output } = await run(process.execPath, ['program.mjs'], { cwd })
      if (!output.includes('package-lock.json')) throw new StepError(`no advice:\n${output}`)
      return 'the words name package-lock.json'
    },
  ])
}

export const otherManagers = (context) => [
  ...managerChecks(context),
  ...runtimeChecks(context),
  ...lockChecks(context),
]
