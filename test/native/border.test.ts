import { expect, test } from 'vitest'
import { binding } from '../../ts/native/binding.js'
import {
  batch,
  recurrentGraph,
  sharedValues,
  smallModel,
  TRAINING,
  transferredValues,
} from './graph.js'

const good = { name: 'x', shape: [1, 2, 2], values: Float32Array.of(1, 2, 3, 4) }

/** Arguments that JavaScript can pass and no type allows, hence `unknown`. */
const refused: [string, string, unknown][] = [
  ['no name', 'ERR_UNROLLED_ARGUMENT', { name: undefined }],
  ['a name that is no string', 'ERR_UNROLLED_KIND', { name: 3 }],
  ['a shape that is no array', 'ERR_UNROLLED_KIND', { shape: 4 }],
  ['a fractional size', 'ERR_UNROLLED_SHAPE', { shape: [1, 1.5, 2] }],
  ['a negative size', 'ERR_UNROLLED_SHAPE', { shape: [1, -2, 2] }],
  ['a size beyond 32 bits', 'ERR_UNROLLED_SHAPE', { shape: [2 ** 40, 2, 2] }],
  ['sizes that do not hold the values', 'ERR_UNROLLED_SHAPE', { shape: [1, 3, 2] }],
  ['a plain array of values', 'ERR_UNROLLED_KIND', { values: [1, 2, 3, 4] }],
  ['values in double precision', 'ERR_UNROLLED_KIND', { values: new Float64Array(4) }],
  ['values and ids', 'ERR_UNROLLED_ARGUMENT', { ids: new Int32Array(4) }],
  ['neither values nor ids', 'ERR_UNROLLED_ARGUMENT', { values: undefined }],
  ['ids for numbers', 'ERR_UNROLLED_KIND', { values: undefined, ids: new Int32Array(4) }],
  ['values that are shared', 'ERR_UNROLLED_KIND', { values: sharedValues(4) }],
  ['values that are detached', 'ERR_UNROLLED_STATE', { values: transferredValues(4) }],
  ['a length beyond time', 'ERR_UNROLLED_VALUE', { lengths: Int32Array.of(3) }],
  ['a negative length', 'ERR_UNROLLED_VALUE', { lengths: Int32Array.of(-1) }],
  ['NaN', 'ERR_UNROLLED_NON_FINITE', { values: Float32Array.of(1, Number.NaN, 3, 4) }],
]

for (const [what, code, change] of refused) {
  test(`${what} is refused, and the model goes on`, async () => {
    const model = smallModel()
    const predict: (inputs: never, states: []) => Promise<unknown> = model.predict.bind(model)
    const inputs = [{ ...good, ...(change as object) }] as never
    const call = async () => predict(inputs, [])
    await expect(call()).rejects.toMatchObject({ code, message: expect.stringMatching(/\w/) })
    await expect(model.predict([good], [])).resolves.toMatchObject({ outputs: [{ name: 'y' }] })
  })
}

/** Batches of a step that no type allows, each with a change to the first. */
const refusedBatches: [string, string, (batch: ReturnType<typeof batchOf>) => unknown][] = [
  ['no batch', 'ERR_UNROLLED_ARGUMENT', () => []],
  ['a batch without targets', 'ERR_UNROLLED_ARGUMENT', ({ inputs }) => [{ inputs }]],
  ['inputs that are no array', 'ERR_UNROLLED_KIND', (batch) => [{ ...batch, inputs: 3 }]],
  ['a plain array of weights', 'ERR_UNROLLED_KIND', (batch) => [weighted(batch, [1, 1, 1, 1])]],
  ['shared weights', 'ERR_UNROLLED_KIND', (batch) => [weighted(batch, sharedValues(4))]],
  [
    'too few weights',
    'ERR_UNROLLED_SHAPE',
    (batch) => [batch, weighted(batch, new Float32Array(3))],
  ],
  [
    'a weight below zero',
    'ERR_UNROLLED_VALUE',
    (batch) => [batch, weighted(batch, Float32Array.of(1, 1, -1, 1))],
  ],
  [
    'a weight that is NaN',
    'ERR_UNROLLED_NON_FINITE',
    (batch) => [batch, weighted(batch, Float32Array.of(1, 1, Number.NaN, 1))],
  ],
]

