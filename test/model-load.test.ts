import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { adam, dense, fromBytes, load, lstm, type ParityReport, sequential } from 'unrolled'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkpointFiles } from './support/checkpoint-files.js'
import { pytorchFile, RENAME_TAGGER, tagger } from './support/pytorch.js'
import { Random } from './support/random.js'
import { bytesOf, partsOf } from './support/safetensors.js'

const folder = mkdtempSync(join(tmpdir(), 'unrolled-load-'))
afterAll(() => rmSync(folder, { recursive: true }))

const small = () => sequential([lstm({ inputSize: 2, hiddenSize: 3 }), dense({ size: 2 })])

const NAMES = ['weight_ih_l0', 'weight_hh_l0', 'bias_ih_l0', 'bias_hh_l0'].map((it) => `lstm.${it}`)

describe('names', () => {
  test('those of the model stand, and tensors of another model are taken', async () => {
    const [model, other] = [small(), small()]
    const report: ParityReport = await model.load(other.parameters())
    expect(report.matched.map(({ parameters: [name] }) => name)).toEqual([
      ...NAMES,
      'dense.weight',
      'dense.bias',
    ])
    expect(model.parameters()).toEqual(other.parameters())
  })

  test('the longest prefix is replaced, once', async () => {
    const model = small()
    const renamed = Object.entries(small().parameters()).map(
      ([name, it]) => [name.replace('lstm.', 'a.a.').replace('dense.', 'a.out.'), it] as const,
    )
    const tensors = Object.fromEntries(renamed)
    const rename = { 'a.a.': 'lstm.', 'a.': 'lstm.', 'a.out.': 'dense.' }
    const report = await model.load(tensors, { rename })
    expect(report.missing.length + report.leftOver.length).toBe(0)
    expect(report.matched[0]?.source).toBe('a.a.weight_ih_l0')
  })

  test('a function renames, and leaves out', async () => {
    const model = small()
    const before = model.parameters()
    const tensors = small().parameters()
    const report = await model.load(tensors, {
      rename: (name) => (name.startsWith('dense') ? undefined : name),
      strict: false,
    })
    expect(report.missing).toEqual(['dense.weight', 'dense.bias'])
    expect(report.leftOver).toEqual([])
    expect(model.parameters()['dense.weight']).toEqual(before['dense.weight'])
    expect(model.parameters()['lstm.weight_ih_l0']).toEqual(tensors['lstm.weight_ih_l0'])
  })
})

describe('a checkpoint', () => {
  const data = { x: [[[1, 2]], [[3, -4]]], y: [[[1, 0]], [[0.5, 2]]] }
  let checkpoint: Uint8Array

  beforeAll(async () => {
    const path = join(folder, 'run')
    const model = small()
    const given = { loss: 'meanSquared', epochs: 3, optimizer: adam(), average: {} } as const
    const stopping = { earlyStopping: { patience: 5 }, validation: data }
    await model.fit(data, { ...given, ...stopping, checkpoint: { path } })
    const [file = ''] = checkpointFiles(path)
    checkpoint = new Uint8Array(readFileSync(join(path, file)))
  })

  test('gives its parameters alone, those that load reads', async () => {
    const names = partsOf(checkpoint).tensors.map(([name]) => name)
    for (const kind of ['optimizer:', 'average:', 'run:']) {
      expect(names.some((name) => name.startsWith(kind))).toBe(true)
    }
    const model = small()
    const { leftOver, missing, matched } = await model.load(checkpoint)
    expect([leftOver, missing, matched.length]).toEqual([[], [], 6])
    expect(model.parameters()).toEqual(fromBytes(checkpoint).parameters())
    const path = join(folder, 'renamed.safetensors')
    writeFileSync(path, checkpoint)
    const other = sequential([
      lstm({ inputSize: 2, hiddenSize: 3, name: 'one' }),
      dense({ size: 2 }),
    ])
    await other.load(path, { rename: { 'lstm.': 'one.' } })
    expect(Object.values(other.parameters())).toEqual(Object.values(model.parameters()))
  })

  test('is refused whichever bit of its data is turned', async () => {
    const model = small()
    const before = model.parameters()
    const random = new Random(7, 0)
    const { length } = partsOf(checkpoint).data
    for (let i = 0; i < 60; i++) {
      const bytes = checkpoint.slice()
      const at = bytes.length - 1 - random.below(length)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
      await expect(model.load(bytes, { strict: false })).rejects.toMatchObject({
        code: 'ERR_UNROLLED_FORMAT',
      })
    }
    expect(model.parameters()).toEqual(before)
  })

  test('without its checksums is a file of another library, whose names with ":" are left over', async () => {
    const parts = partsOf(checkpoint)
    parts.metadata = {}
    const bytes = bytesOf(parts)
    await expect(small().load(bytes)).rejects.toThrow('left over: optimizer:')
    const tensors = small().parameters()
    const tensorFlow = { ...tensors, 'lstm/kernel:0': tensors['dense.bias'] }
    await expect(small().load(tensorFlow as never)).rejects.toThrow('left over: lstm/kernel:0')
  })
})

