import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import {
  beam,
  dense,
  embedding,
  encoderDecoder,
  type GenerateOptions,
  lstm,
  sample,
  sequential,
} from 'unrolled'
import { describe, expect, test } from 'vitest'
import { IDS, language, late, logSoftmax, ways } from './models.js'

const model = language(6)

/** The greedy sequence after a prompt, step by step in JavaScript. */
function greedy(prompt: readonly number[], steps: number, end?: number) {
  const stream = model.stream()
  let logits: Float32Array = Float32Array.of()
  for (const id of prompt) logits = stream.push(id).output
  const tokens: number[] = []
  const logProbabilities: number[] = []
  while (tokens.length < steps && (end === undefined || tokens.at(-1) !== end)) {
    const logs = logSoftmax(logits)
    const id = logs.indexOf(Math.max(...logs))
    tokens.push(id)
    logProbabilities.push(logs[id] ?? Number.NaN)
    logits = stream.push(id).output
  }
  return { tokens, logProbabilities }
}

const prompts = [[0], [1, 2, 3], [4, 4], [5], [2, 0, 1, 3, 5]]

test('greedy is a loop over a stream, for prompts of any length', async () => {
  for (const end of [undefined, 3]) {
    const ending = end === undefined ? {} : { endToken: end }
    const rows = await model.generate(prompts, { maxSteps: 8, ...ending })
    for (const [row, prompt] of prompts.entries()) {
      const { tokens, logProbabilities, score, finished, nBest, normalizedScore } = rows[row] ?? {}
      const expected = greedy(prompt, 8, end)
      expect(tokens).toEqual(expected.tokens)
      for (const [t, log] of expected.logProbabilities.entries()) {
        expect(logProbabilities?.[t]).toBeCloseTo(log, 5)
      }
      const sum = expected.logProbabilities.reduce((total, log) => total + log, 0)
      expect(score).toBeCloseTo(sum, 5)
      expect(normalizedScore).toBe(score)
      expect(finished).toBe(end !== undefined && expected.tokens.at(-1) === end)
      expect(nBest?.map((one) => one.tokens)).toEqual([tokens])
    }
  }
})

describe('a row does not depend on others', () => {
  const searches = [
    'greedy',
    sample({ seed: 4, temperature: 1.3, topK: 5, topP: 0.9 }),
    beam({ width: 3, nBest: 3 }),
  ] as const
  test.each(searches)('%j', async (search) => {
    const options: GenerateOptions = { search, endToken: 2, maxSteps: 12 }
    const together = await model.generate(prompts, options)
    for (const [row, prompt] of prompts.entries()) {
      expect(await model.generate([prompt], { ...options, firstRow: row })).toEqual([together[row]])
    }
    const parts = [prompts.slice(0, 2), prompts.slice(2)]
    const [first = [], second = []] = await Promise.all([
      model.generate(parts[0] ?? [], options),
      model.generate(parts[1] ?? [], { ...options, firstRow: 2 }),
    ])
    expect([...first, ...second]).toEqual(together)
  })
})

test('a beam gives its best in order, and a wide one is no worse', async () => {
  const options = { endToken: 2, maxSteps: 6 }
  const one = await model.generate(prompts, { ...options, search: beam({ width: 1 }) })
  expect(one).toEqual(await model.generate(prompts, options))
  const many = await model.generate(prompts, { ...options, search: beam({ width: 64, nBest: 20 }) })
  for (const [row, { nBest, score, finished }] of many.entries()) {
    expect(nBest).toHaveLength(20)
    const scores = nBest.map((it) => (it.finished ? it.score : it.score - 1e6))
    expect(scores).toEqual([...scores].sort((a, b) => b - a))
    expect(new Set(nBest.map(({ tokens }) => tokens.join())).size).toBe(20)
    if (one[row]?.finished) expect(finished && score >= (one[row]?.score ?? 0)).toBe(true)
  }
  const lengths = async (lengthPenalty: number) => {
    const rows = await model.generate(prompts, {
      ...options,
      search: beam({ width: 64, lengthPenalty }),
    })
    return rows.reduce((sum, { tokens }) => sum + tokens.length, 0)
  }
  expect(await lengths(12)).toBeGreaterThan(await lengths(0))
})

test('tokens come one by one, and a loop that ends stops the work', async () => {
  for (const search of ['greedy', sample({ seed: 8 })] as const) {
    const options = { search, endToken: 3, maxSteps: 20 }
    const [whole] = await model.generate([[1, 2]], options)
    const tokens: number[] = []
    for await (const token of model.generateTokens([[1, 2]], options)) tokens.push(token)
    expect(tokens).toEqual(whole?.tokens)
  }
  const first: number[] = []
  for await (const token of model.generateTokens([[0]], { maxSteps: 2 ** 24 })) {
    if (first.push(token) === 5) break
  }
  expect(first).toEqual(greedy([0], 5).tokens)
})

