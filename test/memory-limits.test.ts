import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

// Runs in processes of their own: what is too large must be refused, and never end the process.

/** Address space of a process, in KiB: Node itself reserves about a third of it. */
const SPACE = 3_000_000

interface Ended {
  readonly status: number | null
  readonly words: string
}

/** Runs a program with the library in `u`; it prints the code of what it is refused with. */
function run(program: string, env: Readonly<Record<string, string>> = {}, space?: number): Ended {
  const code = `import * as u from 'unrolled'
try { ${program}; console.log('ok') } catch (error) { console.log(error.code ?? String(error)) }`
  const limit = space === undefined ? '' : `ulimit -v ${space};`
  const { status, stdout } = spawnSync(
    'bash',
    ['-c', `${limit} exec "$0" --input-type=module -e "$1"`, process.execPath, code],
    { encoding: 'utf8', env: { ...process.env, UNROLLED_THREADS: '2', ...env }, timeout: 60_000 },
  )
  return { status, words: stdout.trim() }
}

const wide = (outputs: number, size: number) => `const m = u.graph(({ input }) => {
  const x = input.vector('x', { size: ${size} })
  return Object.fromEntries(Array.from({ length: ${outputs} }, (_, i) => ['y' + i, x]))
})`

test('a model that is larger than the memory is refused when it is made', () => {
  const env = { UNROLLED_MEMORY: String(4 * 2 ** 30) }
  expect(run(wide(400, 2 ** 24), env)).toEqual({ status: 0, words: 'ERR_UNROLLED_SIZE' })
  expect(run(wide(4, 2 ** 10), env)).toEqual({ status: 0, words: 'ok' })
})

test('a run that is larger than the memory is refused before it begins', () => {
  const env = { UNROLLED_MEMORY: String(2 ** 28) }
  const predict = (
    steps: number,
  ) => `const m = u.sequential([u.lstm({ inputSize: 1, hiddenSize: 64 })])
await m.predict({ values: new Float32Array(${steps}), shape: [1, ${steps}, 1] })`
  expect(run(predict(1e6), env)).toEqual({ status: 0, words: 'ERR_UNROLLED_SIZE' })
  expect(run(predict(1e4), env)).toEqual({ status: 0, words: 'ok' })
})

test('the limit is a number of bytes', () => {
  const words = 'ERR_UNROLLED_ARGUMENT'
  expect(run(wide(64, 2 ** 20), { UNROLLED_MEMORY: '4GB' })).toEqual({ status: 0, words })
})

const large = (size: number) =>
  `const m = u.sequential([u.dense({ inputSize: 64, size: ${size} })])`

const PROGRAMS: readonly (readonly [string, string])[] = [
  ['a layer', large(1e6)],
  ['a larger layer', large(4e6)],
  ['its parameters', `${large(2e6)}; for (const all = []; ;) all.push(m.parameters())`],
  ['streams', `${wide(64, 2 ** 22)}; for (const all = []; ;) all.push(m.stream())`],
  [
    'a training',
    `${large(1e6)}
await m.fit({ x: [[Array(64).fill(1)]], y: { values: new Float32Array(1e6), shape: [1, 1, 1e6] } },
  { loss: 'meanSquared', epochs: 1 })`,
  ],
]

test.skipIf(process.platform !== 'linux').each(PROGRAMS)(
  'without memory nothing dies: %s',
  (_, program) => {
    const { status, words } = run(program, {}, SPACE)
    expect(status).toBe(0)
    expect(['ok', 'ERR_UNROLLED_SIZE']).toContain(words)
  },
)
