import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dense, last, rnn, sequential } from 'unrolled'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Machine } from '../../bench/machine.js'
import { type Figure, type Job, reached } from '../../bench/reproduce/job.js'
import { learn } from '../../bench/reproduce/learn.js'
import { openFolder, type Place, readPlace, savePlace } from '../../bench/reproduce/place.js'
import { clock, Progress } from '../../bench/reproduce/progress.js'
import {
  figuresText,
  type Order,
  type Reproduction,
  reproduce,
} from '../../bench/reproduce/reproduce.js'
import { run } from '../../bench/reproduce/run.js'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unrolled-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const machine = { cpu: 'some', cores: 2, isa: 'avx2' } as Machine
const { signal } = new AbortController()

/** The epochs whose batches were asked for. */
const asked: number[] = []

/** A job of a second's fraction: the sum of two numbers, three batches an epoch. */
function toyOf(enough = 4): Job {
  const batch = (from: number) => {
    const rows = [0, 1, 2].map((row) => [Math.sin(from + row), Math.cos(2 * (from + row))])
    return { x: rows, y: rows.map(([a = 0, b = 0]) => [a + b]) }
  }
  let count = 0
  const fresh = () => sequential([rnn({ inputSize: 1, hiddenSize: 4 }), last(), dense({ size: 1 })])
  return {
    about: 'a toy',
    settings: { full: {}, reduced: { epochs: 4 } },
    async run(work) {
      work.say('begins')
      const { model, place } = await learn(work, fresh, {
        name: 'toy',
        epochs: 4,
        learningRate: 0.1,
        minimum: 0.5,
        warmup: 2,
        options: { loss: 'meanSquared' },
        batches: (epoch) => {
          asked.push(epoch)
          return [1, 4, 7].map(batch)
        },
        measure: async () => ({ count: ++count }),
        enough: ({ count = 0 }) => count === enough,
      })
      const { loss } = await model.evaluate([batch(2)], { loss: 'meanSquared' })
      return { figures: [{ name: 'loss', percent: 100 * loss }], details: { place } }
    },
  }
}

/** A reduced run that is asked to stop when it says something. */
function orderOf(change: Partial<Order>, stopAt?: RegExp): Order & { readonly said: string[] } {
  const said: string[] = []
  const stop = new AbortController()
  return {
    name: 'toy',
    job: toyOf(),
    machine,
    command: 'some command',
    reduced: true,
    seed: 3,
    fresh: false,
    folder: join(folder, 'places'),
    record: join(folder, 'record', 'toy.json'),
    signal: stop.signal,
    said,
    say: (line) => {
      said.push(line)
      if (stopAt?.test(line)) stop.abort()
    },
    ...change,
  }
}

test('a run that is stopped in an epoch, then after one, goes on to its record', async () => {
  const first = orderOf({}, /^begins/)
  expect(await reproduce(first)).toBeUndefined()
  expect(first.said).toContain('toy: saved in epoch 1, after step 1')
  expect(first.said.at(-1)).toBe('stopped; the same command goes on from there:\n  some command')

  const second = orderOf({}, /^toy: epoch 2\/4 done/)
  expect(await reproduce(second)).toBeUndefined()
  expect(second.said.filter((line) => line.includes('done'))).toHaveLength(2)
  expect(second.said).toContain('toy: saved in epoch 3, after step 0')
  const kept = readdirSync(join(folder, 'places')).sort()
  expect(kept).toEqual(['run.json', 'toy-2-0.safetensors', 'toy.json'])

  asked.length = 0
  const third = orderOf({})
  const result = await reproduce(third)
  // The first only to count its batches.
  expect(asked).toEqual([1, 3, 4])
  expect(result?.starts.count).toBe(3)
  const { place } = (result?.details ?? {}) as { place: Place }
  expect(place).toMatchObject({ epochs: 4, step: 0, starts: 3, done: true })
  expect(place.curve.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4])
  const losses = place.curve.map(({ loss }) => loss)
  expect(losses[3]).toBeLessThan((losses[0] ?? 0) / 2)

  const record = JSON.parse(readFileSync(third.record ?? '', 'utf8')) as Reproduction
  expect(record).toMatchObject({ name: 'toy', seed: 3, reduced: true, settings: { epochs: 4 } })
  expect(record).toMatchObject({ machine, command: 'some command', starts: { count: 3 } })
  // All is done: another start measures the same.
  asked.length = 0
  expect((await reproduce(orderOf({})))?.figures).toEqual(result?.figures)
  expect(asked).toEqual([])
})

test('a run that goes on after an epoch warms up to the rate of its place', async () => {
  const rates: number[] = []
  const spy = vi.spyOn(Progress.prototype, 'step').mockImplementation((_, __, rate) => {
    rates.push(rate)
  })
  await reproduce(orderOf({}, /^toy: epoch 2\/4 done/))
  await reproduce(orderOf({}))
  spy.mockRestore()
  // Rate 0.1 falls to a half along 12 steps; two steps to warm up at each start.
  expect(rates).toHaveLength(12)
  expect([0, 1, 2].map((step) => rates[step]?.toFixed(6))).toEqual([
    '0.033333',
    '0.066667',
    '0.100000',
  ])
  expect([6, 7, 8].map((step) => rates[step]?.toFixed(6))).toEqual([
    '0.025000',
    '0.050000',
    '0.075000',
  ])
  expect(rates[11]).toBeGreaterThan(0.05)
})

