import { dense, embedding, last, rnn, sequential } from 'unrolled'
import { describe, expect, test } from 'vitest'

const network = () =>
  sequential([rnn({ inputSize: 3, hiddenSize: 2 }), dense({ size: 2 })], { seed: 1 })
const options = { loss: 'meanSquared' } as const

/** Rows of `lengths` steps, with one bad number. */
function rows(width: number, lengths: readonly number[], at: readonly number[], bad: number) {
  return lengths.map((length, row) =>
    Array.from({ length }, (_, step) =>
      Array.from({ length: width }, (_, i) => ([row, step, i].join() === at.join() ? bad : 0.5)),
    ),
  )
}

const lengths = Array.from({ length: 37 }, (_, row) => 1 + (row % 4))
const good = { x: rows(3, lengths, [], 0), y: rows(2, lengths, [], 0) }

describe('a number that is not finite is found by set, row, step and column, as they were given', () => {
  const bads = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] as const
  const places = [
    [0, 0, 0],
    [36, 0, 1],
    [23, 3, 1],
    [10, 2, 0],
  ]
  test.each(places.flatMap((at) => bads.map((bad) => ({ at, bad }))))(
    '$bad at $at',
    async ({ at, bad }) => {
      const [row, step, column] = at
      const end = `: expected finite numbers, received ${bad} at row ${row}, step ${step}, column ${column}`
      const inputs = { ...good, x: rows(3, lengths, at, bad) }
      const targets = { ...good, y: rows(2, lengths, at, bad) }
      const error = (name: string) => ({
        code: 'ERR_UNROLLED_NON_FINITE',
        message: `${name}${end}`,
      })
      const model = network()
      for (const seed of [0, 1, 2]) {
        const shuffled = { ...options, batchSize: 5, seed }
        await expect(model.fit(inputs, shuffled)).rejects.toMatchObject(error('fit data x'))
        await expect(model.fit(targets, shuffled)).rejects.toMatchObject(error('fit data y'))
        const several = { ...shuffled, accumulate: 3 }
        await expect(model.fit(targets, several)).rejects.toMatchObject(error('fit data y'))
        const validated = { ...shuffled, validation: inputs }
        await expect(model.fit(good, validated)).rejects.toMatchObject(error('fit validation x'))
      }
      await expect(model.evaluate(inputs, { ...options, batchSize: 4 })).rejects.toMatchObject(
        error('evaluate data x'),
      )
      const metrics = [{ name: 'mine', compute: () => 1 }]
      await expect(model.evaluate(targets, { ...options, metrics })).rejects.toMatchObject(
        error('evaluate data y'),
      )
      await expect(model.fit([good, good, targets], options)).rejects.toMatchObject(
        error('fit data batch 3 y'),
      )
      const core = `input 'input'${end.replace('Infinity', 'inf')}`
      await expect(model.predict(inputs.x)).rejects.toThrow(core)
      await expect(model.gradients(inputs, options)).rejects.toThrow(core)
    },
  )

  test('in packed rows with padding, which is not read', async () => {
    const values = new Float32Array(4 * 3 * 3).fill(Number.NaN)
    const packed = { values, shape: [4, 3, 3], lengths: [1, 3, 2, 1] }
    for (const [row, length] of packed.lengths.entries()) {
      values.fill(1, row * 9, row * 9 + length * 3)
    }
    const y = rows(2, packed.lengths, [], 0)
    const model = network()
    await model.fit({ x: packed, y }, options)
    values[1 * 9 + 2 * 3 + 1] = Number.NaN
    await expect(model.fit({ x: packed, y }, { ...options, batchSize: 1 })).rejects.toThrow(
      'fit data x: expected finite numbers, received NaN at row 1, step 2, column 1',
    )
  })

  test('in a row without steps, and not where the weight is 0', async () => {
    const model = sequential([dense({ size: 1 })], { input: { vector: { size: 2 } } })
    const x = [
      [1, 2],
      [3, Number.NaN],
    ]
    const y = [[0], [0]]
    await expect(model.fit({ x, y }, options)).rejects.toThrow(
      'fit data x: expected finite numbers, received NaN at row 1, column 1',
    )
    const targets = { x: [[1, 2], x[0]] as never, y: [[Number.NaN], [Number.NaN]] }
    await expect(model.fit({ ...targets, weights: [0, 1] }, options)).rejects.toThrow(
      'fit data y: expected finite numbers, received NaN at row 1, column 0',
    )
  })
})

