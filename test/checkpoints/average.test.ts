import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
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

  /** The refusal of a checkpoint that holds other parameters than the model; nothing is written. */
  async function refused(model: ReturnType<typeof halving>, file: string) {
    const path = join(root, 'refused.safetensors')
    await expect(model.save(path, { optimizer: true })).rejects.toMatchObject({
      code: 'ERR_UNROLLED_STATE',
      message: `save optimizer: expected the model's parameters in its newest checkpoint '${file}', received others: the model has changed since (a step, the average, the best weights, setParameters), or another run has written the file; copy that file to go on with the run, or save without optimizer to keep the model`,
    })
    expect(readdirSync(root)).not.toContain('refused.safetensors')
  }

  test.each([
    ['the average', { average }, 0.359375],
    ['the best', { earlyStopping: { mode: 'max', patience: 9 } }, 0.5],
  ])('is refused where it ends with %s', async (name, more, ends) => {
    const model = halving()
    const path = join(root, name)
    await model.fit(data, { ...options, ...more, checkpoint: { path } } as never)
    expect(weight(model)).toBe(ends)
    await refused(model, join(path, 'checkpoint-3.safetensors'))
    // The file that the refusal names goes on with the run.
    const second = halving()
    const resume = join(path, 'checkpoint-3.safetensors')
    const { epochs } = await second.fit(data, { ...options, ...more, epochs: 4, resume } as never)
    expect(epochs.map(({ loss }) => loss)).toEqual([1, 0.25, 0.0625, 0.015625])
  })

  test('is refused once parameters were set, and no longer when they are back', async () => {
    const model = halving()
    const path = join(root, 'set')
    await model.fit(data, { ...options, checkpoint: { path } } as never)
    const [file, copy] = [join(path, 'checkpoint-3.safetensors'), join(root, 'back.safetensors')]
    const before = model.parameters()
    model.setParameters({ 'dense.weight': Float32Array.of(0.125 + 2 ** -26) })
    await refused(model, file)
    model.setParameters(before)
    await model.save(copy, { optimizer: true })
    expect(readFileSync(copy)).toEqual(readFileSync(file))
  })

  test('is refused where the file is that of another run by now', async () => {
    const model = halving()
    const path = join(root, 'replaced')
    const given = { ...options, checkpoint: { path } }
    await model.fit(data, given as never)
    rmSync(path, { recursive: true })
    const slower = { ...given, optimizer: sgd({ learningRate: 0.125 }) }
    await halving().fit(data, slower as never)
    await refused(model, join(path, 'checkpoint-3.safetensors'))
    rmSync(path, { recursive: true })
    const saved = model.save(join(root, 'gone.safetensors'), { optimizer: true })
    await expect(saved).rejects.toMatchObject({ code: 'ERR_UNROLLED_IO' })
  })

  test('is saved during a run when a checkpoint has just been written, and at no other step', async () => {
    const model = halving()
    const [path, copy] = [join(root, 'during'), join(root, 'during.safetensors')]
    const file = (step: number) => join(path, `checkpoint-${step}.safetensors`)
    const given = { ...options, validation: undefined, checkpoint: { path, every: 2 } }
    let step = 0
    for await (const { type } of model.train(() => Array(5).fill(data), {
      ...given,
      epochs: 1,
    } as never)) {
      if (type !== 'step') continue
      step += 1
      if (step === 1) continue
      if (step % 2 === 0) {
        await model.save(copy, { optimizer: true })
        expect(readFileSync(copy)).toEqual(readFileSync(file(step)))
      } else {
        await refused(model, file(step - 1))
      }
    }
    expect(step).toBe(5)
  })

  test('is saved after a run that had ended before it was resumed', async () => {
    const [path, copy] = [join(root, 'again'), join(root, 'again.safetensors')]
    const given = { ...options, checkpoint: { path }, resume: 'latest' }
    await halving().fit(data, given as never)
    const model = halving()
    await model.fit(data, given as never)
    await model.save(copy, { optimizer: true })
    expect(readFileSync(copy)).toEqual(readFileSync(join(path, 'checkpoint-3.safetensors')))
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
