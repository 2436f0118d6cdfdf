// Checkpoints (`fit` with `resume`, `load`, `model.load`), with the checksums of a forger. For a night of them see test/support/fuzz.ts.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { load, type TrainOptions } from 'unrolled'
import { afterAll } from 'vitest'
import { checkpointFiles } from '../support/checkpoint-files.js'
import { type Files, fuzz } from '../support/fuzz.js'
import { changeBytes } from '../support/hostile.js'
import type { Random } from '../support/random.js'
import { bytesOf, changeParts, partsOf, seal } from '../support/safetensors.js'
import { RUNS } from '../support/stopped-runs.js'

const folder = mkdtempSync(join(tmpdir(), 'unrolled-fuzz-checkpoints-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs with early stopping, slots of an optimizer, an average and frozen parts; stopped after an epoch, or at their end. */
const runs = [
  'adam, dropout, shuffled, early stopping',
  'adagrad, frozen, averaged, early stopping on the average',
].map((name) => RUNS[name] as () => ReturnType<NonNullable<(typeof RUNS)[string]>>)

async function begun(start: (typeof runs)[number], at: number): Promise<Uint8Array> {
  const { model, data, options } = start()
  const checkpoint = { path: join(folder, String(at)) }
  await model.fit(data as never, { ...options, epochs: 1, checkpoint } as TrainOptions)
  model.dispose()
  const [file = ''] = checkpointFiles(checkpoint.path)
  return new Uint8Array(readFileSync(join(checkpoint.path, file)))
}

const seeds = await Promise.all(runs.map(begun))

function make(random: Random): Files {
  const which = random.below(seeds.length)
  const seed = seeds[which] as Uint8Array
  const label = random.chance(0.2) ? `weights ${which}` : `run ${which}`
  if (random.chance(0.1)) return { [label]: changeBytes(random, seed) }
  const parts = partsOf(seed)
  changeParts(random, parts, 0.6)
  if (random.chance(0.9)) seal(parts)
  return { [label]: bytesOf(parts) }
}

fuzz({
  name: 'checkpoints',
  codes: [
    'ERR_UNROLLED_FORMAT',
    'ERR_UNROLLED_SIZE',
    // Options of another run, and weights of another model.
    'ERR_UNROLLED_ARGUMENT',
    'ERR_UNROLLED_SHAPE',
    // A run that was resumed, and whose weights are too large for what they compute.
    'ERR_UNROLLED_NON_FINITE',
  ],
  make,
  async read(files) {
    const [[label = '', bytes = new Uint8Array()] = []] = Object.entries(files)
    const [kind, which] = label.split(' ')
    const path = join(folder, 'hostile.safetensors')
    writeFileSync(path, bytes)
    const { model, data, options } = runs[Number(which)]?.() ?? (undefined as never)
    try {
      if (kind === 'weights') {
        await model.load(bytes, { strict: false })
        return
      }
      // The run is at its end, or has one epoch to go.
      await model.fit(data as never, { ...options, epochs: 2, resume: path } as TrainOptions)
      const loaded = await load(path)
      loaded.dispose()
    } finally {
      model.dispose()
    }
  },
})
