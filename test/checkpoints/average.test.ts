import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dense, load, sequential, sgd, type TrainOptions } from 'unrolled'
import { afterAll, describe, expect, test } from 'vitest'

const root = mkdtempSync(join(tmpdir(), 'unrolled-average-'))
afterAll(() => rmSync(root, { recursive: true }))

/** One weight from 1. At x = 1 the mean of squares falls by 2 w: at rate 0.25, each step halves w. */
function halving() {
  const model = sequential([dense({ inputSize: 1, size: 1, bias: false })])
  model.setParameters({ 'dense.weight': Float32Array.of(1) })
  return model
}

const weight = (model: ReturnType<typeof halving>) => model.parameters()['dense.weight']?.values[0]
const data = { x: [[[1]]], y: [[[0]]] }
const options: TrainOptions = {
  loss: 'meanSquared',
  optimizer: sgd({ learningRate: 0.25 }),
  epochs: 3,
  validation: data as never,
}
const average = { decay: 0.75 }

describe('the average of the weights', () => {
  test('is that of hand-worked numbers, which validation measures and the model has at the end', async () => {
    const model = halving()
    const { epochs } = await model.fit(data, { ...options, average } as never)
    // PyTorch's AveragedModel with get_ema_multi_avg_fn(0.75) gives these averages of 0.5, 0.25, 0.125.
    const averages = [0.5, 0.4375, 0.359375]
    expect(epochs.map(({ loss }) => loss)).toEqual([1, 0.25, 0.0625])
    expect(epochs.map(({ validationLoss }) => validationLoss)).toEqual(
      averages.map((it) => it * it),
    )
    expect(weight(model)).toBe(0.359375)
  })

  test('is not what the training goes on from, nor what a run that is left has', async () => {
    const model = halving()
    const found: (number | undefined)[] = []
    for await (const event of model.train(data, { ...options, average } as never)) {
      if (event.type === 'step') found.push(weight(model))
      if (found.length === 3) break
    }
    expect(found).toEqual([0.5, 0.25, 0.125])
    expect(weight(model)).toBe(0.125)
  })

  test('is what early stopping keeps', async () => {
    const model = halving()
    const given = { ...options, average, earlyStopping: { mode: 'max', patience: 2 } }
    const { epochs, stopped } = await model.fit(data, given as never)
    expect([epochs.length, stopped, weight(model)]).toEqual([3, 'earlyStopping', 0.5])
  })

  test.each([[{ decay: 1.5 }], [{ decay: -0.1 }], [{ momentum: 0.9 }], [0.9]])(
    '%j is refused',
    async (wrong) => {
      const run = halving().fit(data, { ...options, average: wrong } as never)
      await expect(run).rejects.toMatchObject({
        code: 'ERR_UNROLLED_ARGUMENT',
        message: expect.stringMatching(/^fit average/),
      })
    },
  )
})

describe('a model saved with its optimizer', () => {
  test('is a model, and a checkpoint that a run goes on from', async () => {
    const path = join(root, 'saved.safetensors')
    const momentum = { ...options, optimizer: sgd({ learningRate: 0.01, momentum: 0.9 }) }
    const whole = halving()
    await whole.fit(data, momentum as never)
    const first = halving()
    await first.fit(data, {
      ...momentum,
      epochs: 2,
      checkpoint: { path: join(root, 'run') },
    } as never)
    await first.save(path, { optimizer: true })
    rmSync(join(root, 'run'), { recursive: true })
    expect((await load(path)).toBytes()).toEqual(first.toBytes())
    const second = halving()
    const { epochs } = await second.fit(data, { ...momentum, resume: path } as never)
    expect(epochs.length).toBe(3)
    expect(second.toBytes()).toEqual(whole.toBytes())
  })

  test('needs a run with checkpoints', async () => {
    const model = halving()
    await model.fit(data, options as never)
    const saved = model.save(join(root, 'none.safetensors'), { optimizer: true })
    await expect(saved).rejects.toMatchObject({
      code: 'ERR_UNROLLED_STATE',
      message:
        'save optimizer: expected a run with checkpoints, received none; give the run the option checkpoint',
    })
    expect(readdirSync(root)).not.toContain('none.safetensors')
  })
})

test.each([
  [{ checkpoint: { path: '' } }, 'fit checkpoint path: expected a path, received ""'],
  [
    { checkpoint: { path: 'a', every: 0 } },
    'fit checkpoint every: expected a whole number of at least 1',
  ],
  [{ checkpoint: { path: 'a', every: 'step' } }, "a number of steps, { seconds } or 'epoch'"],
  [
    { checkpoint: { path: 'a', every: { seconds: 0 } } },
    'fit checkpoint every seconds: expected a number above 0',
  ],
  [
    { checkpoint: { path: 'a', keep: 0 } },
    'fit checkpoint keep: expected a whole number of at least 1',
  ],
  [{ checkpoint: { file: 'a' } }, 'fit checkpoint: unknown option "file"'],
  [{ resume: 'latest' }, "fit resume: expected a path, or 'latest' with checkpoint"],
  [{ resume: 3 }, 'fit resume: expected a path, received 3'],
])('%j is refused', async (wrong, words) => {
  const run = halving().fit(data, { ...options, ...wrong } as never)
  await expect(run).rejects.toMatchObject({ code: 'ERR_UNROLLED_ARGUMENT' })
  await expect(run).rejects.toThrow(words)
})
