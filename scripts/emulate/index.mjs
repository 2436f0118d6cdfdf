// Runs for arm64 on a machine that is none: tests of the kernels and the core, trainings in Node, counts of instructions.
//
//   npm run emulate               what differs from x64 is a failure: exit code 1. Exit code 2: this machine cannot emulate
//   npm run emulate -- --record   writes what ran to test/golden/emulate.json as well
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execute, main, root } from '../steps.mjs'
import { buildAddon, compareBits } from './bits.mjs'
import { buildTests, forcedSets, LEFT_OUT, runTests } from './tests.mjs'
import { prepare, Skipped } from './tools.mjs'

const RECORD = join(root, 'test', 'golden', 'emulate.json')

const NOTES = [
  `left out, as the size of a plan is the same everywhere: ${LEFT_OUT.join(', ')}`,
  'left out, as it starts itself again for arm64, which QEMU cannot: crates/core/tests/out_of_memory.rs',
  'left out: tests in TypeScript, as vitest starts workers, which QEMU cannot; speed, of which emulation says nothing',
  'musl: Debian has no standard library of Rust for it; .github/workflows/build.yml builds both targets and trains on Alpine',
]

function report({ name, passed, failed, seconds, output }) {
  console.log(
    `${name.padEnd(28)} ${String(passed).padStart(6)} passed ${String(failed).padStart(4)} failed ${seconds.toFixed(0).padStart(6)} s`,
  )
  if (failed > 0) process.stderr.write(output)
  return { name, passed, failed, seconds: Math.round(seconds) }
}

function countInstructions() {
  const { ok, output, stdout, seconds } = execute(process.execPath, [
    'scripts/instructions.mjs',
    '--neon',
  ])
  if (ok) process.stdout.write(stdout)
  return { name: 'instructions, neon', output, passed: ok ? 1 : 0, failed: ok ? 0 : 1, seconds }
}

async function emulate() {
  const versions = prepare()
  console.log(Object.values(versions).join('\n'))
  const programs = buildTests()
  buildAddon()
  const rows = []
  for (const program of programs) rows.push(report(runTests(program)))
  rows.push(report(forcedSets(programs.find(({ name }) => name === 'kernels, units'))))
  rows.push(report(await compareBits('neon')))
  rows.push(report(countInstructions()))
  console.log(NOTES.join('\n'))
  const sum = (key) => rows.reduce((total, row) => total + row[key], 0)
  console.log(`${sum('passed')} passed, ${sum('failed')} failed in ${sum('seconds')} s`)
  if (process.argv.includes('--record')) {
    const date = new Date().toISOString().slice(0, 10)
    writeFileSync(RECORD, `${JSON.stringify({ date, ...versions, rows, notes: NOTES }, null, 2)}\n`)
  }
  process.exitCode = sum('failed') === 0 ? 0 : 1
}

await main(async () => {
  try {
    await emulate()
  } catch (error) {
    if (!(error instanceof Skipped)) throw error
    console.log(`skipped: ${error.message}`)
    process.exitCode = 2
  }
})