describe('what does not fit is refused, and nothing is set', () => {
  const cases: [string, object, string, string][] = [
    [
      'what is missing',
      { rename: { 'dense.': 'out.' } },
      'ERR_UNROLLED_ARGUMENT',
      'missing: dense.weight, dense.bias; left over: dense.weight, dense.bias',
    ],
    ['two of one name', { rename: () => 'dense.bias' }, 'ERR_UNROLLED_SHAPE', ''],
    ['an option', { strickt: true }, 'ERR_UNROLLED_ARGUMENT', 'did you mean strict?'],
    ['a prefix', { rename: { a: 1 } }, 'ERR_UNROLLED_ARGUMENT', 'load rename "a"'],
    ['rules', { rename: 'a' }, 'ERR_UNROLLED_ARGUMENT', 'load rename: expected prefixes'],
    [
      'a new name',
      { rename: () => 1 },
      'ERR_UNROLLED_ARGUMENT',
      'load rename of "lstm.weight_ih_l0"',
    ],
    ['a sample', { sample: { x: [[[1, 2]]], y: [[[1, 2, 3]]] } }, 'ERR_UNROLLED_SHAPE', 'sample y'],
    [
      'a sample of nothing',
      { sample: { x: [], y: [] } },
      'ERR_UNROLLED_ARGUMENT',
      'load sample y: expected numbers to compare, received none',
    ],
    [
      'a sample of another length',
      {
        sample: {
          x: [[[1, 2]]],
          y: [
            [
              [1, 2],
              [3, 4],
            ],
          ],
        },
      },
      'ERR_UNROLLED_SHAPE',
      'load sample y',
    ],
  ]
  test.each(cases)('%s', async (name, options, code, words) => {
    const model = small()
    const before = model.parameters()
    const error: Error & { code?: string } = await model
      .load(small().parameters(), options as never)
      .then(
        () => new Error('nothing was refused'),
        (it: Error) => it,
      )
    if (name !== 'two of one name') expect(error.code).toBe(code)
    expect(error.message).toContain(words)
    expect(model.parameters()).toEqual(before)
  })

  test('all shapes are listed', async () => {
    const other = sequential([lstm({ inputSize: 4, hiddenSize: 3 }), dense({ size: 5 })])
    const words = ['lstm.weight_ih_l0: [12, 2], not [12, 4]', 'dense.bias: [2], not [5]']
    for (const word of words) {
      await expect(small().load(other.parameters(), { strict: false })).rejects.toThrow(word)
    }
  })

  test('numbers that are not finite, and a tensor with too few', async () => {
    const model = small()
    const before = model.parameters()
    const nan = { shape: [2], values: Float32Array.of(1, Number.NaN) }
    const few = { shape: [2], values: Float32Array.of(1) }
    await expect(model.load({ 'dense.bias': nan }, { strict: false })).rejects.toMatchObject({
      code: 'ERR_UNROLLED_NON_FINITE',
    })
    await expect(model.load({ 'dense.bias': few }, { strict: false })).rejects.toMatchObject({
      code: 'ERR_UNROLLED_SHAPE',
    })
    expect(model.parameters()).toEqual(before)
  })

  test('what is no tensor', async () => {
    const words = 'load "dense.bias": expected a tensor { shape, values }, received'
    for (const given of [null, [1, 2], Float32Array.of(1, 2), new Map()]) {
      const run = small().load({ 'dense.bias': given } as never, { strict: false })
      await expect(run).rejects.toThrow(words)
    }
  })

  test('numbers of another kind, by its name', async () => {
    const cases: [unknown, string][] = [
      [new Float64Array(2), 'Float64Array(2)'],
      [[1, 2], 'an array of 2'],
      [new Date(0), 'an object of Date'],
      [undefined, 'undefined'],
    ]
    const model = small()
    for (const [values, words] of cases) {
      const message = `dense.bias values: expected a Float32Array, received ${words}`
      const given = { 'dense.bias': { shape: [2], values } } as never
      await expect(model.load(given, { strict: false })).rejects.toThrow(`load ${message}`)
      expect(() => model.setParameters(given)).toThrow(`setParameters ${message}`)
    }
    const bare = { 'dense.bias': new Float64Array(2) } as never
    const words = 'setParameters dense.bias: expected a Float32Array, received Float64Array(2)'
    expect(() => model.setParameters(bare)).toThrow(words)
  })

  test('files that are damaged, missing or of other types', async () => {
    const model = tagger()
    const path = join(folder, 'damaged.safetensors')
    writeFileSync(path, Buffer.from('not a file of tensors'))
    await expect(model.load(path)).rejects.toMatchObject({ code: 'ERR_UNROLLED_FORMAT' })
    await expect(model.load(join(folder, 'none'))).rejects.toMatchObject({
      code: 'ERR_UNROLLED_IO',
    })
    await expect(model.load(7 as never)).rejects.toMatchObject({ code: 'ERR_UNROLLED_ARGUMENT' })
  })

  test('during training, and while a file is being read for it', async () => {
    const model = tagger()
    const data = { x: [[1, 2]], y: [[0, 1]] }
    const run = model.fit(data, { loss: 'crossEntropy', epochs: 2 })
    await expect(
      model.load(pytorchFile('tagger.safetensors'), { rename: RENAME_TAGGER }),
    ).rejects.toMatchObject({ code: 'ERR_UNROLLED_STATE' })
    await run
  })
})

