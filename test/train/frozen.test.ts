import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  adamw,
  add,
  cell,
  dense,
  embedding,
  graph,
  gru,
  last,
  load,
  lstm,
  multiply,
  type Parameters,
  parameter,
  scan,
  sequential,
  sgd,
  type TrainOptions,
  tanh,
  type Vector,
} from 'unrolled'
import { expect, test } from 'vitest'
import { numbers } from '../support/networks.js'

const VOCABULARY = 9

/** A tagger of tokens: an encoder of two layers under the names of a group, and a head. */
const tagger = () =>
  sequential(
    [
      embedding({ vocabularySize: VOCABULARY, size: 4, name: 'embedding' }),
      lstm({ hiddenSize: 5, name: 'encoder/lower' }),
      gru({ hiddenSize: 6, name: 'encoder/upper' }),
      last(),
      dense({ size: 3, name: 'head' }),
    ],
    { seed: 5 },
  )

/** Ragged rows of tokens, and a class of each. */
function examples(count: number) {
  const x = Array.from({ length: count }, (_, row) =>
    Array.from({ length: 1 + ((row * 5) % 11) }, (_, t) => (row * 7 + t * 3) % VOCABULARY),
  )
  return { x, y: x.map((row) => row.reduce((sum, id) => sum + id, 0) % 3) }
}

const data = examples(23)
const options = {
  loss: 'crossEntropy',
  optimizer: adamw({ learningRate: 0.02, weightDecay: 0.1 }),
  clip: { norm: 0.05 },
  batchSize: 23,
  epochs: 5,
  shuffle: false,
} as const satisfies TrainOptions

/** The parameters whose bits are others than before. */
function changed(before: Parameters, after: Parameters): string[] {
  const bits = ({ values }: { readonly values: Float32Array }) =>
    Buffer.from(values.buffer, values.byteOffset, values.byteLength)
  return Object.keys(before).filter((name) => {
    const [old, now] = [before[name], after[name]]
    return old === undefined || now === undefined || !bits(old).equals(bits(now))
  })
}

const named = (prefixes: readonly string[], all: Parameters) =>
  Object.keys(all).filter((name) => prefixes.some((prefix) => name.startsWith(prefix)))

test.each<[string | string[], string[]]>([
  [[], ['embedding', 'encoder', 'head']],
  ['embedding', ['encoder', 'head']],
  ['encoder', ['embedding', 'head']],
  [
    ['embedding', 'encoder/lower', 'head.bias'],
    ['encoder/upper', 'head.weight'],
  ],
  [
    ['encoder/lower.weight_hh_l0', 'encoder/upper.bias_ih_l0', 'head', 'head.bias'],
    [
      'embedding',
      'encoder/lower.weight_ih',
      'encoder/lower.bias',
      'encoder/upper.weight',
      'encoder/upper.bias_hh',
    ],
  ],
])('only what is not frozen changes: %j', async (frozen, learns) => {
  const rules = [options.optimizer, sgd({ momentum: 0.9, weightDecay: 0.1, nesterov: true })]
  for (const optimizer of rules) {
    for (const more of [{}, { memory: 'sqrt', accumulate: 2, batchSize: 7 }] as const) {
      const model = tagger()
      const before = model.parameters()
      await model.fit(data, { ...options, ...more, optimizer, frozen })
      expect(changed(before, model.parameters())).toEqual(named(learns, before))
    }
  }
})

