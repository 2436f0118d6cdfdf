import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  dense,
  type Metric,
  type Precision,
  rnn,
  sequential,
  sgd,
  type TrainOptions,
  UnrolledError,
} from 'unrolled'
import { afterAll, describe, expect, test } from 'vitest'
import { checkpointFiles } from '../support/checkpoint-files.js'
import { type Ending, endingOf, RUNS, runToEnd } from '../support/stopped-runs.js'

const root = mkdtempSync(join(tmpdir(), 'unrolled-resume-'))
afterAll(() => rmSync(root, { recursive: true }))

let folders = 0
const folder = () => join(root, String(folders++))

/** Trains a run in pieces, each ended by `stop` after a step of its own, and each by a model of its own. */
async function inPieces(
  name: string,
  every: NonNullable<TrainOptions['checkpoint']>['every'],
  stop: (step: number, abort: () => void) => 'break' | undefined,
): Promise<{ ending: Ending; pieces: number }> {
  const checkpoint = { path: folder(), ...(every !== undefined && { every }) }
  for (let pieces = 1; pieces < 100; pieces++) {
    const { model, data, options } = RUNS[name]?.() ?? expect.fail()
    const controller = new AbortController()
    const abort = () => controller.abort('stopped')
    const given = { ...options, checkpoint, resume: 'latest', signal: controller.signal }
    const epochs = []
    let [step, left] = [0, false]
    try {
      for await (const event of model.train(data as never, given)) {
        if (event.type === 'epoch') epochs.push(event.record)
        else step += 1
        if (event.type === 'step' && stop(step, abort) === 'break') {
          left = true
          break
        }
      }
    } catch (error) {
      if (error !== 'stopped') throw error
      left = true
    }
    expect(checkpointFiles(checkpoint.path).length).toBeLessThanOrEqual(2)
    if (!left) return { ending: endingOf(model, epochs), pieces }
  }
  throw new Error('the run comes to no end')
}

describe.each(Object.keys(RUNS))('%s', (name) => {
  const whole = runToEnd(name)

  test('checkpoints change no bit', async () => {
    expect(await runToEnd(name, { path: folder(), every: 1, keep: 1 })).toEqual(await whole)
    expect(await runToEnd(name, { path: folder(), every: { seconds: 0.001 } })).toEqual(await whole)
  })

  test('left by break and resumed, again and again', async () => {
    const { ending, pieces } = await inPieces(name, 1000, (step) =>
      step === 3 ? 'break' : undefined,
    )
    expect(ending).toEqual(await whole)
    expect(pieces).toBeGreaterThan(3)
  })

  test('aborted and resumed, with a checkpoint of each epoch', async () => {
    const { ending, pieces } = await inPieces(name, 'epoch', (step, abort) => {
      if (step === 4) abort()
      return undefined
    })
    expect(ending).toEqual(await whole)
    expect(pieces).toBeGreaterThan(2)
  })

  test('a run that has ended is given again without a step', async () => {
    const checkpoint = { path: folder() }
    await runToEnd(name, checkpoint)
    const again = await runToEnd(name, checkpoint, () => expect.fail('a step'))
    expect(again).toEqual(await whole)
  })
})

test('an error in the data leaves a checkpoint of the steps before it', async () => {
  const name = 'rmsprop, carried states, a custom metric, a function that reads step'
  const { model, data, options } = RUNS[name]?.() ?? expect.fail()
  const checkpoint = { path: folder(), every: 1000 }
  const failing = async function* (position: { epoch: number; step: number }) {
    for await (const batch of (data as (at: typeof position) => AsyncIterable<unknown>)(position)) {
      yield batch
      if (position.epoch === 2) throw new Error('the disk is gone')
    }
  }
  const run = model.fit(failing as never, { ...options, checkpoint } as TrainOptions)
  await expect(run).rejects.toThrow('the disk is gone')
  // The seventh step is left out if it had not begun when the data failed.
  expect(checkpointFiles(checkpoint.path)).toEqual([
    expect.stringMatching(/^checkpoint-[67]\.safe/),
  ])
  expect(await runToEnd(name, checkpoint)).toEqual(await runToEnd(name))
})

