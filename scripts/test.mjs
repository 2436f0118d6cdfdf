// Every suite, one line each, then `N passed, N failed`. A check (format, lint, types, ...) counts as one test;
// a suite that breaks off counts as one failure more. Nothing stops the suites after a failing one.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execute, root, tool } from './steps.mjs'

const reports = mkdtempSync(join(tmpdir(), 'unrolled-'))

function check(command, args) {
  const result = execute(command, args)
  return { ...result, passed: result.ok ? 1 : 0, failed: result.ok ? 0 : 1 }
}

/** Adds up cargo's `test result:` lines, one for each binary and each crate's documentation. */
function cargoTest(what = ['--workspace'], env = {}) {
  const result = execute('cargo', ['test', '--no-fail-fast', ...what], { env })
  let [passed, failed] = [0, 0]
  for (const line of result.stdout.matchAll(/^test result: .*? (\d+) passed; (\d+) failed/gm)) {
    passed += Number(line[1])
    failed += Number(line[2])
  }
  return { ...result, passed, failed }
}

/** Checks that must give the same bits on narrower instruction sets than the one that this CPU chooses. */
function sameBits() {
  const narrower = process.arch === 'x64' ? ['avx2', 'scalar'] : ['scalar']
  const tests = ['--test', 'suite', '--', 'determinism::', 'checkpointing::', 'bf16::']
  const runs = narrower.map((isa) =>
    cargoTest(['-p', 'unrolled-core', ...tests], { UNROLLED_ISA: isa }),
  )
  const sum = (key) => runs.reduce((total, run) => total + run[key], 0)
  return {
    ok: runs.every(({ ok }) => ok),
    output: runs.map(({ output }) => output).join(''),
    passed: sum('passed'),
    failed: sum('failed'),
    seconds: sum('seconds'),
  }
}

/** Adds up vitest's tests, type tests included, and counts a file that failed to load as one. */
function vitest() {
  const file = join(reports, 'vitest.json')
  const result = execute(tool('vitest'), [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile=${file}`,
  ])
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'))
    const unloaded = report.testResults.filter(
      (suite) =>
        suite.status === 'failed' &&
        !suite.assertionResults.some((test) => test.status === 'failed'),
    )
    return {
      ...result,
      passed: report.numPassedTests,
      failed: report.numFailedTests + unloaded.length,
    }
  } catch {
    return { ...result, passed: 0, failed: 0 }
  }
}

/** The committed public types must be the ones that the sources declare. */
function publicTypes() {
  const declared = readFileSync(join(root, 'index.d.ts'), 'utf8')
  const ok = declared === readFileSync(join(root, 'dist/index.d.ts'), 'utf8')
  const output =
    'index.d.ts is not what ts/ declares: review dist/index.d.ts, then run `npm run api`\n'
  return { ok, output, passed: ok ? 1 : 0, failed: ok ? 0 : 1, seconds: 0 }
}

/** The rehearsal of the publication in its short form: a test each check. */
function rehearsal() {
  const result = execute(process.execPath, ['scripts/rehearse/index.mjs', '--short'])
  const [, passed, failed] = /^(\d+) passed, (\d+) failed$/m.exec(result.stdout) ?? [0, 0, 1]
  return { ...result, passed: Number(passed), failed: Number(failed) }
}

const suites = {
  'cargo fmt': () => check('cargo', ['fmt', '--all', '--check']),
  'cargo clippy': () =>
    check('cargo', ['clippy', '--workspace', '--all-targets', '--', '-D', 'warnings']),
  'cargo test': () => cargoTest(),
  'cargo test, narrower sets': sameBits,
  'biome check': () => check(tool('biome'), ['check', '--error-on-warnings', '.']),
  tsc: () => check(tool('tsc'), ['--noEmit', '-p', 'tsconfig.json']),
  vitest: vitest,
  'public types': publicTypes,
  package: () => check(process.execPath, ['scripts/package.mjs']),
  rehearsal: rehearsal,
}

const total = { passed: 0, failed: 0 }
for (const [name, run] of Object.entries(suites)) {
  process.stdout.write(`${name} ... `)
  const result = run()
  const failed = !result.ok && result.failed === 0 ? 1 : result.failed
  total.passed += result.passed
  total.failed += failed
  console.log(`${result.passed} passed, ${failed} failed (${result.seconds.toFixed(1)} s)`)
  if (failed > 0) process.stderr.write(result.output)
}
rmSync(reports, { recursive: true })
console.log(`${total.passed} passed, ${total.failed} failed`)
process.exitCode = total.failed === 0 ? 0 : 1
