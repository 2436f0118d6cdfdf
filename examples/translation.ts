// Translation with attention: numbers in English words into French ones, and where the decoder looks.
import { adam, beam, encoderDecoder } from 'unrolled'

const units = 'one two three four five six seven eight nine'.split(' ')
const teens =
  'ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(' ')
const tens = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ')
const unites =
  'un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix_sept dix_huit dix_neuf'.split(
    ' ',
  )
const dizaines = 'vingt trente quarante cinquante soixante'.split(' ')

function english(n: number): string {
  if (n >= 100)
    return `${units[Math.floor(n / 100) - 1]} hundred${n % 100 ? ` and ${english(n % 100)}` : ''}`
  if (n >= 20) return `${tens[Math.floor(n / 10) - 2]}${n % 10 ? ` ${units[(n % 10) - 1]}` : ''}`
  return (n >= 10 ? teens[n - 10] : units[n - 1]) ?? ''
}

/** French counts from sixty and from eighty by twenties. */
function french(n: number): string {
  const hundreds = Math.floor(n / 100)
  if (n >= 100)
    return `${hundreds > 1 ? `${unites[hundreds - 1]} ` : ''}cent${n % 100 ? ` ${french(n % 100)}` : ''}`
  if (n >= 80) return `quatre vingt${n > 80 ? ` ${unites[n - 81]}` : ''}`
  if (n < 20) return unites[n - 1] ?? ''
  const base = n >= 60 ? 60 : n - (n % 10)
  const rest = n - base
  return `${dizaines[base / 10 - 2]}${rest % 10 === 1 && rest < 12 ? ' et' : ''}${rest ? ` ${unites[rest - 1]}` : ''}`
}

const numbers = Array.from({ length: 999 }, (_, i) => i + 1)
const vocabulary = (write: (n: number) => string) => [
  '.',
  ...new Set(numbers.flatMap((n) => write(n).split(' '))),
]
const [from, to] = [vocabulary(english), vocabulary(french)]
const ids = (text: string, words: string[]) => text.split(' ').map((word) => words.indexOf(word))
const source = (part: number[]) => part.map((n) => ids(english(n), from))
const target = (part: number[]) => part.map((n) => ids(`${french(n)} .`, to))
const held = numbers.filter((n) => n % 7 === 5)
const train = numbers.filter((n) => n % 7 !== 5)

// [start:translation]
const model = encoderDecoder({
  source: { vocabularySize: from.length },
  target: { vocabularySize: to.length, start: 0 },
  hiddenSize: 48,
  embeddingSize: 24,
  bidirectional: true,
  attention: 'additive',
})
const history = await model.fit(
  { x: { source: source(train), target: target(train) }, y: target(train) },
  { loss: 'crossEntropy', optimizer: adam({ learningRate: 5e-3 }), epochs: 12 },
)

const search = beam({ width: 4 })
const made = await model.generate({ source: source(held) }, { search, maxSteps: 10, endToken: 0 })
const translations = made.map(({ tokens }) => tokens.map((id) => to[id]).join(' '))
for (const [row, n] of held.entries()) console.log(`${english(n)}: ${translations[row]}`)

// A row for each word that is written, a column for each that is read.
const last = made.at(-1)
for (const [step, weights] of last?.alignment.entries() ?? []) {
  const word = to[last?.tokens[step] ?? 0] ?? ''
  console.log(word.padEnd(10), weights.map((weight) => weight.toFixed(2)).join(' '))
}

// [end:translation]

export { french, held, history, made, translations }