test('samples have the probabilities that logProbability measures', async () => {
  for (const { name, model, generate, measure } of ways()) {
    const rows = Array.from({ length: 60 }, () => [0])
    const made = await model.generate(rows, {
      ...generate,
      maxSteps: 9,
      search: sample({ seed: 2 }),
    })
    const ended = made
      .filter(({ finished }) => finished)
      .map(({ tokens, score }) => ({ tokens, score }))
    expect(ended.length).toBeGreaterThan(20)
    expect(new Set(ended.map(({ tokens }) => tokens.join())).size).toBeGreaterThan(5)
    const y = ended.map(({ tokens }) => tokens)
    const logs = await model.logProbability({ x: { [nameOf(name)]: late(0, y) }, y }, measure)
    for (const [row, { score }] of ended.entries()) expect(logs[row]).toBeCloseTo(score, 4)
  }
})

/** The input of tokens of a way's model. */
function nameOf(way: string): string {
  return way === 'end token' ? 'tokens' : 'ids'
}

test('an encoder-decoder begins with its start and returns its alignments', async () => {
  const net = encoderDecoder({
    source: { vocabularySize: 7 },
    target: { vocabularySize: IDS + 2, start: 0 },
    hiddenSize: 6,
    attention: 'additive',
    bidirectional: true,
    seed: 4,
  })
  const source = [[1, 2, 3], [4, 5, 6, 1, 2], [6]]
  for (const search of [
    'greedy',
    beam({ width: 4, nBest: 2, coveragePenalty: 0.3, lengthPenalty: 0.6 }),
  ] as const) {
    const options: GenerateOptions = { search, endToken: 1, maxSteps: 5, forbidden: [0] }
    const rows = await net.generate(source, options)
    expect(await net.generate({ source }, options)).toEqual(rows)
    for (const [row, { nBest }] of rows.entries()) {
      expect(await net.generate([source[row] ?? []], { ...options, firstRow: row })).toEqual([
        rows[row],
      ])
      for (const { tokens, alignment, score, normalizedScore } of nBest) {
        expect(tokens).not.toContain(0)
        expect(alignment).toHaveLength(tokens.length)
        const covered = (source[row] ?? []).map((_, i) =>
          alignment.reduce((sum, at) => sum + (at[i] ?? 9), 0),
        )
        for (const at of alignment) {
          expect(at).toHaveLength(source[row]?.length ?? 0)
          expect(at.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5)
        }
        const x = { source: [source[row] ?? []], target: [tokens] }
        const [log = 0] = await net.logProbability(
          { x, y: { scores: [tokens] } },
          { output: 'scores' },
        )
        expect(score).toBeCloseTo(log, 4)
        if (search === 'greedy') continue
        const penalty = ((5 + tokens.length) / 6) ** 0.6
        const coverage = covered.reduce((sum, all) => sum + Math.log(Math.min(all, 1)), 0)
        expect(normalizedScore).toBeCloseTo(score / penalty + 0.3 * coverage, 5)
      }
    }
  }
})

describe('abort', () => {
  const reason = new Error('enough')

  test('before and during the work', async () => {
    const gone = AbortSignal.abort(reason)
    await expect(model.generate([[0]], { maxSteps: 3, signal: gone })).rejects.toBe(reason)
    const controller = new AbortController()
    const long = model.generate([[0]], { maxSteps: 2 ** 24, signal: controller.signal })
    setTimeout(() => controller.abort(reason), 20)
    await expect(long).rejects.toBe(reason)
    expect((await model.generate([[0]], { maxSteps: 3 }))[0]?.tokens).toEqual(greedy([0], 3).tokens)
  })

  test('between tokens', async () => {
    const controller = new AbortController()
    const tokens = model.generateTokens([[0]], { maxSteps: 100, signal: controller.signal })
    await tokens.next()
    controller.abort(reason)
    await expect(tokens.next()).rejects.toBe(reason)
    expect(await tokens.next()).toEqual({ done: true, value: undefined })
  })
})

test('threads change nothing', async () => {
  const wide = sequential([
    embedding({ vocabularySize: 6, size: 24 }),
    lstm({ hiddenSize: 64 }),
    dense({ size: 6 }),
  ])
  const stop = { endToken: 2 }
  const search = { beam: { width: 3 } }
  const config = { input: 'tokens', output: 'output', search, stop, maxSteps: 9 }
  // Rows for several threads, from the addon itself in a process of its own.
  const program = `
const { addon: { Model } } = require('node:module')
  .createRequire(process.cwd() + '/package.json')('#native')
const ids = Int32Array.from({ length: 80 }, (_, i) => (i * 7) % 6)
const inputs = [{ name: 'tokens', shape: [40, 2], ids }]
const model = new Model(${JSON.stringify(JSON.stringify(wide.graph))}, 3)
model.generation(${JSON.stringify(JSON.stringify(config))}, inputs).run().then((rows) => {
  console.log(JSON.stringify(rows.map(([one]) => [...one.ids, ...one.logProbabilities, one.score])))
})`
  const run = async (threads: string) => {
    const env = { ...process.env, UNROLLED_THREADS: threads }
    return (await promisify(execFile)(process.execPath, ['-e', program], { env })).stdout
  }
  const one = await run('1')
  expect(JSON.parse(one)).toHaveLength(40)
  expect(await run('2')).toBe(one)
})

test('no rows give no rows', async () => {
  expect(await model.generate([], { maxSteps: 3 })).toEqual([])
})
