import { expect, test } from 'vitest'
import { meanSquared } from '../../ts/index.js'
import { examples, fakeModel, MEMORY, termOf } from '../support/fake-model.js'

test('an epoch sees every row once, in batches, the last one smaller', async () => {
  const { model, native } = fakeModel()
  const history = await model.fit(examples(7), { loss: 'meanSquared', batchSize: 3, epochs: 2 })
  expect(native.steps.map(({ inputs }) => inputs[0]?.shape)).toEqual([
    [3, 1, 1],
    [3, 1, 1],
    [1, 1, 1],
    [3, 1, 1],
    [3, 1, 1],
    [1, 1, 1],
  ])
  const rows = native.steps.map(({ inputs }) => Array.from(inputs[0]?.values ?? []))
  const [first, second] = [rows.slice(0, 3).flat(), rows.slice(3).flat()]
  expect(first.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6])
  expect(second.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6])
  expect(first).not.toEqual(second)
  for (const { inputs, targets } of native.steps) {
    expect(targets[0]?.values).toEqual(inputs[0]?.values)
  }
  expect(history.epochs.map(({ epoch }) => epoch)).toEqual([1, 2])
  expect(history.stopped).toBeUndefined()
  expect(history.memory).toEqual(MEMORY)
})

test('several batches make one step, the last of an epoch fewer', async () => {
  const { model, native } = fakeModel()
  const options = { loss: 'meanSquared', batchSize: 2, accumulate: 3, shuffle: false } as const
  const events = []
  for await (const event of model.train(examples(9), options)) events.push(event)
  const rows = native.steps.map(({ batches }) =>
    batches.map(({ inputs, targets }) => {
      expect(targets[0]?.values).toEqual(inputs[0]?.values)
      return Array.from(inputs[0]?.values ?? [])
    }),
  )
  expect(rows).toEqual([
    [
      [0, 1],
      [2, 3],
      [4, 5],
    ],
    [[6, 7], [8]],
  ])
  expect(events).toMatchObject([
    { type: 'step', step: 1, steps: 2 },
    { type: 'step', step: 2, steps: 2 },
    { type: 'epoch' },
  ])
})

test('a step says how many its epoch has, the last smaller one among them', async () => {
  for (const [count, expected] of [
    [7, 3],
    [6, 2],
    [1, 1],
  ] as const) {
    const { model } = fakeModel()
    const steps = []
    for await (const event of model.train(examples(count), { loss: 'meanSquared', batchSize: 3 })) {
      if (event.type === 'step') steps.push([event.step, event.steps])
    }
    expect(steps).toEqual(Array.from({ length: expected }, (_, i) => [i + 1, expected]))
  }
})

test('the order depends on the seed alone; shuffle: false keeps it', async () => {
  const order = async (options: { seed?: number; shuffle?: boolean }) => {
    const { model, native } = fakeModel()
    await model.fit(examples(20), { loss: 'meanSquared', batchSize: 20, ...options })
    return Array.from(native.steps[0]?.inputs[0]?.values ?? [])
  }
  expect(await order({ seed: 3 })).toEqual(await order({ seed: 3 }))
  expect(await order({ seed: 3 })).not.toEqual(await order({ seed: 4 }))
  expect(await order({ shuffle: false })).toEqual(Array.from({ length: 20 }, (_, row) => row))
})

test('means are weighted by valid targets, rates and norms are passed on', async () => {
  const { model, native } = fakeModel()
  native.report = (step) =>
    step === 1
      ? { loss: 4, terms: [termOf(4, 1, 1)] }
      : { loss: 1, terms: [{ ...termOf(1, 3, 1), sum: 2, weight: 2 }] }
  const events = []
  const options = {
    loss: 'meanSquared',
    batchSize: 1,
    metrics: ['accuracy', 'perplexity'],
  } as const
  for await (const event of model.train(examples(2), options)) events.push(event)
  const shared = { type: 'step', epoch: 1, steps: 2, learningRate: 0.1, norm: 2, skipped: false }
  const step = { ...shared, memory: MEMORY }
  expect(events).toEqual([
    { ...step, step: 1, loss: 4 },
    { ...step, step: 2, loss: 1 },
    {
      type: 'epoch',
      record: {
        epoch: 1,
        loss: 2,
        accuracy: 0.5,
        perplexity: Math.exp(2),
        seconds: expect.any(Number),
      },
      stopped: undefined,
      memory: MEMORY,
    },
  ])
})