test.each([
  [1, 0, 1],
  [2, 0, 2],
  [3, 1, 0],
  [4, 1, 1],
  [11, 3, 2],
])(
  'stopped at step %i it is at epoch %i, step %i, and takes the other steps',
  async (at, epochs, step) => {
    let taken = 0
    const stop = new AbortController()
    const spy = vi.spyOn(Progress.prototype, 'step').mockImplementation(() => {
      taken += 1
      if (taken === at) stop.abort()
    })
    expect(await reproduce({ ...orderOf({}), signal: stop.signal })).toBeUndefined()
    expect(readPlace(join(folder, 'places'), 'toy')).toMatchObject({ epochs, step })
    expect(await reproduce(orderOf({}))).toBeDefined()
    spy.mockRestore()
    expect(taken).toBe(12)
  },
)

test('a training whose measures are enough ends before its last epoch', async () => {
  const result = await reproduce(orderOf({ job: toyOf(2) }))
  expect(result?.details).toMatchObject({ place: { epochs: 2, done: true } })
})

test('a folder of another run is refused, or cleared', async () => {
  openFolder(join(folder, 'places'), { name: 'toy', reduced: true, seed: 4 })
  await expect(reproduce(orderOf({}))).rejects.toThrow(
    /places: expected a run of .*"seed":3,"settings":{.*}}, received one of .*"seed":4}; begin anew by --fresh$/,
  )
  expect(await reproduce(orderOf({ fresh: true }, /^begins/))).toBeUndefined()
})

test('what a job throws is thrown', async () => {
  const settings = { full: {}, reduced: {} }
  const job = { about: 'fails', settings, run: () => Promise.reject(new Error('no data')) }
  await expect(reproduce(orderOf({ job }))).rejects.toThrow('no data')
})

test('a place names its weights, and the weights of before are removed', () => {
  const place = { epochs: 1, step: 4, seconds: 2.5, starts: 1, done: false, curve: [] }
  expect(readPlace(folder, 'a')).toBeUndefined()
  savePlace(folder, 'a', new Uint8Array([1]), place)
  savePlace(folder, 'a', new Uint8Array([1, 2]), place)
  savePlace(folder, 'a', new Uint8Array([1, 2, 3]), { ...place, step: 5 })
  const model = 'a-1-5.safetensors'
  expect(readPlace(folder, 'a')).toEqual({ ...place, step: 5, model })
  expect(readdirSync(folder).sort()).toEqual([model, 'a.json'])
  expect([...readFileSync(join(folder, model))]).toEqual([1, 2, 3])
})

describe('figures', () => {
  const figure = (percent: number, target?: Figure['target']): Figure => ({
    name: 'error',
    percent,
    ...(target && { target }),
  })

  test('keep their bounds', () => {
    expect(reached(figure(31, { atMost: 31 }))).toBe(true)
    expect(reached(figure(31.1, { atMost: 31 }))).toBe(false)
    expect(reached(figure(99, { atLeast: 99 }))).toBe(true)
    expect(reached(figure(98.9, { atLeast: 99 }))).toBe(false)
    expect(reached(figure(100))).toBe(true)
  })

  test('stand beside the published ones, each source once', () => {
    const published = [{ percent: 28.6, source: 'Somebody (2015)' }]
    const text = figuresText([
      { ...figure(27.04, { atMost: 31 }), published },
      { ...figure(32, { atMost: 31 }), published },
      figure(5),
    ])
    expect(text.split('\n').map((line) => line.trim().replace(/ {2,}/g, ' | '))).toEqual([
      'ours | target | published',
      'error | 27.0 % | at most 31.0 % | reached | 28.6 %',
      'error | 32.0 % | at most 31.0 % | not reached | 28.6 %',
      'error | 5.0 %',
      '28.6 %: Somebody (2015)',
      '',
    ])
  })

  test('on record are those of whole runs that reached their targets', () => {
    const records = new URL('../../bench/record/', import.meta.url)
    for (const file of readdirSync(records).filter((name) => name.startsWith('reproduce-'))) {
      const text = readFileSync(new URL(file, records), 'utf8')
      const { reduced, figures } = JSON.parse(text) as Reproduction
      expect(reduced).toBe(false)
      expect(figures.filter((one) => !reached(one))).toEqual([])
    }
  })
})

test('time is hours, minutes and seconds', () => {
  expect([0, 59.2, 61, 3599.5, 36_610].map(clock)).toEqual([
    '0:00:00',
    '0:01:00',
    '0:01:01',
    '1:00:00',
    '10:10:10',
  ])
})

test.each([
  [[], /^reproduce: expected one name, g2p.*, received none$/],
  [['g2q'], /^reproduce: expected one name, g2p.*, received g2q$/],
  [['toString'], /received toString$/],
  [['g2p', 'g2p'], /received g2p g2p$/],
  [['g2p', '--seed', '1.5'], /^--seed: expected an integer from 0 to 4294967295, received '1.5'$/],
  [['g2p', '--seed', '4294967296'], /^--seed: expected/],
  [['g2p', '--epochs', '3'], /Unknown option '--epochs'/],
])('a bad command gets a sentence: %j', async (args, sentence) => {
  await expect(run(args, signal)).rejects.toThrow(sentence)
})
