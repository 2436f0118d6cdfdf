import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dense, embedding, layerNorm, load, lstm, type Model, sequential } from 'unrolled'
import { importPyTorch } from 'unrolled/pytorch'
import { afterAll, expect, test } from 'vitest'
import { CASES, keyOf, modelOf, pytorchFile } from '../support/pytorch.js'

// With UNROLLED_KEEP=FOLDER the files stay, for `python tools/pytorch_files.py check FOLDER`.
const kept = process.env['UNROLLED_KEEP']
const folder = kept ?? mkdtempSync(join(tmpdir(), 'unrolled-pytorch-'))
mkdirSync(folder, { recursive: true })
afterAll(() => {
  if (kept === undefined) rmSync(folder, { recursive: true })
})

/** Writes a model in both formats and reads both. */
async function writeAndRead(model: Model, name: string, make: () => Model): Promise<void> {
  const paths = ['pt', 'safetensors'].map((type) => join(folder, `${name}.${type}`))
  const [pt = '', plain = ''] = paths
  await model.save(pt, { format: 'pytorch' })
  await model.save(plain)
  const [first, second] = [make(), make()]
  await importPyTorch(first, pt)
  await second.load(plain)
  expect(first.parameters()).toEqual(model.parameters())
  expect(second.parameters()).toEqual(model.parameters())
  expect((await load(plain)).parameters()).toEqual(model.parameters())
}

const named = CASES.map((it) => [`${it.kind}.${keyOf(it)}`, it] as const)

test.each(named)('%s goes out and in to the bit', async (name, it) => {
  const model = modelOf(it)
  const options = { key: keyOf(it), rename: { '': 'layer.' } }
  await importPyTorch(model, pytorchFile(`${it.kind}.pt`), options)
  await writeAndRead(model, name, () => modelOf(it))
})

/** The tagger under the names of PyTorch's modules. */
const asNamed = () =>
  sequential([
    embedding({ vocabularySize: 7, size: 3, name: 'embed' }),
    lstm({ hiddenSize: 4, bidirectional: true, name: 'encoder.rnn' }),
    layerNorm({ name: 'norm' }),
    dense({ size: 5, name: 'out' }),
  ]) as Pick<Model, 'graph'> as Model

test('embedding, layer norm and linear', async () => {
  const model = asNamed()
  await importPyTorch(model, pytorchFile('tagger.pt'))
  await writeAndRead(model, 'tagger', asNamed)
})
