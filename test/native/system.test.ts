import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { system, version } from 'unrolled'
import { describe, expect, test } from 'vitest'

// A process chooses once: each case runs in a process of its own.

type Env = Readonly<Record<string, string | undefined>>

const NONE: Env = {
  UNROLLED_ISA: undefined,
  UNROLLED_MEMORY: undefined,
  UNROLLED_THREADS: undefined,
}

/** The value that a program with the library in `u` returns, or the error that it throws, in words. */
function run(body: string, env: Env = {}): unknown {
  const code = `import * as u from 'unrolled'
import { Worker } from 'node:worker_threads'
const make = () => u.sequential([u.dense({ inputSize: 1, size: 1 })])
const refused = (call) => { try { call() } catch (error) { return [error.code, error.message] } }
const facts = ({ isa, threads, memory } = u.system()) => ({ isa, threads, ...memory })
const body = async () => { ${body} }
console.log(JSON.stringify(await body().catch(({ code, message }) => [code, message])))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    env: { ...process.env, ...NONE, ...env },
    timeout: 60_000,
  })
  if (stderr !== '') throw new Error(stderr)
  return JSON.parse(stdout)
}

/** The instruction sets by what Linux says of the CPU; nothing where this is not told. */
function expectedSets(): string[] | undefined {
  if (process.platform !== 'linux') return undefined
  if (process.arch === 'arm64') return ['scalar', 'neon']
  const [, flags = ''] = /^flags\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8')) ?? []
  const has = new Set(flags.split(' '))
  const avx2 = has.has('avx2') && has.has('fma')
  const avx512 = avx2 && ['f', 'vl', 'bw', 'dq'].every((part) => has.has(`avx512${part}`))
  const amx = avx512 && ['avx512_bf16', 'amx_tile', 'amx_bf16'].every((part) => has.has(part))
  return [
    'scalar',
    ...(avx2 ? ['avx2'] : []),
    ...(avx512 ? ['avx512'] : []),
    ...(amx ? ['amx'] : []),
  ]
}

describe('system()', () => {
  test('gives the facts, frozen', () => {
    const facts = system()
    expect(facts.version).toBe(version)
    expect(facts.platform).toContain(`${process.platform}-${process.arch}`)
    expect(facts.available).toContain(facts.isa)
    for (const part of [facts, facts.available, facts.memory]) {
      expect(Object.isFrozen(part)).toBe(true)
    }
    expect(facts.memory.limit).toBeGreaterThan(2 ** 20)
  })

  test('knows the sets of the CPU and takes the widest', ({ skip }) => {
    const expected = expectedSets()
    skip(expected === undefined, 'this system does not tell the sets of its CPU')
    expect(run('return [u.system().available, u.system().isa]')).toEqual([
      expected,
      expected?.at(-1),
    ])
  })

  test('says which instructions multiply bf16', () => {
    expect(run('return u.system().bf16', { UNROLLED_ISA: 'scalar' })).toBe('none')
    expect(run(`u.configure({ isa: 'scalar' }); return u.system().bf16`)).toBe('none')
    const { available } = system()
    if (available.includes('amx')) {
      expect(run('return u.system().bf16', { UNROLLED_ISA: 'amx' })).toBe('amx')
      expect(run('return u.system().bf16', { UNROLLED_ISA: 'avx512' })).toBe('avx512_bf16')
    }
  })

  test('follows the environment', () => {
    const env = { UNROLLED_ISA: 'scalar', UNROLLED_THREADS: '3', UNROLLED_MEMORY: '1048577' }
    const words = { isa: 'scalar', threads: 3, limit: 1_048_577, source: 'environment' }
    expect(run('return facts()', env)).toEqual(words)
    expect(run('make(); return facts()', env)).toEqual(words)
  })

  test('finds what nobody says', () => {
    const { threads, source } = run('return facts()') as { threads: number; source: string }
    expect(threads).toBe(availableParallelism())
    expect(['machine', 'container', 'unknown']).toContain(source)
  })

  test.each([
    ['UNROLLED_ISA', 'avx9', '"avx9"'],
    ['UNROLLED_THREADS', '0', 'from 1 to 1024'],
    ['UNROLLED_MEMORY', '4GB', 'bytes above 0'],
  ])('refuses a wrong %s', (name, value, words) => {
    const [code, message] = run('return facts()', { [name]: value }) as string[]
    expect([code, message]).toEqual(['ERR_UNROLLED_ARGUMENT', expect.stringContaining(words)])
  })
})

describe('configure()', () => {
  const given = `u.configure({ threads: 5, isa: 'scalar', memory: 2 ** 21 + 1 })`
  const words = { isa: 'scalar', threads: 5, limit: 2_097_153, source: 'code' }

  test('sets what models use', () => {
    expect(run(`${given}; return facts()`)).toEqual(words)
    expect(run(`${given}; make(); return facts()`)).toEqual(words)
    const large = `u.configure({ memory: 2 ** 20 })
      return refused(() => u.graph(({ input }) => ({ y: input.vector('x', { size: 2 ** 24 }) })))`
    expect(run(large)).toEqual(['ERR_UNROLLED_SIZE', expect.stringContaining('1048576 bytes')])
  })

  test('is stronger than the environment, wrong values included', () => {
    const env = { UNROLLED_ISA: 'avx9', UNROLLED_THREADS: 'many', UNROLLED_MEMORY: '4GB' }
    expect(run(`${given}; make(); return facts()`, env)).toEqual(words)
  })

  test('may follow a question, and another call', () => {
    expect(
      run(`facts(); u.configure({ threads: 9, isa: 'scalar' }); ${given}; return facts()`),
    ).toEqual(words)
    const kept = `u.configure({ threads: 4 }); u.configure({ threads: undefined, isa: 'scalar' })
      u.configure({}); return facts()`
    expect(run(kept)).toMatchObject({ threads: 4, isa: 'scalar' })
  })

  test('is refused after the first model, and changes nothing', () => {
    const body = `make(); const before = facts()
      const error = refused(() => u.configure({ threads: before.threads + 1, isa: 'scalar' }))
      return [error, JSON.stringify(before) === JSON.stringify(facts())]`
    const expected = expect.stringMatching(/^configure: expected a call before the first model/)
    expect(run(body)).toEqual([['ERR_UNROLLED_STATE', expected], true])
  })

  test.each([
    ['{ threads: 0 }', 'configure threads: expected a whole number from 1 to 1024, received 0'],
    [
      '{ threads: 1025 }',
      'configure threads: expected a whole number from 1 to 1024, received 1025',
    ],
    ['{ threads: 1.5 }', 'configure threads: expected a whole number from 1 to 1024, received 1.5'],
    [
      '{ threads: 2, memory: 0 }',
      'configure memory: expected a whole number of at least 1, received 0',
    ],
    [
      `{ threads: 2, memory: '1GB' }`,
      'configure memory: expected a whole number of at least 1, received "1GB"',
    ],
    [
      '{ threads: null }',
      'configure threads: expected a value, or undefined for the default, received null',
    ],
    ['{ thread: 2 }', 'configure: unknown option "thread"; did you mean threads?'],
    ['3', 'configure: expected an object of options, received 3'],
  ])('refuses %s and sets nothing', (settings, message) => {
    const body = `return [refused(() => u.configure(${settings})), facts().threads]`
    expect(run(body, { UNROLLED_THREADS: '7' })).toEqual([['ERR_UNROLLED_ARGUMENT', message], 7])
  })

  test('refuses a set that this CPU lacks', () => {
    const foreign = process.arch === 'arm64' ? 'avx2' : 'neon'
    const words = system()
      .available.map((set) => `'${set}'`)
      .join(' or ')
    const body = `return refused(() => u.configure({ threads: 2, isa: '${foreign}' }))`
    const message = `configure isa: expected ${words}, received "${foreign}"`
    expect(run(body)).toEqual(['ERR_UNROLLED_ARGUMENT', message])
  })

  test('holds for the process, worker threads included', () => {
    const worker = `const settled = (code) => new Promise((resolve) =>
        new Worker('Promise.all([import("unrolled"), import("node:worker_threads")])' +
          '.then(([u, { parentPort }]) => { ' + code + ' })', { eval: true }).once('message', resolve))
      const post = 'parentPort.postMessage'`
    const asked = `${worker}; ${given}
      return settled(post + '(u.system().threads)')`
    expect(run(asked)).toBe(5)
    const used = `${worker}; make()
      return settled('try { u.configure({ threads: 2 }) } catch (error) { ' + post + '(error.code) }')`
    expect(run(used)).toBe('ERR_UNROLLED_STATE')
    const set = `${worker}
      await settled('u.configure({ threads: 6 }); ' + post + '(1)')
      return facts().threads`
    expect(run(set)).toBe(6)
  })
})
