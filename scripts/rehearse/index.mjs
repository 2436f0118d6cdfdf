// Publishes the packages to a registry on this machine, installs them as users do, and runs a training.
//
//   npm run rehearse                 with every manager, runtime and bundler that installs here
//   npm run rehearse -- --short      with npm and this Node alone
//   npm run rehearse -- --json FILE  keeps the table
//
// Nothing is published elsewhere. The platforms whose addon is not here get a package without one.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { manifest, PACKAGES, pack, platformNames } from '../pack.mjs'
import { main, root, StepError } from '../steps.mjs'
import { bundlerChecks } from './bundlers.mjs'
import { coldImport, npmChecks } from './checks.mjs'
import { otherManagers } from './managers.mjs'
import { bitsOf, PROGRAMS } from './programs.mjs'
import { publish, startRegistry } from './registry.mjs'
import { runner } from './run.mjs'
import { toolbox } from './tools.mjs'

/** A package in place of one whose addon was not built here. */
function standIn(name) {
  const folder = join(PACKAGES, `${manifest.name}-${name}`)
  const [system, processor, libc] = name.split('-')
  // WebAssembly is a processor to npm, on any system.
  const fits = system === 'wasm32' ? { cpu: [system] } : { os: [system], cpu: [processor] }
  mkdirSync(folder, { recursive: true })
  const main = `unrolled.${name}.node`
  const libcs = { gnu: ['glibc'], musl: ['musl'] }[libc]
  const { version } = manifest
  const fields = { name: `unrolled-${name}`, version, ...fits, main, files: [main] }
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ ...fields, ...(libcs && { libc: libcs }) }),
  )
  writeFileSync(join(folder, main), 'no addon: a rehearsal')
}

/** The bits of the program with the build of this repository. */
async function expectedBits(run) {
  const path = join(root, 'build', 'rehearsal.mjs')
  writeFileSync(path, PROGRAMS['program.mjs'])
  const { output } = await run(process.execPath, [path], { cwd: root })
  const bits = bitsOf(output)
  if (bits === undefined) throw new StepError(`the program of the rehearsal failed:\n${output}`)
  return bits
}

/** Runs the checks one after another: a row of the table each. */
async function perform(checks) {
  const rows = []
  for (const [name, check] of checks) {
    const words = await check().catch(
      (error) => `FAILED: ${error instanceof StepError ? error.message : error.stack}`,
    )
    console.log(`  ${name.padEnd(34)} ${words}`)
    rows.push([name, words])
  }
  return rows
}

/** Keeps the table with the machine that it is of. */
function keep(path, rows) {
  const machine = { system: `${process.platform} ${process.arch}`, node: process.version }
  const record = { date: new Date().toISOString(), ...machine, rows: Object.fromEntries(rows) }
  writeFileSync(path, `${JSON.stringify(record, null, 2)}\n`)
}

main(async () => {
  const { values } = parseArgs({
    options: { short: { type: 'boolean' }, json: { type: 'string' } },
  })
  const folder = mkdtempSync(join(tmpdir(), 'unrolled-rehearsal-'))
  const run = runner({
    cwd: folder,
    // Caches of managers remember the address of the registry, which is another one each time.
    env: {
      npm_config_cache: join(folder, 'cache'),
      npm_config_userconfig: join(folder, 'npmrc'),
      YARN_GLOBAL_FOLDER: join(folder, 'yarn'),
      YARN_CACHE_FOLDER: join(folder, 'yarn-cache'),
      BUN_INSTALL_CACHE_DIR: join(folder, 'bun-cache'),
      XDG_DATA_HOME: join(folder, 'data'),
      XDG_CACHE_HOME: join(folder, 'xdg-cache'),
    },
  })
  const here = pack({ all: false })
  for (const name of platformNames().filter((it) => !here.includes(it))) standIn(name)
  const registry = await startRegistry(folder)
  try {
    for (const name of platformNames()) {
      await publish(run, join(PACKAGES, `${manifest.name}-${name}`), registry.url)
    }
    await publish(run, join(PACKAGES, manifest.name), registry.url)
    const context = { run, folder, url: registry.url, bits: await expectedBits(run) }
    context.toolOf = toolbox(context)
    const timed = ['import in a fresh process', () => coldImport(context)]
    const more = values.short ? [] : [timed, ...otherManagers(context), ...bundlerChecks(context)]
    const rows = await perform([...npmChecks(context), ...more])
    if (values.json !== undefined) keep(values.json, rows)
    const failed = rows.filter(([, words]) => words.startsWith('FAILED'))
    const skipped = rows.filter(([, words]) => words.startsWith('skipped'))
    if (skipped.length > 0) console.log(`${skipped.length} skipped`)
    console.log(`${rows.length - failed.length - skipped.length} passed, ${failed.length} failed`)
    if (failed.length > 0) throw new StepError(`${failed.length} checks failed`)
  } finally {
    await registry.stop()
    rmSync(folder, { recursive: true, force: true })
    // The stand-ins are not to be published.
    pack({ all: false })
  }
})