/** AdamW of PyTorch's, with its clipping by the norm, in plain arithmetic over the gradients of `names`. */
async function plainSteps(names: readonly string[], steps: number) {
  const model = tagger()
  const norms: number[] = []
  const moments = new Map<string, { m: number[]; v: number[] }>()
  const now = new Map(names.map((name) => [name, [...(model.parameters()[name]?.values ?? [])]]))
  for (let t = 1; t <= steps; t++) {
    const { parameters } = await model.gradients(data, { loss: options.loss })
    const own = names.map((name) => [...(parameters[name]?.values ?? [])])
    const norm = Math.sqrt(own.flat().reduce((sum, g) => sum + g * g, 0))
    norms.push(norm)
    const factor = Math.min(1, options.clip.norm / (norm + 1e-6))
    for (const [i, name] of names.entries()) {
      const values = now.get(name) ?? []
      const { m, v } = moments.get(name) ?? { m: values.map(() => 0), v: values.map(() => 0) }
      for (const [k, gradient] of (own[i] ?? []).entries()) {
        const g = gradient * factor
        m[k] = 0.9 * (m[k] ?? 0) + 0.1 * g
        v[k] = 0.999 * (v[k] ?? 0) + 0.001 * g * g
        const step =
          (m[k] ?? 0) / (1 - 0.9 ** t) / (Math.sqrt((v[k] ?? 0) / (1 - 0.999 ** t)) + 1e-8)
        values[k] = (values[k] ?? 0) * (1 - 0.02 * 0.1) - 0.02 * step
      }
      moments.set(name, { m, v })
      model.setParameters({ [name]: Float32Array.from(values) })
    }
  }
  return { norms, parameters: model.parameters() }
}

test('the others take the steps of plain arithmetic, clipped by their own norm', async () => {
  const model = tagger()
  const learns = named(['encoder/upper', 'head'], model.parameters())
  const norms: number[] = []
  for await (const event of model.train(data, {
    ...options,
    frozen: ['embedding', 'encoder/lower'],
  })) {
    if (event.type === 'step') norms.push(event.norm)
  }
  const expected = await plainSteps(learns, 5)
  expect(Math.min(...expected.norms)).toBeGreaterThan(options.clip.norm)
  for (const [i, norm] of expected.norms.entries()) expect(norms[i]).toBeCloseTo(norm, 5)
  for (const [name, { values }] of Object.entries(model.parameters())) {
    for (const [k, value] of values.entries()) {
      expect(Math.abs(value - (expected.parameters[name]?.values[k] ?? Number.NaN))).toBeLessThan(
        2e-5,
      )
    }
  }
})

test('a head upon a frozen encoder learns as upon its features, then everything learns', async () => {
  const model = graph({ ids: { tokens: { vocabularySize: VOCABULARY } } }, ({ ids }) => {
    const embedded = embedding({ vocabularySize: VOCABULARY, size: 4, name: 'embedding' })(ids)
    const features = last()(lstm({ hiddenSize: 5, name: 'encoder' })(embedded).output)
    return { features, label: dense({ size: 3, name: 'head' })(features) }
  })
  const start = model.parameters()
  const { features } = await model.predict(data.x)
  const width = 5
  const head = graph({ features: { vector: { size: 5 } } }, ({ features }) => ({
    label: dense({ size: 3, name: 'head' })(features),
  }))
  head.setParameters({
    'head.weight': start['head.weight']?.values ?? new Float32Array(),
    'head.bias': start['head.bias']?.values ?? new Float32Array(),
  })
  const rows = data.x.map((_, row) => [...features.values.slice(row * width, (row + 1) * width)])
  const y = { label: data.y }
  const training = { ...options, epochs: 20, loss: { label: 'crossEntropy' } } as const
  const frozen = ['embedding', 'encoder']
  const before = await model.fit({ x: data.x, y }, { ...training, frozen })
  await head.fit({ x: rows, y }, training)
  const middle = model.parameters()
  expect(changed(start, middle)).toEqual(['head.weight', 'head.bias'])
  for (const name of ['head.weight', 'head.bias']) {
    for (const [k, value] of (head.parameters()[name]?.values ?? []).entries()) {
      expect(middle[name]?.values[k]).toBeCloseTo(value, 5)
    }
  }
  const after = await model.fit({ x: data.x, y }, training)
  expect(changed(middle, model.parameters())).toEqual(Object.keys(middle))
  const ends = [before.epochs[0], before.epochs.at(-1), after.epochs.at(-1)]
  const [first = 0, second = 0, third = 0] = ends.map((record) => record?.loss)
  expect(second).toBeLessThan(first)
  expect(third).toBeLessThan(second)
})

