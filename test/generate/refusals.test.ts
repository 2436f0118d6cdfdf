import {
  beam,
  bidirectional,
  dense,
  embedding,
  graph,
  gru,
  last,
  lstm,
  sample,
  sequential,
} from 'unrolled'
import { describe, expect, test } from 'vitest'
import { language, measuring, stopping } from './models.js'

const model = language(5)

/** The code and message that a promise rejects with. */
async function refusal(run: Promise<unknown>): Promise<[code: string, message: string]> {
  try {
    await run
  } catch (error) {
    const { name, code, message } = error as { name: string; code: string; message: string }
    expect(name).toBe('UnrolledError')
    return [code.replace('ERR_UNROLLED_', ''), message]
  }
  throw new Error('nothing was refused')
}

describe('options of generate', () => {
  test.each([
    [{ search: 'viterbi' }, 'ARGUMENT', 'generate search: unknown search "viterbi"'],
    [{ search: 'beems' }, 'ARGUMENT', 'did you mean beam?'],
    [{ search: 3 }, 'ARGUMENT', 'generate search: expected a search or its name, received 3'],
    [
      { search: { kind: { beam: { width: 0 } } } },
      'ARGUMENT',
      'beam width: expected a whole number from 1 to 65536, received 0',
    ],
    [{ search: { kind: { greedy: { width: 2 } } } }, 'ARGUMENT', 'unknown option "width"'],
    [{ maxSteps: 0 }, 'ARGUMENT', 'generate maxSteps: expected a whole number from 1'],
    [{ maxSteps: undefined }, 'ARGUMENT', 'generate maxSteps: expected a whole number from 1'],
    [
      { maxSteps: 2 ** 24 + 1 },
      'ARGUMENT',
      'generate maxSteps: expected a whole number from 1 to 16777216',
    ],
    [
      { minSteps: 4 },
      'ARGUMENT',
      'generate minSteps: expected a whole number from 0 to 3, received 4',
    ],
    [{ endToken: 5 }, 'ARGUMENT', 'generate endToken: expected an id below 5, received 5'],
    [{ endToken: -1 }, 'ARGUMENT', 'generate endToken: expected a whole number'],
    [{ start: 9 }, 'ARGUMENT', 'generate start: expected an id below 5, received 9'],
    [
      { forbidden: [0, 1, 2, 3, 4] },
      'ARGUMENT',
      'generate forbidden: expected at least one of 5 ids',
    ],
    [{ forbidden: [7] }, 'ARGUMENT', 'generate forbidden: expected an id below 5, received 7'],
    [{ forbidden: 3 }, 'ARGUMENT', 'generate forbidden: expected an array of ids'],
    [
      { search: beam({ width: 126 }) },
      'ARGUMENT',
      'generate beam width: expected a whole number from 1 to 125',
    ],
    [
      { search: beam({ coveragePenalty: 1 }) },
      'ARGUMENT',
      'generate beam coveragePenalty: expected 0 for a model without',
    ],
    [
      { search: sample({ topK: 6 }) },
      'ARGUMENT',
      'generate topK: expected a whole number from 1 to 5, received 6',
    ],
    [{ stop: 'stop' }, 'ARGUMENT', 'generate stop: unknown output "stop"'],
    [{ endToken: 1, stop: 'output' }, 'ARGUMENT', 'one of the options endToken, stop and length'],
    [
      { length: { output: 'output' } },
      'ARGUMENT',
      'generate length remaining: expected the name of an input',
    ],
    [{ output: 'outptu' }, 'ARGUMENT', 'did you mean output?'],
    [{ input: 3 }, 'ARGUMENT', 'generate input: expected the name of an input, received 3'],
    [{ signal: {} }, 'ARGUMENT', 'generate signal: expected an AbortSignal'],
    [{ maxLength: 3 }, 'ARGUMENT', 'generate: unknown option "maxLength"'],
  ])('%o', async (options, code, words) => {
    const run = model.generate([[0]], { maxSteps: 3, ...options } as never)
    const [received, message] = await refusal(run)
    expect(message).toContain(words)
    expect(received).toBe(code)
    const tokens = model.generateTokens([[0]], { maxSteps: 3, ...options } as never)
    expect((await refusal(tokens.next()))[0]).toBe(code)
  })

  test.each([
    [() => sample({ temperature: 0 }), 'sample temperature: expected a number above 0, received 0'],
    [() => sample({ temperature: Number.NaN }), 'sample temperature: expected a number above 0'],
    [() => sample({ topK: 0 }), 'sample topK: expected a whole number of at least 1, received 0'],
    [() => sample({ topP: 0 }), 'sample topP: expected a number above 0, received 0'],
    [() => sample({ topP: 1.5 }), 'sample topP: expected a number from 0 to 1, received 1.5'],
    [() => beam({ width: 0 }), 'beam width: expected a whole number from 1 to 65536, received 0'],
    [
      () => beam({ width: 2, nBest: 3 }),
      'beam nBest: expected a whole number from 1 to 2, received 3',
    ],
    [() => beam({ lengthPenalty: -1 }), 'beam lengthPenalty: expected a number of at least 0'],
    [() => beam({ size: 3 } as never), 'beam: unknown option "size"'],
  ])('%s', (make, words) => {
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_UNROLLED_ARGUMENT' }))
    expect(make).toThrow(words)
  })
})