describe('metadata of the user', () => {
  const metadata = {
    vocabulary: ['a', 'b\n', 'é'],
    mean: -0.5,
    nested: { deep: [null, true, { constructor: 1 }] },
    unset: undefined,
    ['__proto__']: 'a name',
  }
  const kept = JSON.parse(
    '{"vocabulary":["a","b\\n","é"],"mean":-0.5,"nested":{"deep":[null,true,{"constructor":1}]},"__proto__":"a name"}',
  )

  test('is saved, loaded, kept, and replaced when it is given anew', async () => {
    const path = join(folder, 'kept.safetensors')
    const model = small()
    expect(Object.keys(model.metadata)).toEqual([])
    await model.save(path, { metadata })
    const again = await load<typeof model>(path)
    expect(JSON.stringify(again.metadata)).toBe(JSON.stringify(kept))
    expect(Object.getPrototypeOf(again.metadata)).toBe(null)
    expect(fromBytes(again.toBytes()).metadata['vocabulary']).toEqual(kept.vocabulary)
    const anew = fromBytes(again.toBytes({ metadata: { only: 1 } }))
    expect({ ...anew.metadata }).toEqual({ only: 1 })
    expect(Object.keys(fromBytes(small().toBytes()).metadata)).toEqual([])
    expect(again.parameters()).toEqual(model.parameters())
  })

  test('that is in several places is no circle, and -0 is 0', () => {
    const list = [-0]
    const { metadata } = fromBytes(small().toBytes({ metadata: { a: list, b: [list, list] } }))
    expect({ ...metadata }).toEqual({ a: [0], b: [[0], [0]] })
  })

  test('that JSON would lose is refused, with its place', async () => {
    const model = small()
    const circle: unknown[] = []
    circle.push(circle)
    let deep: unknown = 0
    for (let i = 0; i < 200; i++) deep = [deep]
    const cases: [unknown, string][] = [
      [[1], 'toBytes metadata: expected an object'],
      [{ a: new Map() }, 'toBytes metadata "a": expected a value of JSON'],
      [{ a: [0, Number.NaN] }, 'toBytes metadata "a"[1]'],
      [{ a: 1n }, 'a value of JSON'],
      [{ a: () => 0 }, 'a value of JSON'],
      [
        { circle },
        'toBytes metadata "circle"[0]: expected a value of JSON, received an object or array that it is within',
      ],
      [{ deep }, 'at most 100 lists'],
    ]
    for (const [given, words] of cases) {
      expect(() => model.toBytes({ metadata: given as never })).toThrow(words)
    }
    const run = model.save(join(folder, 'x.pt'), { format: 'pytorch', metadata: {} })
    await expect(run).rejects.toThrow("save metadata: expected none with format 'pytorch'")
    await expect(model.save('x', { format: 'onnx' as never })).rejects.toThrow('save format')
  })

  test('a file is not written under a name of another format', async () => {
    const model = tagger()
    for (const [name, format, words] of [
      ['m.pt', 'safetensors', "give format: 'pytorch', or end it in .safetensors"],
      ['m.PTH', undefined, "expected the name of a file of format 'safetensors'"],
      ['m.onnx', undefined, 'exportOnnx of unrolled/onnx'],
      ['m.keras', 'pytorch', 'end it in'],
      ['m.safetensors', 'pytorch', 'leave format out'],
    ] as const) {
      const path = join(folder, name)
      await expect(model.save(path, { format } as never)).rejects.toThrow(words)
      expect(existsSync(path)).toBe(false)
    }
    for (const name of ['m', 'm.bin', 'm.model', 'm.pt.safetensors']) {
      await model.save(join(folder, name))
      expect(existsSync(join(folder, name))).toBe(true)
    }
  })
})
