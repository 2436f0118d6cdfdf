// The programs that a rehearsal installs the package for. Each trains a small network, takes it out of a state dict again by a
// subpath of the package, and prints the sum of its bits.
const BODY = `
const model = sequential([lstm({ inputSize: 2, hiddenSize: 5 }), last(), dense({ size: 1 })], { seed: 7 })
const x = Array.from({ length: 20 }, (_, row) => Array.from({ length: 1 + (row % 6) }, (_, t) => [row / 20, t / 6]))
const y = x.map((steps, row) => [(steps.length * row) / 100])
async function main() {
  await model.fit({ x, y }, { loss: 'meanSquared', optimizer: adam({ learningRate: 0.05 }), epochs: 5, batchSize: 8 })
  await model.save('program.pt', { format: 'pytorch' })
  const trained = model.parameters()
  model.setParameters({ 'dense.bias': new Float32Array(1) })
  await importPyTorch(model, 'program.pt')
  if (model.parameters()['dense.bias']?.values[0] !== trained['dense.bias']?.values[0]) throw new Error('other bits')
  let hash = 0
  for (const { values } of Object.values(model.parameters())) {
    for (const word of new Uint32Array(values.buffer, values.byteOffset, values.length)) hash = (Math.imul(hash, 31) + word) | 0
  }
  console.log('bits ' + (hash >>> 0))
}
main()
`
const SUBPATH = "import { importPyTorch } from 'unrolled/pytorch'"
const NAMES = 'adam, dense, last, lstm, sequential'

/** The program in each form of module. */
export const PROGRAMS = {
  'program.mjs': `import { ${NAMES} } from 'unrolled'\n${SUBPATH}${BODY}`,
  'program.cjs': `const { ${NAMES} } = require('unrolled')\nconst { importPyTorch } = require('unrolled/pytorch')${BODY}`,
  'program.ts': `import { ${NAMES}, type History } from 'unrolled'\n${SUBPATH}${BODY}export type { History }\n`,
}

/** The bits that a program printed; none if it printed something else. */
export function bitsOf(output) {
  return /^bits (\d+)$/m.exec(output)?.[1]
}
