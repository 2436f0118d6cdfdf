import { adam, beam, encoderDecoder, meanAbsolute, type Result } from 'unrolled'
import { describe, expect, test } from 'vitest'
import { logSoftmax } from '../generate/models.js'

const WORDS = 6
const base = {
  source: { vocabularySize: WORDS },
  target: { vocabularySize: WORDS, start: 0 },
  hiddenSize: 8,
  embeddingSize: 5,
  bidirectional: true,
} as const
const translator = (inputFeeding: boolean, seed = 3) => {
  const model = encoderDecoder({
    ...base,
    attention: { size: 4, coverage: true },
    inputFeeding,
    numLayers: 2,
    seed,
  })
  // A coverage that decides.
  model.setParameters({ 'decoder.attention.weight_c': Float32Array.of(3, -3, 2, -2) })
  return model
}
const sources = [[2, 5, 1, 4], [3], [1, 1, 5], [4, 2]]
const targets = [
  [1, 2, 3, 0],
  [4, 0, 1, 2],
  [5, 1, 2, 0],
  [2, 2, 0, 4],
]
const rowsOf = (result: Result) => result.toNested() as number[][]
const at = (t: number) => targets.map((row) => (t === 0 ? 0 : (row[t - 1] ?? 0)))

describe.each([false, true])('an encoder-decoder, input feeding %s', (feeding) => {
  test('steps have the numbers of the whole', async () => {
    const model = translator(feeding)
    const whole = await model.predict({ source: sources, target: targets })
    const session = await model.session({ source: sources })
    for (let t = 0; t < 4; t++) {
      const outputs = await session.step(at(t))
      for (const name of ['scores', 'weights', 'coverageLoss'] as const) {
        const expected = (whole[name].toNested() as number[][][]).map((row) => row[t])
        expect(rowsOf(outputs[name]), `${name}, step ${t}`).toEqual(expected)
      }
    }
  })

  test('rows take their coverage along, and it is a state to keep and set', async () => {
    const model = translator(feeding)
    const session = await model.session({ source: sources })
    await session.step(at(0))
    const name = Object.keys(session.state).find((name) => name.endsWith(':coverage')) ?? ''
    expect(name).toBe('decoder.attention:coverage')
    await session.step(at(1))
    const kept = session.state
    const coverage = rowsOf(kept[name] as Result)
    for (const [row, own] of coverage.entries()) {
      const length = sources[row]?.length ?? 0
      expect(own.slice(length)).toEqual([0, 0, 0, 0].slice(length))
      expect(own.reduce((all, one) => all + one)).toBeCloseTo(2, 5)
    }
    const third = rowsOf((await session.step(at(2))).weights)
    session.state = kept
    session.reorder([3, 0, 0, 2, 1])
    const order = [3, 0, 0, 2, 1]
    const moved = rowsOf((await session.step(order.map((row) => at(2)[row] ?? 0))).weights)
    expect(moved).toEqual(order.map((row) => third[row]))
    // Without its coverage the third step looks elsewhere.
    session.reorder([4, 1, 2, 3])
    session.state = { ...kept, [name]: coverage.map((row) => row.map(() => 0)) }
    expect(rowsOf((await session.step(at(2))).weights)).not.toEqual(third)
    expect(() => {
      session.state = { ...kept, [name]: coverage.map((row) => row.slice(1)) }
    }).toThrow(expect.objectContaining({ code: 'ERR_UNROLLED_SHAPE' }))
    session.reset()
    const alone = await model.session({ source: [4, 1, 2, 3].map(() => [3]) })
    expect(rowsOf(alone.state[name] as Result)).toEqual([[0], [0], [0], [0]])
  })

  /** The best sequences of a row, with a stream forked for each. */
  function searched(source: number[], width: number, count: number) {
    const stream = translator(feeding).stream({ source })
    let lanes = [{ stream, last: 0, tokens: [] as number[], score: 0 }]
    for (let t = 0; t < count; t++) {
      const all = lanes.flatMap(({ stream, last, tokens, score }) => {
        const logs = logSoftmax(stream.push(last).scores)
        return [...logs].map((log, id) => ({
          stream,
          last: id,
          tokens: [...tokens, id],
          score: score + log,
        }))
      })
      const best = all.sort((a, b) => b.score - a.score).slice(0, width)
      lanes = best.map((lane) => ({ ...lane, stream: lane.stream.fork() }))
    }
    return lanes
  }

  test.each([1, 3])('a beam of %s is a loop in JavaScript', async (width) => {
    const search = width === 1 ? 'greedy' : beam({ width, nBest: width })
    const rows = await translator(feeding).generate(sources, { search, maxSteps: 6 })
    for (const [row, { nBest }] of rows.entries()) {
      const expected = searched(sources[row] ?? [], width, 6)
      expect(nBest.map(({ tokens }) => tokens)).toEqual(expected.map(({ tokens }) => tokens))
      for (const [i, { score }] of nBest.entries()) {
        expect(score).toBeCloseTo(expected[i]?.score ?? Number.NaN, 4)
      }
    }
  })
})

test('the loss teaches not to look again', async () => {
  let drawn = 7
  const letter = () => {
    drawn = (drawn * 48271) % 2147483647
    return 1 + (drawn % 5)
  }
  const source = Array.from({ length: 160 }, (_, row) =>
    Array.from({ length: 2 + (row % 4) }, letter),
  )
  const zeros = source.map((row) => row.map(() => [0]))
  const repeated = async (weight: number) => {
    const model = encoderDecoder({ ...base, attention: { coverage: true }, seed: 4 })
    const y = { scores: source, coverageLoss: zeros }
    const { epochs } = await model.fit(
      { x: { source, target: source }, y },
      {
        epochs: 12,
        batchSize: 16,
        loss: { scores: 'crossEntropy', coverageLoss: meanAbsolute({ weight }) },
        optimizer: adam({ learningRate: 0.01 }),
      },
    )
    expect(epochs.at(-1)?.loss).toBeLessThan(epochs[0]?.loss ?? 0)
    const { coverageLoss } = await model.predict({ source, target: source })
    const all = (coverageLoss.toNested() as number[][][]).flat(2)
    return all.reduce((total, one) => total + one) / all.length
  }
  const [taught, free] = [await repeated(1), await repeated(0)]
  expect(taught).toBeLessThan(0.7 * free)
})
