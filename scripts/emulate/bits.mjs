// Trains in Node for arm64 under emulation, and compares the bits with the record, which x64 wrote and holds to.
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { execute, root, StepError, step } from '../steps.mjs'
import { CARGO, FOLDER, nodeForArm, QEMU, TARGET } from './tools.mjs'

const RECORD = join(root, 'test', 'golden', 'bits.json')
/** Loaded in place of the binary of this machine. */
const ADDON = join(FOLDER, 'unrolled.linux-arm64-gnu.node')

const PROGRAM = `
import { system } from 'unrolled'
import { CASES } from './test/support/bits/cases.js'
console.log(JSON.stringify({ system: system() }))
for (const [name, run] of CASES) console.log(JSON.stringify({ name, digests: await run() }))
`

/** Builds the addon for arm64. */
export function buildAddon() {
  step('build addon for arm64', 'cargo', ['build', '-p', 'unrolled-node'], { env: CARGO })
  copyFileSync(join(FOLDER, TARGET, 'debug', 'libunrolled_node.so'), ADDON)
}

/** Trains every case of the record on one instruction set: what is equal, and what differs. */
export async function compareBits(isa) {
  const started = performance.now()
  const lines = await train(isa)
  const record = JSON.parse(readFileSync(RECORD, 'utf8'))
  const cases = lines.filter(({ name }) => name !== undefined)
  const differences = cases.flatMap(({ name, digests }) => differing(name, digests, record[name]))
  const failed = new Set(differences.map(({ name }) => name)).size
  return {
    name: `training in Node, ${isa}`,
    output: differences.map(({ name, part }) => `${name}: other ${part}\n`).join(''),
    passed: cases.length - failed,
    failed,
    seconds: (performance.now() - started) / 1000,
  }
}

function differing(name, digests, expected = {}) {
  const parts = new Set([...Object.keys(digests), ...Object.keys(expected)])
  return [...parts]
    .filter((part) => digests[part] !== expected[part])
    .map((part) => ({ name, part }))
}

/** Runs the program in Node for arm64, and gives its lines; its instruction set is checked. */
async function train(isa) {
  const bundle = join(root, 'build', 'emulate', 'bits.mjs')
  mkdirSync(join(root, 'build', 'emulate'), { recursive: true })
  await build({
    stdin: { contents: PROGRAM, resolveDir: root, loader: 'ts' },
    outfile: bundle,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['unrolled'],
    logLevel: 'warning',
  })
  const env = { NAPI_RS_NATIVE_LIBRARY_PATH: ADDON, UNROLLED_ISA: isa }
  const result = execute(QEMU, [nodeForArm().program, bundle], { env })
  if (!result.ok) throw new StepError(`Node for arm64 did not train\n${result.output}`)
  const lines = result.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const [{ system }] = lines
  if (system.isa !== isa || !system.platform.startsWith('linux-arm64')) {
    throw new StepError(`expected ${isa} on linux-arm64, received ${JSON.stringify(system)}`)
  }
  return lines
}
