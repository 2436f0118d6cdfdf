// Models (`fromBytes`) and foreign weights (`model.load`). For a night of them see test/support/fuzz.ts.
import { readFileSync } from 'node:fs'
import { dense, embedding, fromBytes, lstm, type Model, sequential } from 'unrolled'
import { type Files, fuzz } from '../support/fuzz.js'
import { changeBytes, NUMBERS } from '../support/hostile.js'
import { tagger } from '../support/networks.js'
import type { Random } from '../support/random.js'
import { bytesOf, changeParts, partsOf } from '../support/safetensors.js'

const golden = (name: string) => new Uint8Array(readFileSync(`test/golden/${name}.safetensors`))

/** Files of earlier versions, and of this one with metadata. */
const models = [
  ...['words', 'own-cells', 'bidirectional-lstm'].map((name) => golden(`files/${name}`)),
  tagger().toBytes({ metadata: { vocabulary: ['a', 'b'], mean: 0.5 } }),
  sequential([
    embedding({ vocabularySize: 9, size: 4 }),
    lstm({ hiddenSize: 3 }),
    dense({ size: 2 }),
  ]).toBytes(),
]
const weights = ['f16', 'bf16', 'f64', 'tagger'].map((name) => golden(`pytorch/${name}`))
const target = tagger()

function make(random: Random): Files {
  const foreign = random.chance(0.25)
  const seed = random.pick(foreign ? weights : models)
  const name = foreign ? 'weights' : 'model'
  if (random.chance(0.1)) return { [name]: changeBytes(random, seed) }
  const parts = partsOf(seed)
  changeParts(random, parts, foreign ? 0.05 : 0.6)
  return {
    [name]: bytesOf(parts, random.chance(0.03) ? Math.abs(random.pick(NUMBERS)) : undefined),
  }
}

/** A model that was read is one that can be described, and written and read again. */
function check(model: Model): void {
  if (model.summary() === '') throw new Error('a model without a summary')
  for (const [name, { shape, values }] of Object.entries(model.parameters())) {
    const size = shape.reduce((product, part) => product * part, 1)
    if (size !== values.length) throw new Error(`parameter ${name} of ${values.length} numbers`)
  }
  fromBytes(model.toBytes()).dispose()
}

fuzz({
  name: 'safetensors',
  codes: ['ERR_UNROLLED_FORMAT', 'ERR_UNROLLED_SIZE'],
  make,
  async read({ model, weights }) {
    if (model !== undefined) {
      const read = fromBytes(model)
      check(read)
      read.dispose()
    }
    if (weights !== undefined) await target.load(weights, { strict: false })
  },
})
