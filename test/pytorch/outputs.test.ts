import { concat, fromGraph, graph, parameter } from 'unrolled'
import { importPyTorch } from 'unrolled/pytorch'
import { describe, expect, test } from 'vitest'
import {
  CASES,
  difference,
  expectedOutputs,
  keyOf,
  LENGTHS,
  modelOf,
  pytorchBytes,
  pytorchFile,
  RENAME_TAGGER,
  TAGGED,
  tagger,
} from '../support/pytorch.js'

const expected = expectedOutputs()

const of = (name: string) => expected.get(name) ?? { shape: [], values: new Float32Array(0) }

describe('outputs are those of PyTorch', () => {
  const named = CASES.map((it) => [`${it.kind} ${keyOf(it)}`, it] as const)
  test.each(named)('%s', async (_, it) => {
    const model = modelOf(it)
    const x = of('x')
    const full = of(`${it.kind}.${keyOf(it)}.full`)
    const report = await importPyTorch(model, pytorchFile(`${it.kind}.pt`), {
      key: keyOf(it),
      rename: { '': 'layer.' },
      sample: { x, y: full } as never,
    })
    expect(report.largestDifference).toBeLessThan(1e-5)
    expect(full.values.some((value) => Math.abs(value) > 0.1)).toBe(true)
    expect(report.matched).toHaveLength(Object.keys(model.parameters()).length)
    const lengths = Int32Array.from(LENGTHS)
    const { output } = await model.predict({ ...x, lengths } as never)
    const ragged = of(`${it.kind}.${keyOf(it)}.ragged`)
    expect(output?.shape).toEqual(ragged.shape)
    expect(difference(output?.values ?? new Float32Array(0), ragged.values)).toBeLessThan(1e-5)
  })
})

describe('a module of several layers', () => {
  const y = of('tagger')
  const options = { rename: RENAME_TAGGER, sample: { x: TAGGED, y } }

  test.each([
    ['tagger.pt', undefined],
    ['legacy.pt', undefined],
    ['checkpoint.pt', 'state_dict'],
  ])('%s', async (file, key) => {
    const model = tagger()
    const given = key === undefined ? options : { ...options, key }
    const report = await importPyTorch(model, pytorchBytes(file), given)
    expect(report.largestDifference).toBeLessThan(1e-5)
    expect(report.leftOver).toEqual(['num_batches_tracked'])
    expect(report.missing).toEqual([])
    expect(report.matched).toContainEqual({
      source: 'encoder.rnn.weight_hh_l0_reverse',
      parameters: ['lstm.weight_hh_l0_reverse'],
      conventions: [],
    })
  })

  test.each([
    ['f64', 'F64', 1e-5],
    ['f16', 'F16', 1e-2],
    ['bf16', 'BF16', 1e-1],
  ])('in numbers of another width: %s', async (file, type, tolerance) => {
    const [model, other] = [tagger(), tagger()]
    const report = await importPyTorch(model, pytorchBytes(`${file}.pt`), options)
    expect(report.largestDifference).toBeLessThan(tolerance)
    expect(report.matched[0]?.conventions).toEqual([`${type} -> F32`])
    const twin = await other.load(pytorchFile(`${file}.safetensors`), options)
    expect(new Set(twin.matched)).toEqual(new Set(report.matched))
    expect(other.parameters()).toEqual(model.parameters())
  })

  // A `Buffer` shares its bytes with its slices: a copy for the numbers' alignment has to be one.
  test.each(['tagger.pt', 'legacy.pt'])('%s from any place of a buffer', async (file) => {
    const bytes = pytorchBytes(file)
    const model = tagger()
    for (const offset of [0, 1, 2, 3]) {
      const around = new Uint8Array(bytes.length + offset)
      around.set(bytes, offset)
      for (const part of [around.subarray(offset), Buffer.from(around.buffer, offset)]) {
        const { largestDifference } = await importPyTorch(model, part, options)
        expect(largestDifference).toBeLessThan(1e-5)
        model.setParameters(tagger().parameters())
      }
    }
  })

  test('views of storages are read element by element', async () => {
    const sizes = { transposed: 6, offset: 4, shared: 4, every_third: 8, expanded: 6, parameter: 2 }
    const model = graph({ x: { vector: { size: 1 } } }, ({ x }) => {
      const all = Object.entries(sizes).map(([name, size]) => parameter(size, { name }))
      return { y: concat(x, ...all) }
    })
    const parameters = new Map(model.graph.parameters.map((it) => [it.name, it]))
    const shapes = { transposed: [2, 3], shared: [2, 2], expanded: [2, 3] }
    const shaped = Object.entries(shapes).map(([name, shape]) => ({
      ...parameters.get(name),
      name: `${name}2`,
      shape,
      init: 'zeros' as const,
    }))
    const named = [...model.graph.parameters, ...shaped]
    const other = fromGraph({ ...model.graph, parameters: named })
    const rename = (name: string) => (name in shapes ? `${name}2` : name)
    const report = await importPyTorch(other, pytorchBytes('views.pt'), { rename, strict: false })
    expect(report.leftOver).toEqual(['scalar', 'none'])
    const values = (name: string) => [...(other.parameters()[name]?.values ?? [])]
    expect(values('transposed2')).toEqual([0, 2, 4, 1, 3, 5])
    expect(values('offset')).toEqual([5, 6, 7, 8])
    expect(values('shared2')).toEqual([5, 6, 7, 8])
    expect(values('every_third')).toEqual([1, 4, 7, 10, 13, 16, 19, 22])
    expect(values('expanded2')).toEqual([7, 7, 7, 7, 7, 7])
    expect(values('parameter')).toEqual([0, 1])
  })

  test('safetensors and a state dict give the same bits', async () => {
    const [model, other] = [tagger(), tagger()]
    await importPyTorch(model, pytorchFile('tagger.pt'), options)
    const report = await other.load(pytorchBytes('tagger.safetensors'), options)
    expect(report.leftOver).toEqual(['num_batches_tracked'])
    expect(other.parameters()).toEqual(model.parameters())
  })
})
