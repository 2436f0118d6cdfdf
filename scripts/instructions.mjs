// Instructions of the hot kernels: they say the same on a busy machine as on a quiet one.
//
//   node scripts/instructions.mjs            counts, and says what differs from the record by more than 1 %
//   node scripts/instructions.mjs --record   counts, and makes that the record
//   node scripts/instructions.mjs --neon     the same for arm64, under emulation
//
// Valgrind counts on x64; it knows no AVX-512, so the kernels run as AVX2. QEMU counts for arm64. A kernel is run twice,
// with other numbers of calls: the difference is that of the calls, without the rest of the process.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { counterForArm } from './emulate/count.mjs'
import { execute, main, root, StepError, step } from './steps.mjs'

const KERNELS = [
  'product',
  'lstm_step',
  'lstm_backward',
  'gru_step',
  'gru_backward',
  'activation_step',
  'outer',
  'adam',
]
const CALLS = [4, 12]
const ISA = process.argv.includes('--neon') ? 'neon' : 'avx2'
const RECORD = join(root, 'bench', 'record', `instructions-${ISA}.json`)

/** Builds the program `calls`, and gives what runs it and prints `Collected : COUNT`. */
function counterForX64() {
  if (process.arch !== 'x64') {
    throw new StepError('instructions: the record is of x64; this machine is another')
  }
  if (!execute('valgrind', ['--version']).ok) {
    throw new StepError(
      'instructions: Valgrind is not installed (on Debian: apt-get install valgrind)',
    )
  }
  const cargo = ['build', '--release', '-p', 'unrolled-kernels', '--example', 'calls']
  step('build calls', 'cargo', cargo)
  const program = join(root, 'target', 'release', 'examples', 'calls')
  const options = ['--tool=callgrind', '--callgrind-out-file=/dev/null', program]
  const env = { UNROLLED_ISA: ISA }
  return {
    rustc: execute('rustc', ['--version']).stdout.trim(),
    run: (...args) => execute('valgrind', [...options, ...args], { env }),
  }
}

/** All instructions of a run, and what the program printed. */
function count(run, kernel, calls) {
  const result = run(kernel, String(calls))
  const collected = /Collected : (\d+)/.exec(result.output)
  if (!result.ok || collected === null) {
    throw new StepError(`instructions: ${kernel} did not run\n${result.output}`)
  }
  return { instructions: Number(collected[1]), operations: Number(result.stdout) }
}

function measure(run, kernel) {
  const [few, many] = CALLS.map((calls) => count(run, kernel, calls))
  const instructions = (many.instructions - few.instructions) / (CALLS[1] - CALLS[0])
  return { instructions: Math.round(instructions), operations: few.operations }
}

function read() {
  try {
    return JSON.parse(readFileSync(RECORD, 'utf8')).kernels
  } catch {
    return {}
  }
}

function line(kernel, { instructions, operations }, before) {
  const change = before === undefined ? Number.NaN : instructions / before.instructions - 1
  const percent = `${change > 0 ? '+' : ''}${(100 * change).toFixed(1)} %`
  const said = Number.isNaN(change) ? 'new' : Math.abs(change) > 0.01 ? percent : ''
  const perOperation = (instructions / operations).toFixed(4)
  console.log(
    [kernel.padEnd(16), String(instructions).padStart(9), perOperation.padStart(9), said].join(
      '  ',
    ),
  )
  return said !== ''
}

await main(() => {
  const { rustc, run } = ISA === 'neon' ? counterForArm('calls') : counterForX64()
  const record = read()
  console.log(`${'kernel'.padEnd(16)}  ${'a call'.padStart(9)}  ${'per flop'.padStart(9)}`)
  const kernels = Object.fromEntries(KERNELS.map((kernel) => [kernel, measure(run, kernel)]))
  const changed = KERNELS.filter((kernel) => line(kernel, kernels[kernel], record[kernel]))
  if (process.argv.includes('--record')) {
    writeFileSync(RECORD, `${JSON.stringify({ isa: ISA, rustc, kernels }, null, 2)}\n`)
  } else if (changed.length > 0) {
    console.log(`differ from the record by more than 1 %: ${changed.join(', ')}`)
  }
})
