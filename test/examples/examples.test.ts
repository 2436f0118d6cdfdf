import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { lossCurve } from '../../examples/moby-dick/loss-curve.js'
import { checkpointFiles } from '../support/checkpoint-files.js'

let folder = ''
const home = process.cwd()

/** Examples write where they are run and print what they find. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unrolled-'))
  process.chdir(folder)
  vi.spyOn(console, 'log').mockImplementation(() => undefined)
})

afterEach(() => {
  process.chdir(home)
  rmSync(folder, { recursive: true })
  vi.restoreAllMocks()
})

test('quickstart learns its task and saves it', async () => {
  const { epochs, output } = await import('../../examples/quickstart.js')
  expect(epochs).toHaveLength(40)
  expect(epochs.at(-1)?.loss).toBeLessThan(0.1)
  const [no = 0, yes = 0] = output?.values ?? []
  expect(yes).toBeGreaterThan(no)
  expect(existsSync('pairs.safetensors')).toBe(true)
})

test('the first program of the README is plain JavaScript', async () => {
  const readme = readFileSync(join(home, 'README.md'), 'utf8')
  const [, program = ''] = readme.match(/```ts\n([\s\S]*?)```/) ?? []
  const file = join(folder, 'quickstart.js')
  writeFileSync(file, program)
  await import(/* @vite-ignore */ file)
  expect(vi.mocked(console.log).mock.lastCall).toEqual([[[expect.any(Number), expect.any(Number)]]])
  expect(existsSync('pairs.safetensors')).toBe(true)
})

test('cells of your own learn a wave', async () => {
  const { history } = await import('../../examples/own-cell.js')
  const losses = history.epochs.map(({ loss }) => loss)
  expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) / 10)
})

test('names are made up that are like the names of the list', async () => {
  const { history, letters, made, names } = await import('../../examples/names.js')
  const { loss = 9 } = history.epochs.at(-1) ?? {}
  // Chance is ln 24 = 3.2 nats a letter.
  expect(loss).toBeLessThan(1.6)
  const ended = made.filter(({ finished }) => finished)
  expect(ended.length).toBeGreaterThan(9)
  const found = ended.map(({ tokens }) => tokens.map((id) => letters[id]).join(''))
  for (const name of found) expect(name).toMatch(/^[a-z]+\.$/)
  const heard = found.filter((name) =>
    names.some((other) => other.slice(0, 2) === name.slice(0, 2)),
  )
  expect(heard.length).toBeGreaterThan(found.length / 2)
  expect(found.some((name) => !names.includes(name.slice(0, -1)))).toBe(true)
})

test('captions of pictures held back say what is on them', async () => {
  const { captions, held, history } = await import('../../examples/captions.js')
  expect(history.epochs.at(-1)?.loss).toBeLessThan(0.1)
  expect(held).toHaveLength(9)
  const right = captions.filter((caption, row) => caption === held[row]?.caption)
  expect(right.length).toBeGreaterThan(7)
})

test('numbers held back are added', async () => {
  const { answers, held } = await import('../../examples/addition.js')
  const right = held.filter(({ question }, row) => {
    const [a, b] = question.split('+').map(Number)
    return Number(answers[row]) === (a ?? 0) + (b ?? 0)
  })
  expect(right.length / held.length).toBeGreaterThan(0.7)
})

test('numbers held back are translated, each word by a look at its own', async () => {
  const { french, held, made, translations } = await import('../../examples/translation.js')
  expect([71, 80, 81, 99, 100, 121, 200, 371, 21, 60].map(french)).toEqual([
    'soixante et onze',
    'quatre vingt',
    'quatre vingt un',
    'quatre vingt dix_neuf',
    'cent',
    'cent vingt et un',
    'deux cent',
    'trois cent soixante et onze',
    'vingt et un',
    'soixante',
  ])
  const right = held.filter((n, row) => translations[row] === `${french(n)} .`)
  expect(right.length / held.length).toBeGreaterThan(0.8)
  for (const { alignment, tokens } of made) {
    expect(alignment).toHaveLength(tokens.length)
    for (const weights of alignment) {
      expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 4)
    }
  }
  // "neuf" of "nine hundred and ninety nine": the look is at the first word.
  expect(held.at(-1)).toBe(999)
  expect(made.at(-1)?.alignment[0]?.[0]).toBeGreaterThan(0.5)
})