test('a skipped step has no loss, and an epoch averages over the others', async () => {
  const { model, native } = fakeModel()
  const skipped = { loss: Number.NaN, norm: Number.NaN, terms: [], skipped: true }
  native.report = (step) => (step % 2 === 1 ? skipped : { terms: [termOf(3, 1)] })
  const options = { loss: 'meanSquared', batchSize: 1, metrics: ['accuracy'] } as const
  const losses = []
  for await (const event of model.train(examples(2), options)) {
    losses.push(event.type === 'step' ? event.loss : event.record.loss)
  }
  expect(losses).toEqual([Number.NaN, 1, 3])
  native.report = () => skipped
  const { epochs } = await model.fit(examples(2), { ...options, metrics: ['perplexity'] })
  expect(epochs[0]).toMatchObject({ loss: Number.NaN, perplexity: Number.NaN })
})

test('losses of several outputs are reduced once, over all batches', async () => {
  const output = (name: string) => ({ name, kind: { vector: { size: 1 } } })
  const { model, native } = fakeModel({ outputs: [output('a'), output('b'), output('c')] })
  const term = (output: string, sum: number, weight: number) => ({
    output,
    sum,
    weight,
    valid: weight,
  })
  const batches = [
    [term('a', 10, 1), term('b', 0, 9), term('c', 2, 3)],
    [term('a', 0, 9), term('b', 4, 1), term('c', 5, 2)],
  ]
  native.report = () => ({ terms: batches.shift() ?? [] })
  const { x, y } = examples(2)
  const loss = {
    a: 'meanSquared',
    b: meanSquared({ weight: 2 }),
    c: meanSquared({ reduction: 'sum', weight: 3 }),
  } as const
  const scores = await model.evaluate({ x, y: { a: y, b: y, c: y } }, { loss, batchSize: 1 })
  expect(scores.loss).toBeCloseTo(10 / 10 + (2 * 4) / 10 + 3 * 7, 12)
})

test('two steps are under way at once, never more, and the next batch is made meanwhile', async () => {
  const { model, native } = fakeModel()
  const log = native.log
  function* batches() {
    for (let batch = 1; batch <= 4; batch++) {
      log.push(`batch ${batch}`)
      yield { x: [[[batch]]], y: [[batch]] }
    }
  }
  await model.fit(batches(), { loss: 'meanSquared' })
  expect(native.deepest).toBe(2)
  expect(log).toEqual([
    'open',
    'batch 1',
    'batch 2',
    'step 1',
    'batch 3',
    'step 2',
    'batch 4',
    'step 3',
    'step 4',
    'close',
  ])
})

test('carried states begin anew with every epoch', async () => {
  const { model, native } = fakeModel()
  const data = { ...examples(3) }
  await model.fit(data, { loss: 'meanSquared', batchSize: 1, epochs: 2, carry: true })
  expect(native.steps.map(({ carry }) => carry)).toEqual([true, true, true, false, true, true])
  expect(native.steps.map(({ inputs }) => inputs[0]?.values?.[0])).toEqual([0, 1, 2, 0, 1, 2])
})

test('rows that carry on are the same in every batch', async () => {
  const { model, native } = fakeModel()
  const options = { loss: 'meanSquared', carry: true } as const
  await expect(model.fit(examples(7), { ...options, batchSize: 3 })).rejects.toThrow(
    'fit data: expected a multiple of 3 rows, since carry needs whole batches, received 7 rows',
  )
  expect(native.steps).toEqual([])
  await model.fit(examples(2), { ...options, batchSize: 3, validation: examples(4) })
  await expect(model.fit([examples(2), examples(3)], options)).rejects.toThrow(
    'fit data batch 2: expected 2 rows as in the batch before, since carry continues each row, received 3 rows',
  )
  await model.fit([examples(2), examples(3)], { loss: 'meanSquared' })
})

