// [start:quickstart]
import { adam, dense, last, load, lstm, sequential } from 'unrolled'

// All words of 8 bits; the class of a word says whether two ones ever stand side by side in it.
const words = Array.from({ length: 256 }, (_, i) => i.toString(2).padStart(8, '0'))
const x = words.map((word) => [...word].map(Number))
const y = words.map((word) => (word.includes('11') ? 1 : 0))

const model = sequential([lstm({ inputSize: 1, hiddenSize: 16 }), last(), dense({ size: 2 })])
const optimizer = adam({ learningRate: 0.01 })
const { epochs } = await model.fit({ x, y }, { loss: 'crossEntropy', optimizer, epochs: 40 })
console.log(`loss after ${epochs.length} epochs: ${epochs.at(-1)?.loss.toFixed(4)}`)

await model.save('pairs.safetensors')
// TypeScript: load<typeof model>('pairs.safetensors') has the types of the model.
const again = await load('pairs.safetensors')
const { output } = await again.predict([[0, 1, 1, 0, 1]])
console.log(output?.toNested()) // two logits for each word, of any length

// [end:quickstart]

export { epochs, output }
