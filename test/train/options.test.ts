import { expect, test } from 'vitest'
import {
  adagrad,
  adam,
  adamw,
  cosineDecay,
  crossEntropy,
  exponentialDecay,
  huber,
  linearDecay,
  rmsprop,
  sgd,
  stepDecay,
} from '../../ts/index.js'
import { fakeModel } from '../support/fake-model.js'

const data = { x: [[[1]]], y: [[1]] }

async function configOf(options: object): Promise<Record<string, unknown>> {
  const { model, native } = fakeModel()
  await model.fit(data, { loss: 'meanSquared', ...options })
  return JSON.parse(native.configs[0] ?? '')
}

test('optimizers with their defaults are what PyTorch has', () => {
  expect([sgd(), rmsprop(), adagrad(), adam(), adamw()]).toEqual([
    {
      learningRate: 0.01,
      rule: { sgd: { momentum: 0, dampening: 0, nesterov: false, weightDecay: 0 } },
    },
    {
      learningRate: 0.001,
      rule: { rmsprop: { alpha: 0.99, epsilon: 1e-8, momentum: 0, weightDecay: 0 } },
    },
    { learningRate: 0.01, rule: { adagrad: { epsilon: 1e-10, weightDecay: 0 } } },
    {
      learningRate: 0.001,
      rule: { adam: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 } },
    },
    {
      learningRate: 0.001,
      rule: { adamw: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 } },
    },
  ])
})

test('what a run is told is what was asked for', async () => {
  const config = await configOf({
    loss: huber({ delta: 2, reduction: 'sum', weight: 3 }),
    optimizer: sgd({ learningRate: 0.5, momentum: 0.9, nesterov: true }),
    clip: { norm: 1 },
    schedule: linearDecay({ steps: 10, warmup: 2 }),
    truncate: { k1: 4, k2: 8 },
    memory: 'sqrt',
    onNonFinite: 'skip',
    frozen: [],
    seed: 7,
  })
  expect(config).toEqual({
    losses: [{ output: 'output', loss: { huber: { delta: 2 } }, reduction: 'sum', weight: 3 }],
    optimizer: { sgd: { momentum: 0.9, dampening: 0, nesterov: true, weightDecay: 0 } },
    learningRate: 0.5,
    clip: { norm: 1 },
    schedule: { linear: { warmup: 2, steps: 10, minimum: 0 } },
    truncate: { k1: 4, k2: 8 },
    memory: 'sqrt',
    onNonFinite: 'skip',
    frozen: [],
    seed: 7,
  })
  expect(await configOf({ clip: { value: 2 } })).toMatchObject({ clip: { value: 2 } })
})

test.each([5, 3])('a descent of no step after a warmup of 5 is refused: %i steps', (steps) => {
  expect(() => linearDecay({ warmup: 5, steps })).toThrow(
    `linearDecay steps: expected more than the 5 of warmup, received ${steps}`,
  )
  expect(() => linearDecay({ warmup: 5, steps: 6 })).not.toThrow()
})

test('schedules and cross-entropy as data', () => {
  expect([
    stepDecay({ size: 3, gamma: 0.5 }),
    exponentialDecay({ gamma: 0.9 }),
    cosineDecay({ steps: 100 }),
  ]).toEqual([
    { step: { size: 3, gamma: 0.5 } },
    { exponential: { gamma: 0.9 } },
    { cosine: { steps: 100, minimum: 0 } },
  ])
  expect(crossEntropy({ labelSmoothing: 0.1, classWeights: [1, 2], ignore: 0 })).toEqual({
    kind: { crossEntropy: { labelSmoothing: 0.1, classWeights: [1, 2], ignore: 0 } },
    reduction: 'mean',
    weight: 1,
  })
})

