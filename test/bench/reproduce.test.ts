import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Machine } from '../../bench/machine.js'
import { g2p } from '../../bench/reproduce/g2p/g2p.js'
import { type Figure, reached } from '../../bench/reproduce/job.js'
import { openFolder, readPlace, savePlace } from '../../bench/reproduce/place.js'
import { clock } from '../../bench/reproduce/progress.js'
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

/** A reduced run that is asked to stop when it says something. */
function orderOf(change: Partial<Order>, stopAt?: RegExp): Order & { readonly said: string[] } {
  const said: string[] = []
  const stop = new AbortController()
  return {
    name: 'g2p',
    job: g2p,
    machine,
    command: 'npm run reproduce -- g2p --reduced',
    reduced: true,
    seed: 3,
    fresh: false,
    folder: join(folder, 'places'),
    record: join(folder, 'record', 'g2p.json'),
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
  const first = orderOf({}, /^words/)
  expect(await reproduce(first)).toBeUndefined()
  expect(first.said).toContain('attention: saved in epoch 1, after step 1')
  expect(first.said.at(-1)).toContain('goes on from there:\n  npm run reproduce -- g2p --reduced')

  const second = orderOf({}, /^attention: epoch 2\/4 done/)
  expect(await reproduce(second)).toBeUndefined()
  expect(second.said.filter((line) => line.includes('done'))).toHaveLength(2)
  expect(second.said).toContain('attention: saved in epoch 3, after step 0')
  const kept = readdirSync(join(folder, 'places')).sort()
  expect(kept).toEqual(['attention-2-0.safetensors', 'attention.json', 'run.json'])

  const third = orderOf({})
  const result = await reproduce(third)
  expect(third.said).not.toContain(second.said.find((line) => line.includes('epoch 2/4 done')))
  expect(result?.starts.count).toBe(3)
  const { attention, words, alignment } = (result?.details ?? {}) as {
    attention: { curve: { epoch: number; loss: number }[]; starts: number }
    words: object
    alignment: string
  }
  expect(words).toEqual({ train: 360, valid: 20, test: 20 })
  expect(attention.starts).toBe(3)
  expect(attention.curve.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4])
  const losses = attention.curve.map(({ loss }) => loss)
  expect(losses[3]).toBeLessThan((losses[0] ?? 0) * 0.9)
  expect(alignment.split('\n').length).toBeGreaterThan(1)

  const record = JSON.parse(readFileSync(third.record ?? '', 'utf8')) as Reproduction
  expect(record).toMatchObject({ name: 'g2p', seed: 3, reduced: true, machine })
  expect(record.figures.map(({ percent }) => percent)).toHaveLength(5)
  // All is done: another start measures the same.
  const again = await reproduce(orderOf({ record: undefined }))
  expect(again?.figures).toEqual(result?.figures)
})

test('a folder of another run is refused, or cleared', async () => {
  openFolder(join(folder, 'places'), { name: 'g2p', reduced: true, seed: 4 })
  await expect(reproduce(orderOf({}))).rejects.toThrow(
    /places: expected a run of .*"seed":3,"settings":{.*}}, received one of .*"seed":4}; begin anew by --fresh$/,
  )
  expect(await reproduce(orderOf({ fresh: true }, /^words/))).toBeUndefined()
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