test('a metric that fails ends the run at its last counted step', async () => {
  const name = 'rmsprop, carried states, a custom metric, a function that reads step'
  const { model, data, options } = RUNS[name]?.() ?? expect.fail()
  const checkpoint = { path: folder(), every: 2 }
  const [metric] = options.metrics as [Metric]
  let calls = 0
  const failing: Metric = {
    ...metric,
    compute: (batch) => {
      calls += 1
      return calls === 6 ? expect.fail('no number') : metric.compute(batch)
    },
  }
  const given = { ...options, metrics: [failing], checkpoint } as TrainOptions
  await expect(model.fit(data as never, given)).rejects.toThrow('no number')
  // The model has made the sixth step: nothing that counts five may hold its weights.
  expect(checkpointFiles(checkpoint.path).at(-1)).toBe('checkpoint-4.safetensors')
  expect(await runToEnd(name, checkpoint)).toEqual(await runToEnd(name))
})

test('a resumed run may go on for more epochs', async () => {
  const name = 'an array of batches'
  const { model, data, options } = RUNS[name]?.() ?? expect.fail()
  const checkpoint = { path: folder() }
  await model.fit(data as never, { ...options, epochs: 2, checkpoint } as TrainOptions)
  expect(await runToEnd(name, checkpoint)).toEqual(await runToEnd(name))
})

describe('options in other words', () => {
  const x = [[[1], [-2], [3]]]
  const run = (options: Partial<TrainOptions>) =>
    sequential([rnn({ inputSize: 1, hiddenSize: 2 }), dense({ size: 1 })]).fit(
      { x, y: x },
      { loss: 'meanSquared', optimizer: sgd({ learningRate: 0.01 }), epochs: 4, ...options },
    )

  test('frozen parameters are the same in any order', async () => {
    const checkpoint = { path: folder() }
    await run({ epochs: 1, checkpoint, frozen: ['dense.bias', 'rnn'] })
    const frozen = ['rnn.weight_hh_l0', 'rnn', 'dense.bias']
    const { epochs } = await run({ checkpoint, resume: 'latest', frozen })
    expect(epochs).toHaveLength(4)
  })

  test('a best value of the other direction is left', async () => {
    const checkpoint = { path: folder() }
    const rule = (mode: 'min' | 'max') => ({ monitor: 'loss', mode, patience: 1 })
    await run({ epochs: 1, checkpoint, earlyStopping: rule('max') })
    const { epochs, stopped } = await run({
      checkpoint,
      resume: 'latest',
      earlyStopping: rule('min'),
    })
    const losses = epochs.map(({ loss }) => loss)
    expect(losses).toEqual(losses.toSorted((a, b) => b - a))
    expect([losses.length, stopped]).toEqual([4, undefined])
  })
})

