import { writeFile } from 'node:fs/promises'
import { dense, embedding, graph, lstm, sequential } from 'unrolled'
import { exportOnnx, importOnnx } from 'unrolled/onnx'
import { importPyTorch } from 'unrolled/pytorch'

const words = [
  [3, 1, 4],
  [1, 5, 2, 6],
]

// A state dict as a colleague might have trained it: of a module with other names.
const theirs = sequential(
  [
    embedding({ vocabularySize: 8, size: 5, name: 'words' }),
    lstm({ hiddenSize: 6, bidirectional: true, name: 'encoder' }),
    dense({ size: 3, name: 'head' }),
  ],
  { seed: 4 },
)
await theirs.save('theirs.pt', { format: 'pytorch' })

// [start:interchange]
const model = graph({ words: { tokens: { vocabularySize: 8 } } }, ({ words }) => {
  const { output } = lstm({ hiddenSize: 6, bidirectional: true })(embedding({ size: 5 })(words))
  return { tags: dense({ size: 3 })(output) }
})
// A state dict of PyTorch; nothing of its pickle is run. `model.load` reads safetensors.
const rename = { 'words.': 'embedding.', 'encoder.': 'lstm.', 'head.': 'dense.' }
const { matched } = await importPyTorch(model, 'theirs.pt', { rename })
console.log(matched.length, 'tensors') // 11 tensors

await model.save('tagger.pt', { format: 'pytorch' }) // for torch.load and load_state_dict
await writeFile('tagger.onnx', exportOnnx(model)) // for ONNX Runtime
const { model: same, report } = await importOnnx('tagger.onnx') // a model that learns

// [end:interchange]

export { matched, model, report, same, theirs, words }