test('parts of sentences held back have their sentiment, by the parse', async () => {
  const { found, held } = await import('../../examples/trees.js')
  expect(held.length).toBeGreaterThan(25)
  const right = held.map(({ labels }, row) => String(found[row]) === labels.join())
  expect(right.filter(Boolean).length / held.length).toBeGreaterThan(0.9)
  // The same words in the same order, and two parses of two sentiments.
  const texts = held.map(({ words }) => words.filter((word) => word !== undefined).join(' '))
  expect(texts.some((text) => text.startsWith('not '))).toBe(true)
})

test('training reaches its accuracy and keeps the best weights', async () => {
  const { accuracy, history } = await import('../../examples/training.js')
  expect(accuracy).toBeGreaterThan(0.95)
  const losses = history.epochs.map(({ validationLoss = 0 }) => validationLoss)
  expect(Math.min(...losses)).toBeLessThan((losses[0] ?? 0) / 2)
})

test('the language model trains, samples, draws, saves and loads', async () => {
  const { run, succeeded } = await import('../../examples/moby-dick.js')
  const text = 'The whale swam on. Call me what you like, said the whale. '.repeat(120)
  const outcome = await run({
    text,
    hiddenSize: 32,
    precision: 'f32',
    streams: 8,
    steps: 32,
    epochs: 6,
    learningRate: 0.02,
    secondsAtMost: 30,
    folder: 'out',
  })
  expect(outcome.bits).toBeLessThan(2)
  expect(outcome.sameBits).toBe(true)
  expect([...outcome.sample]).toHaveLength(300)
  expect(readFileSync(join('out', 'moby-dick.svg'), 'utf8')).toContain('<polyline')
  expect(succeeded({ ...outcome, bzip2: undefined })).toBe(true)
  expect(succeeded({ ...outcome, bzip2: outcome.bits + 0.01 })).toBe(true)
  expect(succeeded({ ...outcome, bzip2: outcome.bits })).toBe(false)
  expect(succeeded({ ...outcome, bzip2: undefined, sameBits: false })).toBe(false)
})

test('the curve has a level line where there is a level', () => {
  const points = [[1, 3] as const, [2, 2] as const]
  const drawn = (level?: { name: string; bits: number }) => lossCurve(points, points, level)
  expect(drawn({ name: 'bzip2', bits: 2.5 })).toContain('bzip2 2.50')
  expect(drawn()).not.toContain('dasharray')
  expect(drawn()).not.toContain('NaN')
})

test('a run with checkpoints keeps two of them, and metadata come back', async () => {
  const { again, history, model } = await import('../../examples/checkpoints.js')
  expect(history.epochs).toHaveLength(30)
  expect(history.epochs.at(-1)?.loss).toBeLessThan(0.5)
  expect(checkpointFiles('run').length).toBeLessThan(3)
  expect(again.metadata).toEqual({ vocabulary: ['below', 'above'] })
  expect(again.parameters()).toEqual(model.parameters())
})

test('weights of others give the same bits under other names and in other files', async () => {
  const { matched, model, same, theirs, words } = await import('../../examples/interchange.js')
  expect(matched).toHaveLength(11)
  const { output } = await theirs.predict(words)
  const { tags } = await model.predict(words)
  expect(tags.values).toEqual(output.values)
  const [first] = Object.values(await same.predict(words))
  expect((first as typeof tags).values).toEqual(tags.values)
})
