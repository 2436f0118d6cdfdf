import { activation, dense, embedding, graph, gru, sequential, sigmoid } from 'unrolled'
import { expect, test } from 'vitest'
import { IDS, LENGTHS, language, late, logSoftmax, sequences, stopping, ways } from './models.js'

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((a, b) => a + b, 0)

test('the probabilities of all sequences sum to 1 with each way to stop', async () => {
  const [byToken, byStop, byLength] = ways()
  if (byToken === undefined || byStop === undefined || byLength === undefined)
    throw new Error('no ways')
  const most = 6
  const all = (from: number) =>
    Array.from({ length: most + 1 - from }, (_, n) => sequences(n + from)).flat()

  const early = (row: number[]) => row.slice(0, -1).includes(1)
  const ended = all(1).filter((row) => !early(row) && (row.at(-1) === 1 || row.length === most))
  const p = async (x: unknown, y: unknown, way = byToken) =>
    sum((await way.model.logProbability({ x, y } as never, way.measure)).map(Math.exp))
  expect(await p(late(2, ended), ended)).toBeCloseTo(1, 6)

  const cut = sequences(most)
  const going = { scores: cut, stop: cut.map((row) => row.map(() => 0)) }
  const stopped = await p({ ids: late(2, all(1)) }, all(1), byStop)
  expect(stopped).toBeLessThan(1)
  expect(stopped + (await p({ ids: late(2, cut) }, going, byStop))).toBeCloseTo(1, 6)

  const lengths = Array.from({ length: LENGTHS }, (_, n) => sequences(n)).flat()
  expect(await p({ ids: late(2, lengths) }, lengths, byLength)).toBeCloseTo(1, 6)
})

test('a row is the sum over its valid steps, each times its weight', async () => {
  const model = language(IDS)
  const y = [[0, 2, 1], [1], [2, 2]]
  const x = late(0, y)
  const { output } = await model.predict(x)
  const logs = output
    .toNested()
    .map((row, r) => row.map((at, t) => logSoftmax(at)[y[r]?.[t] ?? 0] ?? 0))
  const plain = await model.logProbability({ x, y })
  for (const [row, each] of logs.entries()) expect(plain[row]).toBeCloseTo(sum(each), 5)
  const weights = [[1, 0, 0.5], [2], [0, 0]]
  const weighted = await model.logProbability({ x, y, weights })
  for (const [row, each] of logs.entries()) {
    expect(weighted[row]).toBeCloseTo(sum(each.map((log, t) => log * (weights[row]?.[t] ?? 0))), 5)
  }
  expect(await model.logProbability({ x: { tokens: x }, y: { output: y } })).toEqual(plain)
})

test('with a predicted length it is that of the length times that of the items', async () => {
  const [, , way] = ways()
  if (way === undefined) throw new Error('no way')
  const { model, measure } = way
  const y = [[0, 2, 1], [1], [2, 2]]
  const x = { ids: late(0, y) }
  const remaining = y.map((row) => row.map((_, t) => row.length - t))
  const { length } = await model.predict({ ...x, remaining } as never)
  // All rows have one distribution of lengths.
  const lengths = logSoftmax(length?.values.slice(0, LENGTHS) ?? [])
  const items = await model.logProbability({ x: { ...x, remaining }, y } as never, {
    output: 'scores',
  })
  const whole = await model.logProbability({ x, y } as never, measure)
  for (const [row, { length }] of y.entries()) {
    expect(whole[row]).toBeCloseTo((items[row] ?? 0) + (lengths[length] ?? 0), 5)
  }
})

test('targets that follow from the lengths may be given as well', async () => {
  const model = stopping()
  const y = [[0, 2, 1], [1]]
  const stop = [[0, 0, 1], [1]]
  const derived = await model.logProbability({ x: { ids: late(0, y) }, y }, { stop: 'stop' })
  const given = { x: { ids: late(0, y) }, y: { scores: y, stop } }
  expect(await model.logProbability(given, { stop: 'stop' })).toEqual(derived)
  const without = await model.logProbability({ x: { ids: late(0, y) }, y }, { output: 'scores' })
  expect(without[0]).toBeGreaterThan(derived[0] ?? 0)
})

test('outputs that are probabilities are taken as logits before', async () => {
  const layers = [
    embedding({ vocabularySize: IDS, size: 4 }),
    gru({ hiddenSize: 6 }),
    dense({ size: IDS }),
  ] as const
  const logits = sequential(layers, { seed: 9 })
  const scores = sequential([...layers, activation('softmax')], { seed: 9 })
  const y = [[0, 2, 1], [1]]
  const x = late(0, y)
  expect(await scores.logProbability({ x, y })).toEqual(await logits.logProbability({ x, y }))
  const [a, b] = await Promise.all(
    [logits, scores].map((it) => it.generate([[0]], { maxSteps: 5 })),
  )
  expect(b?.[0]?.tokens).toEqual(a?.[0]?.tokens)
  expect(b?.[0]?.score).toBeCloseTo(a?.[0]?.score ?? 0, 5)

  const ended = (last: boolean) =>
    graph(
      { ids: { tokens: { vocabularySize: IDS } } },
      ({ ids }) => {
        const { output } = gru({ hiddenSize: 7 })(embedding({ size: 4 })(ids))
        const end = dense({ size: 1, name: 'end' })(output)
        return { scores: dense({ size: IDS })(output), stop: last ? sigmoid(end) : end }
      },
      { seed: 5 },
    )
  const measured = await Promise.all(
    [true, false].map((last) => ended(last).logProbability({ x: { ids: x }, y }, { stop: 'stop' })),
  )
  expect(measured[0]).toEqual(measured[1])
})