const batchOf = () => batch(2, 2, 3)

function weighted({ inputs, targets }: ReturnType<typeof batchOf>, weights: unknown) {
  return { inputs, targets: targets.map((target) => ({ ...target, weights })) }
}

for (const [what, code, change] of refusedBatches) {
  test(`${what} is refused, and the parameters stay`, async () => {
    const model = smallModel()
    const before = model.parameters()
    const trainer = model.trainer(TRAINING)
    const call = async () => trainer.step(change(batchOf()) as never, { carry: false })
    await expect(call()).rejects.toMatchObject({ code, message: expect.stringMatching(/\w/) })
    expect(model.parameters()).toEqual(before)
    trainer.close()
  })
}

test('inputs are copied before the call returns', async () => {
  const model = smallModel()
  const values = good.values.slice()
  const [first, second] = await Promise.all([
    model.predict([{ ...good, values }], []),
    model.predict([{ ...good, values: values.fill(9) && good.values }], []),
  ])
  expect(first.outputs).toEqual(second.outputs)
})

test('a graph that is none is refused', () => {
  for (const graph of ['', '{', '{"version":2}', '[]']) {
    expect(() => new binding.Model(graph, 1)).toThrow(
      expect.objectContaining({ code: 'ERR_UNROLLED_GRAPH' }),
    )
  }
})

test('a file that is none is refused', async () => {
  expect(() => binding.Model.fromBytes(new Uint8Array(9))).toThrow(
    expect.objectContaining({ code: 'ERR_UNROLLED_FORMAT' }),
  )
  await expect(binding.Model.load('/nowhere/model.safetensors')).rejects.toMatchObject({
    code: 'ERR_UNROLLED_IO',
  })
})

test('what was disposed says so, and work under way is finished', async () => {
  const state = expect.objectContaining({ code: 'ERR_UNROLLED_STATE' })
  const model = smallModel()
  const [stream, trainer] = [model.stream(), model.trainer(TRAINING)]
  const { inputs, targets } = batch(4, 5, 3)
  const step = trainer.step([{ inputs, targets }], { carry: false })
  const prediction = model.predict(inputs, [])
  trainer.close()
  model.dispose()
  model.dispose()
  stream.dispose()
  await expect(step).resolves.toMatchObject({ step: 1 })
  await expect(prediction).resolves.toHaveProperty('outputs')
  expect(() => trainer.step([{ inputs, targets }], { carry: false })).toThrow(state)
  expect(() => model.predict(inputs, [])).toThrow(state)
  expect(() => model.parameters()).toThrow(state)
  const losses = JSON.stringify({ losses: JSON.parse(TRAINING).losses })
  expect(() => model.gradients(losses, inputs, targets, [])).toThrow(state)
  expect(() => stream.push(good.values, undefined)).toThrow(state)
})

test('a step of a stream is refused like a batch, and the stream goes on', () => {
  const stream = smallModel().stream()
  const step = Float32Array.of(1, 2)
  const first = stream.push(step, undefined)
  const push: (values: never, ids: never) => unknown = stream.push.bind(stream)
  const refused: [string, unknown, unknown][] = [
    ['ERR_UNROLLED_SHAPE', Float32Array.of(1), undefined],
    ['ERR_UNROLLED_SHAPE', step, Int32Array.of(1)],
    ['ERR_UNROLLED_NON_FINITE', Float32Array.of(1, Number.NaN), undefined],
    ['ERR_UNROLLED_KIND', sharedValues(2), undefined],
    ['ERR_UNROLLED_STATE', transferredValues(4), undefined],
    ['InvalidArg', [1, 2], undefined],
    ['InvalidArg', new Float64Array(2), undefined],
    ['InvalidArg', step, [1]],
  ]
  for (const [code, values, ids] of refused) {
    expect(() => push(values as never, ids as never)).toThrow(expect.objectContaining({ code }))
  }
  const whole = smallModel().stream()
  expect(whole.push(step, undefined)).toEqual(first)
  expect(whole.push(step, undefined)).toEqual(stream.push(step, undefined))
})