describe('an id out of range', () => {
  const tagger = sequential([embedding({ vocabularySize: 4, size: 2 }), dense({ size: 3 })])
  const classifier = sequential([
    embedding({ vocabularySize: 4, size: 2 }),
    last(),
    dense({ size: 3 }),
  ])
  const loss = { loss: 'crossEntropy', batchSize: 2 } as const
  const x = [[0, 1], [2], [3, 3, 3], [1], [2, 2]]
  test('is found in inputs and targets', async () => {
    const y = x.map((row) => row.map(() => 0))
    const beyond = x.map((row, i) => (i === 2 ? [3, 3, 4] : row))
    await expect(tagger.fit({ x: beyond, y }, loss)).rejects.toThrow(
      'fit data x: expected ids from 0 to 3, received 4 at row 2, step 2',
    )
    const classes = y.map((row, i) => (i === 4 ? [0, 3] : row))
    await expect(tagger.fit({ x, y: classes }, loss)).rejects.toThrow(
      'fit data y: expected ids from 0 to 2, received 3 at row 4, step 1',
    )
    await expect(classifier.fit({ x, y: [0, 1, 2, 7, 0] }, loss)).rejects.toThrow(
      'fit data y: expected ids from 0 to 2, received 7 at row 3',
    )
  })

  test('is found in the validation before the first step', async () => {
    const y = [0, 1, 2, 0, 0]
    const validation = { x, y: [0, 3, 0, 0, 0] }
    const before = classifier.parameters()
    await expect(classifier.fit({ x, y }, { ...loss, validation })).rejects.toThrow(
      'fit validation y: expected ids from 0 to 2, received 3 at row 1',
    )
    expect(classifier.parameters()).toEqual(before)
  })
})

describe('a validation of a wrong form is refused before the first step', () => {
  const wrong: Readonly<Record<string, unknown>> = {
    'numbers in place of batches': [1, 2],
    'a pair in place of { x, y }': [good.x, good.y],
    'no batch': [],
    'targets of another size': [{ x: good.x, y: rows(3, lengths, [], 0) }],
    'a function of no iterable': () => 3,
    'a function of examples': () => good,
    'a function of wrong batches': () => [{ x: good.x }],
    'a generator of wrong batches': (function* () {
      yield { x: good.x, z: 1 }
    })(),
    'an asynchronous one': async function* () {
      yield 3
    },
    'a map': new Map([[1, 2]]),
  }
  test.each(Object.entries(wrong))('%s', async (_, validation) => {
    const model = network()
    const before = model.parameters()
    const run = model.train(good, { ...options, validation: validation as never })
    await expect(run.next()).rejects.toMatchObject({
      name: 'UnrolledError',
      message: expect.stringMatching(/^fit validation/),
    })
    expect(model.parameters()).toEqual(before)
  })

  test('a good one is measured once an epoch, and read once', async () => {
    const opened: number[] = []
    let closed = 0
    const validation = async function* () {
      opened.push(opened.length)
      try {
        yield good
        yield good
      } finally {
        closed += 1
      }
    }
    const model = network()
    const { epochs } = await model.fit(good, { ...options, epochs: 3, validation })
    expect(opened).toEqual([0, 1, 2])
    expect(closed).toBe(3)
    const { loss } = await model.evaluate([good, good], options)
    expect(epochs.at(-1)?.validationLoss).toBe(loss)
  })

  test('one that was begun is closed where the run ends before the epoch does', async () => {
    let closed = 0
    const validation = function* () {
      try {
        yield good
      } finally {
        closed += 1
      }
    }
    const model = network()
    for await (const _ of model.train(good, { ...options, batchSize: 4, validation })) break
    expect(closed).toBe(1)
    const bad = { ...good, y: rows(2, lengths, [3, 0, 0], Number.NaN) }
    await expect(model.fit(bad, { ...options, validation })).rejects.toThrow('fit data y')
    expect(closed).toBe(2)
  })

  test('an abort does not wait for one that never comes', async () => {
    const validation = () => ({
      [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }),
    })
    const signal = AbortSignal.timeout(20)
    const run = network().fit(good, { ...options, validation, signal })
    const reason: unknown = await run.catch((error: unknown) => error)
    expect(reason).toBe(signal.reason)
    expect(signal.aborted).toBe(true)
  })
})

test('a validation that fills one array again and again is measured as one that does not', async () => {
  const batch = (step: number) => ({
    x: rows(3, [2, 2], [], 0).map((row) => row.map((it) => it.map((_, i) => i + step))),
    y: rows(2, [2, 2], [], 0),
  })
  const flat = (data: number[][][]) => Float32Array.from(data.flat(2))
  const shared = { x: new Float32Array(12), y: new Float32Array(8) }
  const fill = (step: number) => {
    shared.x.set(flat(batch(step).x))
    shared.y.set(flat(batch(step).y))
    return { x: { values: shared.x, shape: [2, 2, 3] }, y: { values: shared.y, shape: [2, 2, 2] } }
  }
  const scores = async (validation: () => AsyncGenerator<ReturnType<typeof fill>>) => {
    const { epochs } = await network().fit(good, { ...options, epochs: 2, validation })
    return epochs.map((epoch) => epoch.validationLoss)
  }
  const filled = async function* () {
    for (const step of [1, 2]) yield fill(step)
  }
  const fresh = async function* () {
    for (const step of [1, 2]) {
      const { x, y } = fill(step)
      yield { x: { ...x, values: x.values.slice() }, y: { ...y, values: y.values.slice() } }
    }
  }
  expect(await scores(filled)).toEqual(await scores(fresh))
})