test('a loaded model is frozen in parts, and a saved one forgets it', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'unrolled-')), 'model.safetensors')
  const model = tagger()
  await model.fit(data, { ...options, frozen: 'head' })
  await model.save(path)
  const again = await load<typeof model>(path)
  const before = again.parameters()
  expect(changed(model.parameters(), before)).toEqual([])
  await again.fit(data, { ...options, frozen: ['embedding', 'encoder'] })
  expect(changed(before, again.parameters())).toEqual(named(['head'], before))
  await again.fit(data, options)
  expect(changed(before, again.parameters())).toEqual(Object.keys(before))
})

test('what layers share is frozen in all of them; cells and parameters have names of their own', async () => {
  const build = () =>
    graph({ x: { sequence: { size: 3 } } }, ({ x }) => {
      const shared = dense({ size: 3, name: 'shared' })
      const update = dense({ size: 3, name: 'update' })
      const step = cell({ h: 3 }, ({ h }, x: Vector<3>) => ({ h: tanh(add(update(h), x)) }))
      const scaled = multiply(shared(x), parameter(3, { name: 'scale', initializer: 0.5 }))
      return { y: shared(scan(step, { name: 'loop' })(scaled).output) }
    })
  const x = [[numbers(3), numbers(3, 2), numbers(3, 3)]]
  for (const frozen of ['shared', 'loop', 'scale']) {
    const model = build()
    const before = model.parameters()
    await model.fit({ x, y: x }, { loss: 'meanSquared', frozen })
    const rest = Object.keys(before).filter((name) => !name.startsWith(frozen))
    expect(rest.length).toBeLessThan(Object.keys(before).length)
    expect(changed(before, model.parameters())).toEqual(rest)
  }
})

test.each<[unknown, string]>([
  ['encodr', 'fit frozen: unknown parameter or layer "encodr"; did you mean encoder?'],
  [
    ['head', 'head.bas'],
    'fit frozen[1]: unknown parameter or layer "head.bas"; did you mean head.bias?',
  ],
  ['encoder/', 'fit frozen: unknown parameter or layer "encoder/"; did you mean encoder?'],
  ['head.', 'fit frozen: unknown parameter or layer "head."; did you mean head?'],
  ['enc', 'fit frozen: unknown parameter or layer "enc"'],
  ['', 'fit frozen: unknown parameter or layer ""; known: embedding, encoder, encoder/lower'],
  [3, 'fit frozen: expected the name of a parameter or layer, received 3'],
  [null, 'fit frozen: expected a value, or undefined for the default, received null'],
  [{ head: true }, 'fit frozen: expected the name of a parameter or layer, received an object'],
  [[['head']], 'fit frozen[0]: expected the name of a parameter or layer, received an array'],
  [
    ['head', undefined],
    'fit frozen[1]: expected the name of a parameter or layer, received undefined',
  ],
  [['embedding', 'encoder', 'head'], 'frozen: expected a parameter that is left to train'],
])('refused: %j', async (frozen, message) => {
  const model = tagger()
  const before = model.parameters()
  // The cast passes what the types refuse.
  const run = model.fit(data, { ...options, frozen: frozen as string })
  await expect(run).rejects.toMatchObject({
    code: 'ERR_UNROLLED_ARGUMENT',
    message: expect.stringContaining(message),
  })
  expect(changed(before, model.parameters())).toEqual([])
})

test("other libraries' names of the option are known", async () => {
  const run = tagger().fit(data, { ...options, trainable: ['head'] } as TrainOptions)
  await expect(run).rejects.toThrow('fit: unknown option "trainable"; did you mean frozen?')
})
