import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dense, fromBytes, load, lstm, sequential } from 'unrolled'
import { exportOnnx } from 'unrolled/onnx'
import { afterAll, describe, expect, test } from 'vitest'
import { pytorchBytes } from './support/pytorch.js'

const folder = mkdtempSync(join(tmpdir(), 'unrolled-formats-'))
afterAll(() => rmSync(folder, { recursive: true }))

const golden = (name: string) => new Uint8Array(readFileSync(`test/golden/${name}`))

const small = () => sequential([lstm({ inputSize: 2, hiddenSize: 3 }), dense({ size: 2 })])

describe('files of other formats are named, with what reads them', () => {
  const cases: [string, Uint8Array, string, string][] = [
    [
      'a .pt',
      pytorchBytes('tagger.pt'),
      'an archive of PyTorch',
      'importPyTorch of unrolled/pytorch',
    ],
    ['a .pt of old', pytorchBytes('legacy.pt'), 'a pickle', 'importPyTorch of unrolled/pytorch'],
    [
      'a .keras',
      golden('keras/tagger.keras'),
      'an archive of Keras',
      'importKeras of unrolled/keras',
    ],
    ['an .h5', golden('keras/keras2.h5'), 'an HDF5 file', 'importKeras of unrolled/keras'],
    [
      'a model.json',
      golden('keras/tfjs-chain/model.json'),
      'JSON',
      'importKeras of unrolled/keras',
    ],
    ['an .onnx', exportOnnx(small()), 'an ONNX model', 'importOnnx of unrolled/onnx'],
  ]
  test.each(cases)('%s', async (name, bytes, what, reader) => {
    // The bytes tell, not the name.
    const path = join(folder, `${name.length}.safetensors`)
    writeFileSync(path, bytes)
    const words = `file: expected a safetensors file, received ${what}; ${reader}`
    const error = expect.objectContaining({
      code: 'ERR_UNROLLED_FORMAT',
      message: expect.stringContaining(words),
    })
    await expect(load(path)).rejects.toEqual(error)
    await expect(small().load(path)).rejects.toEqual(error)
    expect(() => fromBytes(bytes)).toThrow(error)
    expect(() => fromBytes(bytes.subarray(0, 8))).toThrow(
      expect.objectContaining({ code: 'ERR_UNROLLED_FORMAT' }),
    )
  })
})