describe('refusals', () => {
  const name = 'momentum, zoneout, schedule, clip, accumulated'
  const start = () => RUNS[name]?.() ?? expect.fail()

  test('options that would change the steps to come are refused by name', async () => {
    const checkpoint = { path: folder() }
    const { model, data, options } = start()
    await model.fit(data as never, { ...options, epochs: 1, checkpoint } as TrainOptions)
    const before = model.toBytes()
    const others: [string, Partial<TrainOptions>][] = [
      ['optimizer', { optimizer: 'sgd' }],
      ['seed', { seed: 8 }],
      ['batchSize', { batchSize: 7 }],
      ['shuffle', { shuffle: false }],
      ['accumulate', { accumulate: 2 }],
      ['frozen', { frozen: 'dense' }],
      ['average', { average: {} }],
      ['metrics', { metrics: ['accuracy'] }],
      ['loss', { loss: { ...(await import('unrolled')).crossEntropy({ labelSmoothing: 0.1 }) } }],
    ]
    for (const [option, other] of others) {
      const run = model.fit(
        data as never,
        { ...options, ...other, checkpoint, resume: 'latest' } as TrainOptions,
      )
      const error = await run.then(
        () => undefined,
        (reason: unknown) => reason,
      )
      if (!(error instanceof UnrolledError)) throw new Error(option, { cause: error })
      expect([option, error.code]).toEqual([option, 'ERR_UNROLLED_ARGUMENT'])
      expect(error.message).toContain(`fit resume: expected ${option} `)
    }
    expect(model.toBytes()).toEqual(before)
  })

  test('so are other distances of truncated backpropagation', async () => {
    const x = [[[1], [-2], [3]]]
    const run = (options: Partial<TrainOptions>) =>
      sequential([rnn({ inputSize: 1, hiddenSize: 2 }), dense({ size: 1 })]).fit(
        { x, y: x },
        { loss: 'meanSquared', epochs: 2, ...options },
      )
    const checkpoint = { path: folder() }
    await run({ epochs: 1, checkpoint, truncate: { k1: 1, k2: 2 } })
    const refused = 'fit resume: expected truncate {"k1":1,"k2":2} as in the checkpoint'
    await expect(run({ checkpoint, resume: 'latest' })).rejects.toThrow(refused)
    const other = run({ checkpoint, resume: 'latest', truncate: { k1: 1, k2: 1 } })
    await expect(other).rejects.toThrow(refused)
    await run({ checkpoint, resume: 'latest', truncate: { k1: 1, k2: 2 } })
  })

  test('fewer epochs than the run has begun are refused, and leave its checkpoint to save', async () => {
    const x = [[[1], [-2], [3]]]
    const [checkpoint, again] = [{ path: folder(), every: 1 }, { path: folder() }]
    const model = sequential([dense({ inputSize: 1, size: 1 })])
    const run = (options: Partial<TrainOptions>) =>
      model.fit({ x, y: x }, { loss: 'meanSquared', ...options })
    await run({ epochs: 3, checkpoint })
    const fewer = run({ epochs: 2, checkpoint, resume: 'latest' })
    await expect(fewer).rejects.toThrow(
      'fit epochs: expected at least 3, the epoch of the checkpoint',
    )
    await expect(run({ checkpoint })).rejects.toThrow('expected a folder without checkpoints')
    await run({ epochs: 3, checkpoint, resume: 'latest' })
    await expect(run({ checkpoint })).rejects.toThrow('expected a folder without checkpoints')
    await model.save(join(root, 'kept.safetensors'), { optimizer: true })
    await run({ epochs: 4, checkpoint: again, resume: join(root, 'kept.safetensors') })
    await run({})
    const saving = model.save(join(root, 'none.safetensors'), { optimizer: true })
    await expect(saving).rejects.toThrow('give the run the option checkpoint')
  })

  test('so is another precision', async () => {
    const data = { x: [[[0.3, -1.7]]], y: [[1]] }
    const run = (precision: Precision | undefined, options: Partial<TrainOptions>) =>
      sequential([dense({ inputSize: 2, size: 1 })], precision && { precision }).fit(data, {
        loss: 'meanSquared',
        ...options,
      })
    for (const [precision, other] of [
      ['f32', 'bf16'],
      ['bf16', undefined],
    ] as const) {
      const checkpoint = { path: folder() }
      await run(precision, { checkpoint })
      await expect(run(other, { checkpoint, resume: 'latest' })).rejects.toMatchObject({
        code: 'ERR_UNROLLED_ARGUMENT',
        message: expect.stringMatching(
          `^fit resume: expected precision "${precision}" as in the checkpoint '.*', received "${other ?? 'f32'}"`,
        ),
      })
      await run(precision, { epochs: 2, checkpoint, resume: 'latest' })
    }
  })

  test('the size of batches counts where data in memory are cut, not where they are measured', async () => {
    const data = { x: [[1], [2], [3]], y: [[1], [0], [2]] }
    const checkpoint = { path: folder() }
    const run = (given: typeof data | (() => (typeof data)[]), options: Partial<TrainOptions>) =>
      sequential([dense({ inputSize: 1, size: 1 })]).fit(given, {
        loss: 'meanSquared',
        checkpoint,
        validation: data,
        ...options,
      })
    await run(() => [data], { batchSize: 2 })
    await run(() => [data], { batchSize: 3, epochs: 2, resume: 'latest' })
    const inMemory = run(data, { epochs: 3, resume: 'latest' })
    await expect(inMemory).rejects.toThrow('fit resume: expected rows null as in the checkpoint')
  })
})
