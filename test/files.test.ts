import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { dense, fromBytes, gru, load, type Precision, sequential } from 'unrolled'
import { describe, expect, test } from 'vitest'
import { steps, tagger } from './support/networks.js'

describe('files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'unrolled-'))

  test('a saved model gives the same bits, and is described the same', async () => {
    const model = tagger()
    const path = join(folder, 'tagger.safetensors')
    await model.save(path)
    const again = await load<typeof model>(path)
    const x = [steps(4, 3)]
    expect((await again.predict(x)).output).toEqual((await model.predict(x)).output)
    expect(again.summary()).toBe(model.summary())
    expect(again.parameterCount).toBe(model.parameterCount)
    const third = fromBytes<typeof model>(model.toBytes())
    expect(third.parameters()).toEqual(model.parameters())
    again.dispose()
    third.dispose()
  })

  test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['cut short', (bytes) => bytes.slice(0, 100)],
    ['cut at the end', (bytes) => bytes.slice(0, -4)],
    ['empty', () => new Uint8Array(0)],
    ['foreign', () => new TextEncoder().encode('not a model at all, only some text')],
    ['of another graph', (bytes) => replaced(bytes, 'lstmGates', 'lstmGatez')],
  ])('a file that is %s is refused', async (_, spoil) => {
    const bytes = spoil(tagger().toBytes())
    expect(() => fromBytes(bytes)).toThrow(expect.objectContaining({ name: 'UnrolledError' }))
    const path = join(folder, 'spoilt.safetensors')
    writeFileSync(path, bytes)
    await expect(load(path)).rejects.toMatchObject({ name: 'UnrolledError' })
  })

  test.each([
    ['without a graph', 'losses.safetensors'],
    ['with whole numbers', 'pytorch/tagger.safetensors'],
  ])('safetensors of another library, %s, are refused with what takes them', async (_, name) => {
    const path = fileURLToPath(new URL(`golden/${name}`, import.meta.url))
    const words = '; model.load takes weights of another library into a declared model'
    await expect(load(path)).rejects.toThrow(words)
    expect(() => fromBytes(readFileSync(path))).toThrow(words)
  })

  test('a file holds the weights in full, and what reads it says what products round', async () => {
    const make = (precision: Precision) =>
      sequential([gru({ inputSize: 3, hiddenSize: 17 }), dense({ size: 2 })], {
        seed: 4,
        precision,
      })
    const [full, rounding] = [make('f32'), make('bf16')]
    expect(rounding.parameters()).toEqual(full.parameters())
    const x = [steps(9, 3)]
    const predicted = async (model: typeof full) => (await model.predict(x)).output.values
    const path = join(folder, 'rounding.safetensors')
    await rounding.save(path)
    const again = await load<typeof full>(path, { precision: 'bf16' })
    expect(await predicted(again)).toEqual(await predicted(rounding))
    expect(await predicted(fromBytes(rounding.toBytes()))).toEqual(await predicted(full))
    expect(await predicted(fromBytes(full.toBytes(), { precision: 'bf16' }))).toEqual(
      await predicted(rounding),
    )
    // Numbers of 8 significant bits: close, and not the same.
    const [a, b] = [await predicted(full), await predicted(rounding)]
    const apart = Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? Number.NaN))))
    expect(apart).toBeGreaterThan(0)
    expect(apart).toBeLessThan(0.02)
  })

  test('a file that is not there is refused', async () => {
    await expect(load(join(folder, 'nowhere'))).rejects.toThrow(/nowhere/)
    const missing = { code: 'ERR_UNROLLED_IO', cause: { code: 'ENOENT' } }
    await expect(load(join(folder, 'nowhere'))).rejects.toMatchObject(missing)
    await expect(tagger().save(join(folder, 'none', 'file'))).rejects.toMatchObject(missing)
    const folderItself = { code: 'ERR_UNROLLED_IO', cause: { code: 'EISDIR' } }
    await expect(load(folder)).rejects.toMatchObject(folderItself)
    rmSync(folder, { recursive: true })
  })
})

function replaced(bytes: Uint8Array, from: string, to: string): Uint8Array {
  return Buffer.from(Buffer.from(bytes).toString('latin1').replace(from, to), 'latin1')
}