test('a step of a session is refused like that of a stream, and the session goes on', async () => {
  const session = await smallModel().session(undefined, 2, [])
  const step = Float32Array.of(1, 2, 3, 4)
  const [first] = await session.step(step, undefined)
  const call = (values: unknown, ids: unknown) => session.step(values as never, ids as never)
  const refused: [string, unknown, unknown][] = [
    ['ERR_UNROLLED_SHAPE', Float32Array.of(1, 2), undefined],
    ['ERR_UNROLLED_SHAPE', step, Int32Array.of(1)],
    ['ERR_UNROLLED_NON_FINITE', Float32Array.of(1, 2, 3, Number.NaN), undefined],
    ['ERR_UNROLLED_KIND', sharedValues(4), undefined],
    ['ERR_UNROLLED_STATE', transferredValues(4), undefined],
    ['InvalidArg', [1, 2, 3, 4], undefined],
    ['InvalidArg', step, [1]],
  ]
  for (const [code, values, ids] of refused) {
    await expect((async () => call(values, ids))()).rejects.toMatchObject({ code })
  }
  for (const [code, rows] of [
    ['ERR_UNROLLED_ARGUMENT', new Int32Array()],
    ['ERR_UNROLLED_VALUE', Int32Array.of(2)],
    ['ERR_UNROLLED_VALUE', Int32Array.of(-1)],
    ['InvalidArg', [0]],
  ] as const) {
    expect(() => session.reorder(rows as never)).toThrow(expect.objectContaining({ code }))
  }
  const whole = await smallModel().session(undefined, 2, [])
  expect((await whole.step(step, undefined))[0]).toEqual(first)
  expect(await whole.step(step, undefined)).toEqual(await session.step(step, undefined))
  for (const rows of [0, -1, Number.NaN]) {
    await expect(smallModel().session(undefined, rows, [])).rejects.toMatchObject({
      code: 'ERR_UNROLLED_ARGUMENT',
    })
  }
})

test('steps run in the order of the calls, and cancelled ones not at all', async () => {
  const model = new binding.Model(recurrentGraph(3), 1)
  const trainer = model.trainer(TRAINING)
  const { inputs, targets } = batch(4, 5, 3)
  const steps = [1, 2, 3].map(() => trainer.step([{ inputs, targets }], { carry: false }))
  expect((await Promise.all(steps)).map(({ step }) => step)).toEqual([1, 2, 3])
  const before = model.parameters()
  trainer.cancel()
  await expect(trainer.step([{ inputs, targets }], { carry: false })).rejects.toMatchObject({
    code: 'ERR_UNROLLED_CANCELLED',
  })
  expect(model.parameters()).toEqual(before)
  trainer.close()
})

test('the event loop and the file system go on while a step runs', async () => {
  const { readFile } = await import('node:fs/promises')
  const units = 128
  const trainer = new binding.Model(recurrentGraph(units), 1).trainer(TRAINING)
  const { inputs, targets } = batch(64, 200, units)
  let done = false
  const steps = Promise.all(
    [1, 2, 3, 4].map(() => trainer.step([{ inputs, targets }], { carry: false })),
  )
  const finished = steps.then(() => {
    done = true
  })
  await Promise.all(Array.from({ length: 8 }, () => readFile('package.json')))
  let turns = 0
  while (!done && turns < 20) {
    await new Promise((resolve) => setImmediate(resolve))
    turns += 1
  }
  expect(turns).toBe(20)
  await finished
  trainer.close()
})