test.each<[object, string]>([
  [{ optimizer: 'adm' }, 'fit: unknown optimizer "adm"; did you mean adam?'],
  [{ loss: 'crossentropy' }, 'fit loss: unknown loss "crossentropy"; did you mean crossEntropy?'],
  [{ loss: { outputs: 'huber' } }, 'fit loss: unknown output "outputs"; did you mean output?'],
  [{ loss: undefined }, 'fit loss: expected a loss or its name, received undefined'],
  [{ epochs: 0 }, 'fit epochs: expected a whole number of at least 1, received 0'],
  [{ batchSize: 1.5 }, 'fit batchSize: expected a whole number of at least 1, received 1.5'],
  [{ clip: { norm: 0 } }, 'fit clip norm: expected a number above 0, received 0'],
  [{ clip: { norm: 1, value: 1 } }, 'fit clip: expected either norm or value, received an object'],
  [{ clip: 0 }, 'fit clip: expected an object of options, received 0'],
  [{ schedule: '' }, 'fit schedule: expected a schedule, received ""'],
  [{ schedule: { step: null } }, 'fit schedule: expected one kind with its settings'],
  [{ schedule: {} }, 'fit schedule: expected one kind with its settings'],
  [
    { optimizer: { learningRate: 1, rule: {} } },
    'fit optimizer rule: expected one kind with its settings',
  ],
  [
    { optimizer: { learningRate: 1, rule: { sgd: { momentum: '1' } } } },
    'sgd momentum: expected a number of at least 0, received "1"',
  ],
  [{ loss: { kind: {}, reduction: 'mean' } }, 'fit loss kind: expected one kind with its settings'],
  [{ truncate: 0 }, 'fit truncate: expected an object of options, received 0'],
  [{ memory: 'all' }, 'fit memory: expected "sqrt" or a number of bytes, received "all"'],
  [{ memory: 0 }, 'fit memory: expected a whole number of at least 1, received 0'],
  [{ memory: 1.5 }, 'fit memory: expected a whole number of at least 1, received 1.5'],
  [{ validation: 0 }, 'fit validation: expected { x, y }'],
  [{ earlyStopping: 0 }, 'fit earlyStopping: expected an object of options, received 0'],
  [{ loss: { kind: null, reduction: 'mean' } }, 'fit loss kind: expected a value'],
  [{ metrics: ['acuracy'] }, 'fit metrics: unknown metric "acuracy"; did you mean accuracy?'],
  [{ sead: 1 }, 'fit: unknown option "sead"; did you mean seed?'],
  [{ signal: {} }, 'fit signal: expected an AbortSignal, received an object'],
  [
    { earlyStopping: { monitor: 'validationLoss' } },
    'earlyStopping monitor: expected \'loss\', received "validationLoss"',
  ],
  [{ earlyStopping: { monitor: 'toString' } }, "earlyStopping monitor: expected 'loss'"],
  [
    { metrics: ['Mine', 'mine'].map((name) => ({ name, compute: () => 1 })) },
    'fit metrics: expected metrics of different names, received "mine"',
  ],
])('a bad option %j is refused by name', async (options, message) => {
  await expect(configOf(options)).rejects.toThrow(message)
})

test('the id that does not count is any of 32 bits', () => {
  const { kind } = crossEntropy({ ignore: -100 })
  expect(kind).toMatchObject({ crossEntropy: { ignore: -100 } })
  for (const ignore of [0.5, 2 ** 31, Number.NaN]) {
    expect(() => crossEntropy({ ignore })).toThrow(
      `crossEntropy ignore: expected a whole number of 32 bits, received ${ignore}`,
    )
  }
})

test('ready-made batches have their own size and order', async () => {
  const { model } = fakeModel()
  await expect(model.fit([data], { loss: 'meanSquared', batchSize: 2 })).rejects.toThrow(
    'fit batchSize: expected none with ready-made batches, received 2; the option is for examples in memory',
  )
})

test('an array in hand-made settings ends at its first hole', async () => {
  const sparse: number[] = []
  sparse.length = 2 ** 32 - 1
  const refused = { code: 'ERR_UNROLLED_ARGUMENT' }
  const configs = [
    { optimizer: { learningRate: 1, rule: { sgd: { momentum: sparse } } } },
    { loss: { kind: { crossEntropy: { classWeights: sparse } }, reduction: 'mean', weight: 1 } },
    { schedule: { step: { every: sparse, gamma: 1 } } },
  ]
  for (const config of configs) await expect(configOf(config)).rejects.toMatchObject(refused)
})

test('an unknown name of any length is refused in few words', async () => {
  const name = 'x'.repeat(5e6)
  const refusal = await configOf({ [name]: 1 }).catch((error: Error) => error)
  expect(refusal).toMatchObject({ code: 'ERR_UNROLLED_ARGUMENT' })
  expect((refusal as Error).message.length).toBeLessThan(500)
  const near = await configOf({ optimiser: 'sgd' }).catch((error: Error) => error)
  expect((near as Error).message).toContain('"optimiser"; did you mean optimizer?')
})