test('prompts that are none', async () => {
  expect(await refusal(model.generate([[0], []], { maxSteps: 3 }))).toEqual([
    'VALUE',
    'generate: expected a prompt of at least 1 item in row 1, received none; give a prompt, or the option start',
  ])
  expect((await refusal(model.generate([[5]], { maxSteps: 3 })))[0]).toBe('VALUE')
  expect((await refusal(model.generate([['a']] as never, { maxSteps: 3 })))[0]).toMatch(
    /KIND|SHAPE|VALUE/,
  )
  expect((await model.generate([[]], { maxSteps: 3, start: 1 }))[0]?.tokens).toHaveLength(3)
  const none = model.generateTokens([], { maxSteps: 3 })
  await expect(none.next()).rejects.toThrow('generateTokens x: expected one row, received no row')
  const two = model.generateTokens([[0], [1]], { maxSteps: 3 })
  expect((await refusal(two.next()))[1]).toContain('expected one row of ids and no beam')
  const wide = model.generateTokens([[0]], { maxSteps: 3, search: 'beam' })
  expect((await refusal(wide.next()))[0]).toBe('ARGUMENT')
})

test('models without a token to choose, or with several', async () => {
  const options = { maxSteps: 3 }
  const numbers = sequential([lstm({ inputSize: 2, hiddenSize: 3 }), dense({ size: 2 })])
  const [code, message] = await refusal(numbers.generate([[[1, 2]]], options))
  expect(code).toBe('ARGUMENT')
  expect(message).toContain('an output of scores of each id of an input of tokens along its axis')
  const whole = sequential([
    embedding({ vocabularySize: 4, size: 3 }),
    lstm({ hiddenSize: 3 }),
    last(),
    dense({ size: 4 }),
  ])
  expect((await refusal(whole.generate([[1]], options)))[0]).toBe('ARGUMENT')
  expect((await refusal(model.freeRun([[0]] as never, options)))[1]).toContain(
    'the next numbers of an input',
  )
  const fed = sequential([lstm({ inputSize: 2, hiddenSize: 3 }), dense({ size: 2 })])
  expect((await refusal(fed.freeRun([[[1, 2]], []], options)))[1]).toBe(
    'freeRun: expected a prompt of at least 1 step in row 1, received none; give the first step, or a model that shifts the numbers itself',
  )
  const both = graph({ ids: { tokens: { vocabularySize: 4 } } }, ({ ids }) => {
    const { output } = gru({ hiddenSize: 3 })(embedding({ size: 3 })(ids))
    return { a: dense({ size: 4 })(output), b: dense({ size: 4, name: 'other' })(output) }
  })
  expect((await refusal(both.generate([[1]], options)))[1]).toContain(
    'name them by the options input and output',
  )
  expect((await both.generate([[1]], { ...options, output: 'b' }))[0]?.tokens).toHaveLength(3)
  const backwards = sequential([
    embedding({ vocabularySize: 4, size: 3 }),
    bidirectional(gru({ hiddenSize: 3 })),
    dense({ size: 4 }),
  ])
  const refused = await refusal(backwards.generate([[1]], options))
  expect(refused[0]).toBe('ARGUMENT')
  expect(refused[1]).toContain('generate')
})

test('ways to stop that do not fit', async () => {
  const options = { maxSteps: 3 }
  expect((await refusal(stopping().generate([[1]], { ...options, stop: 'scores' })))[1]).toContain(
    "output 'scores': expected one number a step",
  )
  expect(
    (await refusal(measuring().generate({ ids: [[1]] }, { ...options, output: 'scores' })))[1],
  ).toContain('remaining')
  const length = { output: 'scores', remaining: 'remaining' }
  expect(
    (await refusal(measuring().generate([[1]], { ...options, output: 'scores', length })))[1],
  ).toContain('known before the first step')
  expect((await refusal(model.exposureGap({ x: [[1]], y: [[1]] }, { search: 'beam' })))[0]).toBe(
    'ARGUMENT',
  )
  expect((await refusal(model.logProbability({ x: [[1]], y: [[7]] })))[0]).toBe('VALUE')
  expect((await refusal(model.logProbability({ x: [[1]], z: [[1]] } as never)))[0]).toBe('ARGUMENT')
})
