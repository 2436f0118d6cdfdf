// ONNX files (`importOnnx`), changed in their messages. For a night of them see test/support/fuzz.ts.
import { importOnnx } from 'unrolled/onnx'
import { readModel, writeModel } from '../../ts/onnx/proto.js'
import { type Files, fuzz } from '../support/fuzz.js'
import { changeBytes } from '../support/hostile.js'
import { changeMessage, type Message } from '../support/messages.js'
import { readCases } from '../support/onnx.js'
import type { Random } from '../support/random.js'

const seeds = ['activations', 'cells', 'graphs', 'torch'].flatMap((group) =>
  readCases(group).map(({ model }) => new Uint8Array(Buffer.from(model, 'base64'))),
)

function make(random: Random): Files {
  const seed = random.pick(seeds)
  if (random.chance(0.1)) return { file: changeBytes(random, seed) }
  const model = readModel(seed)
  for (let i = random.few(); i > 0; i--) changeMessage(random, model as unknown as Message)
  const bytes = writeModel(model)
  return { file: random.chance(0.05) ? changeBytes(random, bytes) : bytes }
}

fuzz({
  name: 'onnx',
  codes: [
    'ERR_UNROLLED_FORMAT',
    'ERR_UNROLLED_GRAPH',
    'ERR_UNROLLED_NON_FINITE',
    'ERR_UNROLLED_SIZE',
  ],
  make,
  async read({ file = new Uint8Array() }) {
    const { model, report } = await importOnnx(file)
    if (model.summary() === '' || !Array.isArray(report.matched)) throw new Error('half a model')
    model.dispose()
  },
})
