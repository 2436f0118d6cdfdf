import { expect, test } from 'vitest'
import { UnrolledError } from '../../ts/index.js'
import { coded, examples, fakeModel } from '../support/fake-model.js'

const code = (expected: string) => expect.objectContaining({ code: expected })

test('break finishes the step that was sent, and closes the iterator and the run', async () => {
  const { model, native } = fakeModel()
  let returned = false
  async function* batches() {
    try {
      for (;;) yield { x: [[[1]]], y: [[1]] }
    } finally {
      returned = true
    }
  }
  for await (const event of model.train(batches(), { loss: 'meanSquared' })) {
    if (event.type === 'step' && event.step === 2) break
  }
  expect(returned).toBe(true)
  expect(native.pending).toBe(0)
  expect(native.weights).toEqual(Float32Array.of(3))
  expect(native.log.at(-1)).toBe('close')
  await model.fit(examples(1), { loss: 'meanSquared' })
})

test('a signal aborted beforehand rejects with its reason and starts nothing', async () => {
  const { model, native } = fakeModel()
  const signal = AbortSignal.abort()
  const run = model.fit(examples(1), { loss: 'meanSquared', signal })
  await expect(run).rejects.toBe(signal.reason)
  expect(native.log).toEqual([])
})

test('a signal aborted during a run rejects with its reason; the model goes on', async () => {
  const { model, native } = fakeModel()
  const controller = new AbortController()
  const reason = new Error('enough')
  native.report = (step) => {
    if (step === 3) controller.abort(reason)
    return {}
  }
  const run = model.fit(examples(100), {
    loss: 'meanSquared',
    batchSize: 1,
    signal: controller.signal,
  })
  await expect(run).rejects.toBe(reason)
  expect(native.pending).toBe(0)
  expect(native.weights[0]).toBe(3)
  expect(native.log.filter((line) => line.startsWith('step')).at(-1)).toBe('step 3')
  expect(native.log.at(-1)).toBe('close')
  await model.fit(examples(1), { loss: 'meanSquared' })
})

test('a signal stops a run that waits for an iterator', async () => {
  const { model } = fakeModel()
  const controller = new AbortController()
  async function* batches() {
    yield { x: [[[1]]], y: [[1]] }
    await new Promise(() => {})
  }
  const run = model.fit(batches(), { loss: 'meanSquared', signal: controller.signal })
  setTimeout(() => controller.abort(), 5)
  await expect(run).rejects.toMatchObject({ name: 'AbortError' })
  await model.fit(examples(1), { loss: 'meanSquared' })
})

test('a signal stops a validation: no further batch is asked for or measured', async () => {
  const { model, native } = fakeModel()
  const controller = new AbortController()
  let asked = 0
  let closed = false
  async function* validation() {
    try {
      for (;;) {
        asked += 1
        if (asked === 3) controller.abort()
        yield examples(1)
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    } finally {
      closed = true
    }
  }
  const run = model.fit(examples(1), {
    loss: 'meanSquared',
    validation: validation(),
    signal: controller.signal,
  })
  await expect(run).rejects.toMatchObject({ name: 'AbortError' })
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect([asked, closed]).toEqual([3, true])
  expect(native.log.filter((line) => line === 'evaluate')).toHaveLength(2)
})

test('an iterator that throws rejects with its own error; the model goes on', async () => {
  const { model, native } = fakeModel()
  const broken = new Error('the disk is gone')
  function* batches() {
    yield { x: [[[1]]], y: [[1]] }
    throw broken
  }
  await expect(model.fit(batches(), { loss: 'meanSquared' })).rejects.toBe(broken)
  expect(native.log.at(-1)).toBe('close')
  await model.fit(examples(1), { loss: 'meanSquared' })
})

test('an error of the core is typed, and the step after it does not run', async () => {
  const { model, native } = fakeModel()
  native.report = (step) => {
    if (step === 2) throw coded('ERR_UNROLLED_NON_FINITE', 'the loss is NaN at step 2')
    return {}
  }
  const run = model.fit(examples(5), { loss: 'meanSquared', batchSize: 1 })
  const error = await run.catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(UnrolledError)
  expect(error).toMatchObject({ code: 'ERR_UNROLLED_NON_FINITE' })
  expect(native.weights[0]).toBe(1)
})

test('a second run at the same time is refused', async () => {
  const { model } = fakeModel()
  const first = model.fit(examples(2), { loss: 'meanSquared' })
  await expect(model.fit(examples(2), { loss: 'meanSquared' })).rejects.toMatchObject({
    code: 'ERR_UNROLLED_STATE',
  })
  await first
  await model.fit(examples(2), { loss: 'meanSquared' })
})

test('a disposed model refuses everything, twice disposed is once', async () => {
  const { model, native } = fakeModel()
  model.dispose()
  model[Symbol.dispose]()
  expect(native.log).toEqual(['dispose'])
  await expect(model.fit(examples(1), { loss: 'meanSquared' })).rejects.toEqual(
    code('ERR_UNROLLED_STATE'),
  )
  await expect(model.predict([[[1]]])).rejects.toEqual(code('ERR_UNROLLED_STATE'))
  expect(() => model.stream()).toThrow('the model has been disposed')
})