test('the configuration of a run, with every default', async () => {
  const { model, native } = fakeModel()
  await model.fit(examples(1), { loss: meanSquared() })
  expect(JSON.parse(native.configs[0] ?? '')).toEqual({
    losses: [{ output: 'output', loss: { meanSquared: {} }, reduction: 'mean', weight: 1 }],
    optimizer: { adam: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 } },
    learningRate: 0.001,
    frozen: [],
    onNonFinite: 'error',
    seed: 0,
  })
})

test('validation is measured after every epoch, in order, and by metrics of your own', async () => {
  const { model, native } = fakeModel()
  native.report = (step) => (step === 0 ? { terms: [termOf(0.5, 2, 1)] } : {})
  const total = {
    name: 'total',
    compute: ({ targets }: { targets: Record<string, { values: ArrayLike<number> }> }) =>
      Array.from(Object.values(targets)[0]?.values ?? []).reduce((sum, value) => sum + value, 0),
  }
  const history = await model.fit(examples(2), {
    loss: 'meanSquared',
    metrics: ['accuracy', total],
    validation: examples(2),
    epochs: 2,
  })
  const record = { accuracy: 0, loss: 1, total: 1, seconds: expect.any(Number) }
  const validation = { validationLoss: 0.5, validationAccuracy: 0.5, validationTotal: 1 }
  expect(history.epochs).toEqual([
    { epoch: 1, ...record, ...validation },
    { epoch: 2, ...record, ...validation },
  ])
  expect(native.log.filter((line) => line === 'evaluate')).toHaveLength(4)
})

test('early stopping waits, stops and restores the best weights', async () => {
  const { model, native } = fakeModel()
  const losses = [3, 2, 2.5, 2.1, 1]
  native.report = (step) => ({ loss: losses[step - 1] ?? 0 })
  const history = await model.fit(examples(1), {
    loss: 'meanSquared',
    epochs: 5,
    earlyStopping: { patience: 2 },
  })
  expect(history.epochs.map(({ loss }) => loss)).toEqual([3, 2, 2.5, 2.1])
  expect(history.stopped).toBe('earlyStopping')
  expect(native.weights).toEqual(Float32Array.of(2))
})

test('early stopping by accuracy looks for the largest, and can leave the weights alone', async () => {
  const { model, native } = fakeModel()
  const correct = [1, 3, 2]
  native.report = (step) => ({ terms: [termOf(1, 4, correct[step - 1])] })
  const history = await model.fit(examples(1), {
    loss: 'meanSquared',
    metrics: ['accuracy'],
    epochs: 3,
    earlyStopping: { monitor: 'accuracy', restoreBest: false },
  })
  expect(history.epochs).toHaveLength(3)
  expect(native.weights).toEqual(Float32Array.of(3))
})

test.each([
  ['min', [Number.NaN, 3, 2, 2.5, 2.1], 3],
  ['min', [3, Number.NaN, 2, Number.NaN, Number.NaN], 3],
  ['max', [Number.NaN, 1, 2, 1, 1], 3],
  ['min', [Number.NaN, Number.NaN, Number.NaN], 3],
] as const)('early stopping takes NaN for the worst: %s of %j', async (mode, values, best) => {
  const { model, native } = fakeModel()
  native.report = (step) => ({ terms: [termOf(values[step - 1] ?? 0, 1)] })
  const history = await model.fit(examples(1), {
    loss: 'meanSquared',
    epochs: 9,
    earlyStopping: { patience: 2, mode },
  })
  expect(history.epochs).toHaveLength(values.length)
  expect(native.weights).toEqual(Float32Array.of(best))
})

test('a function gives fresh batches for every epoch, an iterator runs dry', async () => {
  const { model, native } = fakeModel()
  function* batches() {
    yield { x: [[[1]]], y: [[1]] }
  }
  await model.fit(batches, { loss: 'meanSquared', epochs: 3 })
  expect(native.steps).toHaveLength(3)
  await model.fit([...batches()], { loss: 'meanSquared', epochs: 2 })
  expect(native.steps).toHaveLength(5)
  await expect(model.fit(batches(), { loss: 'meanSquared', epochs: 2 })).rejects.toThrow(
    'fit data: expected batches for epoch 2, received none; an iterator runs only once: ' +
      'pass a function that returns a fresh one for every epoch',
  )
})
