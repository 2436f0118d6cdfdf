import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { resolveFlags } from '../../bench/compare/settings.js'
import { checkShapes, lengthsOf, readShapes } from '../../bench/compare/shape.js'

const ROW = { cell: 'lstm', input: 2, hidden: 3, layers: 1, batch: 4, time: 5, task: 'infer' }

test('flags have defaults: every peer, one thread, f32', () => {
  expect(resolveFlags({})).toEqual({
    shapes: undefined,
    peers: ['torch', 'onnxruntime', 'tfjs', 'brain'],
    threads: 1,
    precision: 'f32',
    python: undefined,
    before: undefined,
    quick: false,
  })
})

test('flags are taken', () => {
  const settings = resolveFlags({ peers: 'tfjs,torch', precision: 'bf16', quick: true })
  expect(settings.peers).toEqual(['torch', 'tfjs'])
  expect(settings.precision).toBe('bf16')
  expect(settings.quick).toBe(true)
})

test.each([
  [{ peers: 'torch,keras' }, /^--peers: expected some of torch,.*received 'torch,keras'$/],
  [{ peers: '' }, /^--peers: expected some of/],
  [{ threads: '0' }, /^--threads: expected 1 to \d+, .*received '0'$/],
  [{ threads: '1.5' }, /^--threads: .*received '1.5'$/],
  [{ threads: '100000' }, /^--threads: expected 1 to/],
  [{ precision: 'f16' }, /^--precision: expected f32 or bf16, received 'f16'$/],
  [{ shapes: '/nowhere/shapes.json' }, /^--shapes: no file \/nowhere/],
  [{ before: '/nowhere' }, /^--before: no file \/nowhere\/build.*: build that clone/],
  [{ python: '/nowhere/python' }, /^--python: no file \/nowhere/],
])('a bad flag gets a sentence: %j', (flags, sentence) => {
  expect(() => resolveFlags(flags)).toThrow(sentence)
})

test('a shape needs no set and no layers', () => {
  const { layers: _, ...rest } = ROW
  expect(checkShapes([rest])).toEqual([{ ...ROW, set: 'shapes' }])
})

test.each([
  [{}, /^expected a list of shapes$/],
  [[], /^expected a list of shapes$/],
  [[7], /^shape 0: expected an object, received 7$/],
  [
    [ROW, { ...ROW, cell: 'mlp' }],
    /^shape 1: expected cell to be lstm or gru or rnn, received mlp$/,
  ],
  [[{ ...ROW, task: undefined }], /^shape 0: expected task to be infer or train or step/],
  [
    [{ ...ROW, hidden: 0 }],
    /^shape 0: expected hidden to be an integer from 1 to 1000000, received 0$/,
  ],
  [
    [{ ...ROW, time: '5' }],
    /^shape 0: expected time to be an integer from 1 to 1000000, received 5$/,
  ],
  [[{ ...ROW, units: 5 }], /^shape 0: no field 'units': there are set, input/],
  [[{ ...ROW, lengths: 'ragged' }], /^shape 0: expected lengths to be uniform, received ragged$/],
  [[{ ...ROW, task: 'step' }], /^shape 0: the task step has a batch of 1$/],
  [[{ ...ROW, activation: 'relu' }], /^shape 0: activation is for rnn alone$/],
  [
    [{ ...ROW, lengths: 'uniform', over: 'f32' }],
    /^shape 0: lengths are compared with a full batch/,
  ],
])('bad shapes get a sentence: %j', (shapes, sentence) => {
  expect(() => checkShapes(shapes)).toThrow(sentence)
})

test('what is wrong in a file names the file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'unrolled-'))
  const file = join(folder, 'shapes.json')
  writeFileSync(file, '[{]')
  expect(() => readShapes(file)).toThrow(`${file}: `)
  writeFileSync(file, JSON.stringify([{ ...ROW, batch: -1 }]))
  expect(() => readShapes(file)).toThrow(
    `${file}: shape 0: expected batch to be an integer from 1 to 1000000`,
  )
  rmSync(folder, { recursive: true })
})

test('the committed shapes are good', () => {
  expect(readShapes('bench/shapes.json').length).toBeGreaterThan(100)
  expect(readShapes('bench/shapes-bf16.json').length).toBeGreaterThan(20)
  expect(readShapes('bench/shapes-before.json').length).toBe(12)
})

test('uniform lengths meet every part of 1..time once', () => {
  const shape = { ...ROW, set: '', cell: 'lstm', task: 'train', lengths: 'uniform' } as const
  expect(lengthsOf({ ...shape, batch: 5, time: 5 }).sort()).toEqual([1, 2, 3, 4, 5])
  expect(lengthsOf({ ...shape, batch: 2, time: 10 }).sort()).toEqual([3, 8])
})
