// Files of Keras and TensorFlow.js (`importKeras`). For a night of them see test/support/fuzz.ts.
import { readFileSync } from 'node:fs'
import * as hdf5 from 'h5wasm'
import { importKeras } from 'unrolled/keras'
import { type Files, type Format, fuzz } from '../support/fuzz.js'
import { changeWords, hostileWeights } from '../support/hdf5.js'
import { changeBytes, changedJson, decode, encode, NAMES } from '../support/hostile.js'
import type { Random } from '../support/random.js'
import {
  archiveOf,
  bombNamed,
  changeDirectory,
  changeEntries,
  type Entries,
  entriesOf,
} from '../support/zips.js'

const golden = (name: string) => new Uint8Array(readFileSync(`test/golden/keras/${name}`))
await hdf5.ready

const archives = [
  'keras2-archive',
  'nested',
  'activations',
  'stacked',
  'translator',
  'grid-simple',
].map((name) => entriesOf(golden(`${name}.keras`)))
const models = ['keras2.h5', 'keras2-nested.h5', 'translator-legacy.h5'].map(golden)
const weights = ['keras2', 'translator'].map((name) => ({
  bytes: golden(`${name}-weights.weights.h5`),
  config: golden(`${name}-weights.json`),
}))
const folders = ['tfjs-chain', 'tfjs-graph'].map((folder) => ({
  'model.json': golden(`${folder}/model.json`),
  'group1-shard1of2.bin': golden(`${folder}/group1-shard1of2.bin`),
  'group1-shard2of2.bin': golden(`${folder}/group1-shard2of2.bin`),
}))

/** JSON with changes, of fields mostly. */
const changed = (random: Random, bytes: Uint8Array): Uint8Array =>
  random.chance(0.05) ? changeBytes(random, bytes) : encode(changedJson(random, decode(bytes)))

function archive(random: Random): Files {
  if (random.chance(0.01)) return { file: bombNamed('metadata.json') }
  const entries: Entries = random.pick(archives).map(([name, contents]) => [name, contents])
  const [inside, around] = [random.chance(0.8), random.chance(0.1)]
  const which = random.pick([
    'config.json',
    'config.json',
    'config.json',
    'metadata.json',
    'model.weights.h5',
  ])
  for (const entry of entries) {
    if (!inside || entry[0] !== which) continue
    entry[1] = which.endsWith('.json') ? changed(random, entry[1]) : changeWords(random, entry[1])
  }
  if (around) changeEntries(random, entries)
  const file = archiveOf(entries, random.chance(0.8) ? 0 : 6)
  if (inside || around) return { file }
  return { file: random.chance(0.8) ? changeDirectory(random, file) : changeBytes(random, file) }
}

function hierarchy(random: Random): Files {
  if (random.chance(0.3)) return { file: changeWords(random, random.pick(models)) }
  if (random.chance(0.4)) return hostileWeights(random)
  const { bytes, config } = random.pick(weights)
  return random.chance(0.4)
    ? { file: bytes, config: changed(random, config) }
    : { file: changeWords(random, bytes), config }
}

function shards(random: Random): Files {
  const files: Record<string, Uint8Array> = { ...random.pick(folders) }
  const name = random.chance(0.9) ? 'model.json' : random.pick(Object.keys(files))
  const bytes = files[name] ?? new Uint8Array()
  files[name] = name === 'model.json' ? changed(random, bytes) : changeBytes(random, bytes)
  const named = { value: bytes, enumerable: true, configurable: true }
  if (random.chance(0.05)) Object.defineProperty(files, random.pick(NAMES), named)
  if (random.chance(0.05)) delete files[random.pick(Object.keys(files))]
  return files
}

const codes: Format['codes'] = [
  'ERR_UNROLLED_FORMAT',
  'ERR_UNROLLED_IO',
  'ERR_UNROLLED_SIZE',
  'ERR_UNROLLED_NON_FINITE',
]

async function read(...given: Parameters<typeof importKeras>): Promise<void> {
  const { model, report } = await importKeras(...given)
  if (model.summary() === '' || !Array.isArray(report.matched)) throw new Error('half a model')
  model.dispose()
}

async function readFile({ file = new Uint8Array(), config }: Files): Promise<void> {
  await read(file, config && { config: decode(config) })
}

fuzz({ name: 'keras', codes, make: archive, read: readFile })
fuzz({ name: 'hdf5', file: 'keras', codes, make: hierarchy, read: readFile })
fuzz({ name: 'tfjs', file: 'keras', codes, make: shards, read: (files) => read(files) })
