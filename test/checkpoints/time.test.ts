// Times that a run measures: between checkpoints, and of an epoch.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dense, sequential, type TrainOptions } from 'unrolled'
import { afterAll, expect, test } from 'vitest'
import { checkpointFiles } from '../support/checkpoint-files.js'

const root = mkdtempSync(join(tmpdir(), 'unrolled-time-'))
afterAll(() => rmSync(root, { recursive: true }))

const model = () => sequential([dense({ inputSize: 1, size: 1 })])
const options = (checkpoint: NonNullable<TrainOptions['checkpoint']>) => ({
  loss: 'meanSquared' as const,
  checkpoint,
})

/** Batches that are 40 ms apart. */
async function* slow({ step }: { step: number }) {
  for (let at = step; at < 4; at++) {
    await new Promise((resolve) => setTimeout(resolve, 40))
    yield { x: [[1]], y: [[2]] }
  }
}

test('seconds count from one checkpoint to the next', async () => {
  const during = async (seconds: number) => {
    const path = join(root, String(seconds))
    const found: number[] = []
    for await (const { type } of model().train(slow, options({ path, every: { seconds } }))) {
      if (type === 'step') found.push(checkpointFiles(path).length)
    }
    return found
  }
  expect((await during(0.02)).at(-1)).toBeGreaterThan(0)
  expect(await during(60)).toEqual([0, 0, 0, 0])
})

test('the record of an epoch has the time before and after the stop', async () => {
  const given = options({ path: join(root, 'epoch') })
  let step = 0
  for await (const { type } of model().train(slow, given)) {
    if (type === 'step') step += 1
    if (step === 3) break
  }
  const { epochs } = await model().fit(slow, { ...given, resume: 'latest' })
  expect(epochs[0]?.seconds).toBeGreaterThan(0.15)
})
