import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { load, type TrainOptions, UnrolledError } from 'unrolled'
import { afterAll, describe, expect, test } from 'vitest'
import { checkpointFiles } from '../support/checkpoint-files.js'
import { runProcess } from '../support/stopped-process.js'
import { RUNS, runToEnd } from '../support/stopped-runs.js'

const root = mkdtempSync(join(tmpdir(), 'unrolled-disk-'))
afterAll(() => rmSync(root, { recursive: true }))

let folders = 0
const folder = () => join(root, String(folders++))
const name = 'adam, dropout, shuffled, early stopping'
const start = () => RUNS[name]?.() ?? expect.fail()

/** Trains for so many epochs with these options besides. */
const trained = ({ model, data, options } = start(), more: Partial<TrainOptions> = {}) =>
  model.fit(data as never, { ...options, ...more } as TrainOptions)

async function refusal(run: Promise<unknown>): Promise<UnrolledError> {
  const error = await run.then(
    () => expect.fail('no error'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof UnrolledError)) throw error
  return error
}

describe('a disk that takes no more', () => {
  /** A folder with the checkpoint of the second epoch, and its bytes. */
  async function begun() {
    const path = folder()
    await trained(start(), { epochs: 2, checkpoint: { path } })
    const files = checkpointFiles(path)
    return { path, files, bytes: files.map((file) => readFileSync(join(path, file))) }
  }

  /** The old checkpoints are whole and alone, and the run goes on from them once there is room. */
  async function goesOn({ path, files, bytes }: Awaited<ReturnType<typeof begun>>) {
    expect(checkpointFiles(path)).toEqual(files)
    expect(files.map((file) => readFileSync(join(path, file)))).toEqual(bytes)
    expect(await runToEnd(name, { path })).toEqual(await runToEnd(name))
  }

  test.skipIf(process.platform === 'win32')('a limit of the size of files', async () => {
    const before = await begun()
    const { error } = await runProcess(name, { path: before.path }, { limit: 'ulimit -f 2;' })
    expect(error).toMatchObject({ code: 'ERR_UNROLLED_IO', cause: 'EFBIG' })
    expect(error?.message).toMatch(/cannot write '.*checkpoint-\d+\.safetensors'/)
    await goesOn(before)
  })

  const mount = (path: string) =>
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24k', 'tmpfs', path]).status === 0

  test('a disk that is full', async (context) => {
    const before = await begun()
    const full = folder()
    mkdirSync(full)
    if (process.platform !== 'linux' || !mount(full))
      return context.skip('no right to mount a small disk')
    try {
      const file = before.files.at(-1) ?? ''
      cpSync(join(before.path, file), join(full, file))
      expect(() => writeFileSync(join(full, 'other'), new Uint8Array(1 << 20))).toThrow('ENOSPC')
      const there = checkpointFiles(full)
      const run = start()
      const error = await refusal(trained(run, { checkpoint: { path: full }, resume: 'latest' }))
      expect([error.code, error.cause]).toMatchObject(['ERR_UNROLLED_IO', { code: 'ENOSPC' }])
      expect(checkpointFiles(full)).toEqual(there)
      expect(readFileSync(join(full, file))).toEqual(before.bytes.at(-1))
      // The model is usable, and training may go on.
      await trained(run, { epochs: 1 })
      rmSync(join(full, 'other'))
      expect(await runToEnd(name, { path: full, keep: 1 })).toEqual(await runToEnd(name))
    } finally {
      spawnSync('umount', [full])
    }
  })

  /** Calls `body` as a user who is not root: root may write anywhere. */
  async function asAnyone<T>(body: () => Promise<T>): Promise<T> {
    if (process.geteuid?.() !== 0) return body()
    process.seteuid?.(65534)
    try {
      return await body()
    } finally {
      process.seteuid?.(0)
    }
  }

  test.skipIf(process.platform === 'win32')('a folder that may not be written', async (context) => {
    const before = await begun()
    chmodSync(root, 0o711)
    chmodSync(before.path, 0o555)
    const resumed = { checkpoint: { path: before.path }, resume: 'latest' }
    const open = () => asAnyone(async () => readdirSync(before.path))
    await open().catch(() => context.skip('no right to be another user, or no way to the folder'))
    const error = await asAnyone(() => refusal(trained(start(), resumed)))
    expect([error.code, error.cause]).toMatchObject(['ERR_UNROLLED_IO', { code: 'EACCES' }])
    expect(error.message).toContain(`cannot write '${before.path}': `)
    chmodSync(before.path, 0o755)
    await goesOn(before)
  })

  test('no folder can be made: refused before the first step', async () => {
    writeFileSync(join(root, 'file'), '')
    const run = start()
    const before = run.model.toBytes()
    const error = await refusal(trained(run, { checkpoint: { path: join(root, 'file', 'run') } }))
    expect(error.code).toBe('ERR_UNROLLED_IO')
    expect(run.model.toBytes()).toEqual(before)
  })
})

describe('a damaged checkpoint', () => {
  test('is refused by name with the one before it, which the run goes on from', async () => {
    const path = folder()
    await trained(start(), { epochs: 2, checkpoint: { path, every: 5 } })
    const [older = '', newest = ''] = checkpointFiles(path)
    const whole = readFileSync(join(path, newest))
    whole[whole.length - 3] = (whole.at(-3) ?? 0) ^ 4
    writeFileSync(join(path, newest), whole)
    const error = await refusal(trained(start(), { checkpoint: { path }, resume: 'latest' }))
    expect(error.code).toBe('ERR_UNROLLED_FORMAT')
    expect(error.message).toMatch(
      /^checkpoint '.*': tensor '.*': expected checksum \w+, received \w+; the file is damaged/,
    )
    expect(error.message).toContain(newest)
    expect(error.message).toContain(`resume from the one before it, '${join(path, older)}'`)
    await expect(load(join(path, newest))).rejects.toMatchObject({ code: 'ERR_UNROLLED_FORMAT' })
    const { model, data, options } = start()
    const resumed = { ...options, checkpoint: { path }, resume: join(path, older) } as TrainOptions
    const { epochs } = await model.fit(data as never, resumed)
    const { endingOf } = await import('../support/stopped-runs.js')
    expect(endingOf(model, epochs)).toEqual(await runToEnd(name))
    // The folder has the run's own past again.
    await trained(start(), { checkpoint: { path }, resume: 'latest' })
  })

  test('of 1,000 with one bit turned, each is refused', async () => {
    const path = folder()
    const run = start()
    await trained(run, { epochs: 1, checkpoint: { path } })
    const [file = ''] = checkpointFiles(path)
    const whole = readFileSync(join(path, file))
    for (let trial = 0; trial < 1000; trial++) {
      const bit = Math.floor(Math.random() * whole.length * 8)
      const bytes = Uint8Array.from(whole)
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      writeFileSync(join(path, file), bytes)
      const error = await refusal(trained(run, { resume: join(path, file) }))
      expect([bit, error.code]).toEqual([bit, 'ERR_UNROLLED_FORMAT'])
      expect(error.message).toMatch(/tensor '|header/)
    }
  })
})

test('a new run is refused in a folder with checkpoints', async () => {
  const path = folder()
  await trained(start(), { epochs: 1, checkpoint: { path } })
  const error = await refusal(trained(start(), { checkpoint: { path } }))
  expect(error.code).toBe('ERR_UNROLLED_STATE')
  expect(error.message).toMatch(/expected a folder without checkpoints, .*resume: 'latest'/)
})
