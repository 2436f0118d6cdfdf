// A folder of checkpoints is of one run at a time.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dense, sequential, type TrainOptions } from 'unrolled'
import { afterAll, expect, test } from 'vitest'
import { checkpointFiles } from '../support/checkpoint-files.js'

const root = mkdtempSync(join(tmpdir(), 'unrolled-held-'))
afterAll(() => rmSync(root, { recursive: true }))

let folders = 0
const folder = () => join(root, String(folders++))

const model = () => sequential([dense({ inputSize: 1, size: 1 })])
const batch = { x: [[1], [2]], y: [[3], [-1]] }
const data = () => [batch, batch, batch]

const options = (path: string, more: Partial<TrainOptions> = {}) => ({
  loss: 'meanSquared' as const,
  epochs: 3,
  checkpoint: { path, every: 1 },
  ...more,
})

const inUse = (path: string) => ({
  code: 'ERR_UNROLLED_STATE',
  message: `checkpoint path '${path}': expected a folder that no run writes to, received that of a run under way; wait for that run, or stop it, or give each run a folder of its own`,
})

test('a second run of the process is refused, and the first goes on', async () => {
  const path = folder()
  const events = model().train(data, options(path))
  await events.next()
  for (const resume of [undefined, 'latest']) {
    const second = model()
    const before = second.toBytes()
    const run = second.fit(data, options(path, resume === undefined ? {} : { resume }))
    await expect(run).rejects.toMatchObject(inUse(path))
    expect(second.toBytes()).toEqual(before)
    // The model is free for a run in a folder of its own.
    await second.fit(data, options(folder()))
  }
  for await (const _ of events) {
    // To its end.
  }
  expect(checkpointFiles(path)).toEqual(['checkpoint-8.safetensors', 'checkpoint-9.safetensors'])
})

test('a run that has ended, in whichever way, has left the folder when it settles', async () => {
  const path = folder()
  const go = (more: Partial<TrainOptions> = {}, given: unknown = data) =>
    model().fit(given as typeof data, options(path, { resume: 'latest', ...more }))
  for (let epochs = 1; epochs < 30; epochs += 5) {
    await go({ epochs })
    for await (const event of model().train(
      data,
      options(path, { epochs: epochs + 1, resume: 'latest' }),
    )) {
      if (event.type === 'step') break
    }
    const controller = new AbortController()
    const aborting = async function* () {
      yield batch
      yield batch
      controller.abort('stopped')
      yield batch
    }
    await expect(go({ epochs: 99, signal: controller.signal }, aborting)).rejects.toBe('stopped')
    const failing = async function* () {
      yield batch
      throw new Error('no more')
    }
    await expect(go({ epochs: 99 }, failing)).rejects.toThrow('no more')
    await expect(go({ seed: 1 })).rejects.toThrow('fit resume: expected seed 0')
    const metric = { name: 'wrong', compute: () => Number('x') || expect.fail('a metric fails') }
    await expect(go({ epochs: 99, metrics: [metric] })).rejects.toThrow()
  }
})

test('a run that is aborted before its first step has left the folder', async () => {
  const path = folder()
  for (let trial = 0; trial < 20; trial++) {
    const controller = new AbortController()
    const run = model().fit(data, options(path, { signal: controller.signal }))
    setTimeout(() => controller.abort('stopped'), trial / 4)
    const ended = await run.then(
      () => 'whole',
      (reason: unknown) => reason,
    )
    expect(['whole', 'stopped']).toContain(ended)
    await model().fit(data, options(path, { resume: 'latest' }))
    rmSync(path, { recursive: true })
  }
})

test('so has one that is aborted while it reads its checkpoint', async () => {
  const large = () => sequential([dense({ inputSize: 600, size: 500 })])
  const row = Array.from({ length: 600 }, (_, i) => Math.sin(i))
  const rows = { x: [[row]], y: [[Array.from({ length: 500 }, (_, i) => i % 3)]] }
  const path = folder()
  await large().fit(rows, { loss: 'meanSquared', checkpoint: { path } })
  for (const milliseconds of [0, 1, 2, 4, 8]) {
    const controller = new AbortController()
    const given = { loss: 'meanSquared', checkpoint: { path }, resume: 'latest' } as const
    const [first, second] = [large(), large()]
    // Their first weights are drawn.
    first.toBytes()
    second.toBytes()
    const run = first.fit(rows, { ...given, epochs: 2, signal: controller.signal })
    setTimeout(() => controller.abort('stopped'), milliseconds)
    const ended = await run.then(
      () => 'whole',
      (reason: unknown) => reason,
    )
    expect(['whole', 'stopped']).toContain(ended)
    await second.fit(rows, given)
  }
})

test('a process that was started meanwhile does not keep the folder', async () => {
  const path = folder()
  let child: ReturnType<typeof spawn> | undefined
  const starting = function* () {
    yield batch
    child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
    yield batch
  }
  await model().fit(() => starting(), options(path, { epochs: 1 }))
  await model().fit(data, options(path, { epochs: 2, resume: 'latest' }))
  child?.kill('SIGKILL')
})

const HOLDING = `
import { dense, sequential } from 'unrolled'
const batch = { x: [[1], [2]], y: [[3], [-1]] }
async function* data() {
  for (let step = 0; step < 4; step++) yield batch
  process.stdout.write('begun')
  await new Promise((resolve) => setTimeout(resolve, 60_000))
}
const options = { loss: 'meanSquared', checkpoint: { path: process.argv[1], every: 1 } }
await sequential([dense({ inputSize: 1, size: 1 })]).fit(data, options)
`

test('a run of another process holds the folder, and one that is killed has left it', async () => {
  const path = folder()
  const child = spawn(process.execPath, ['--input-type=module', '-e', HOLDING, path])
  await new Promise((resolve) => child.stdout.once('data', resolve))
  const before = checkpointFiles(path)
  const resumed = options(path, { resume: 'latest' })
  await expect(model().fit(data, resumed)).rejects.toMatchObject(inUse(path))
  expect(checkpointFiles(path)).toEqual(before)
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
  const { epochs } = await model().fit(data, resumed)
  expect(epochs.length).toBe(3)
})
