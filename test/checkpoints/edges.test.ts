// Folders and paths that people change, or give in ways of their own.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TrainOptions, UnrolledError } from 'unrolled'
import { afterAll, describe, expect, test } from 'vitest'
import { checkpointFiles } from '../support/checkpoint-files.js'
import { endingOf, RUNS, runToEnd } from '../support/stopped-runs.js'

// The working directory has no link in its path.
const root = realpathSync(mkdtempSync(join(tmpdir(), 'unrolled-edges-')))
afterAll(() => rmSync(root, { recursive: true }))

let folders = 0
const folder = () => join(root, String(folders++))
const name = 'an array of batches'
const start = () => RUNS[name]?.() ?? expect.fail()
const whole = runToEnd(name)

/** Trains with these options besides, and calls `change` once, after the third step. */
async function trained(more: Partial<TrainOptions>, change: () => void | Promise<void> = () => {}) {
  const { model, data, options } = start()
  const epochs = []
  let step = 0
  const given = { ...options, ...more } as TrainOptions
  try {
    for await (const event of model.train(data as never, given)) {
      if (event.type === 'epoch') epochs.push(event.record)
      else if (++step === 3) await change()
    }
  } catch (error) {
    if (!(error instanceof UnrolledError)) throw error
    return { model, error, epochs }
  }
  return { model, epochs, ending: endingOf(model, epochs) }
}

const file = (path: string, step: number) => join(path, `checkpoint-${step}.safetensors`)

describe('a folder that is removed or replaced during a run', () => {
  test('rejects the run; the model keeps its weights and learns on', async () => {
    const path = folder()
    const { model, error } = await trained({ checkpoint: { path, every: 5 } }, () =>
      rmSync(path, { recursive: true }),
    )
    expect(error).toMatchObject({
      code: 'ERR_UNROLLED_IO',
      cause: { code: 'ENOENT' },
      message: expect.stringContaining(`cannot write '${file(path, 5)}': `),
    })
    expect(existsSync(path)).toBe(false)
    const { data, options } = start()
    await model.fit(data as never, { ...options, checkpoint: { path: folder() } } as TrainOptions)
  })

  test('made anew before the next checkpoint takes that checkpoint', async () => {
    const path = folder()
    const { ending } = await trained({ checkpoint: { path, every: 5 } }, () => {
      rmSync(path, { recursive: true })
      mkdirSync(path)
    })
    expect(ending).toEqual(await whole)
    expect(await runToEnd(name, { path })).toEqual(await whole)
  })

  test.skipIf(process.platform === 'win32')(
    'is left to another run that has begun in it',
    async () => {
      const path = folder()
      const { model, data, options } = start()
      const given = { ...options, checkpoint: { path, every: 1 } } as TrainOptions
      const other = model.train(data as never, given)
      const { error } = await trained({ checkpoint: { path, every: 5 } }, async () => {
        rmSync(path, { recursive: true })
        await other.next()
      })
      expect(error).toMatchObject({
        code: 'ERR_UNROLLED_STATE',
        message: `checkpoint path '${path}': expected the folder that the run began in, received one that was made since; give each run a folder of its own`,
      })
      expect(checkpointFiles(path)).toEqual(['checkpoint-1.safetensors'])
      await other.return()
      expect(await runToEnd(name, { path })).toEqual(await whole)
    },
  )
})

describe('a path', () => {
  test('that is a file, or leads through one, is refused before the first step', async () => {
    const path = join(root, 'file')
    writeFileSync(path, 'mine')
    const refused = { code: 'ERR_UNROLLED_IO', cause: { code: 'ENOTDIR' } }
    const { error } = await trained({ checkpoint: { path } }, () => expect.fail('a step'))
    expect(error).toMatchObject({
      ...refused,
      message: `cannot write '${path}': expected a folder, received a file`,
    })
    const { error: inside } = await trained({ checkpoint: { path: join(path, 'run') } })
    expect(inside).toMatchObject(refused)
  })

  test.skipIf(process.platform === 'win32')(
    'may be a link to a folder, which is one folder',
    async () => {
      const [path, link] = [folder(), folder()]
      mkdirSync(path)
      symlinkSync(path, link)
      const refusals: unknown[] = []
      const { ending } = await trained({ checkpoint: { path: link } }, async () => {
        refusals.push((await trained({ checkpoint: { path }, resume: 'latest' })).error)
      })
      expect(refusals).toMatchObject([{ code: 'ERR_UNROLLED_STATE' }])
      expect(ending).toEqual(await whole)
      expect(checkpointFiles(path).length).toBe(2)
      // A file of the folder by its other path.
      const resume = join(link, checkpointFiles(path)[0] ?? '')
      expect((await trained({ checkpoint: { path }, resume })).ending).toEqual(await whole)
    },
  )

  test('that is relative stays where it was when the process moves', async () => {
    const [home, elsewhere, before] = [folder(), folder(), process.cwd()]
    mkdirSync(home)
    mkdirSync(elsewhere)
    try {
      process.chdir(home)
      const { model, ending } = await trained({ checkpoint: { path: 'run', every: 2 } }, () =>
        process.chdir(elsewhere),
      )
      expect(ending).toEqual(await whole)
      expect(existsSync(join(elsewhere, 'run'))).toBe(false)
      await model.save('copy.safetensors', { optimizer: true })
      process.chdir(home)
      const resume = join('..', elsewhere.slice(root.length), 'copy.safetensors')
      const resumed = trained({ checkpoint: { path: 'other' }, resume })
      process.chdir(elsewhere)
      expect((await resumed).ending).toEqual(await whole)
      expect(checkpointFiles(join(home, 'run')).length).toBe(2)
    } finally {
      process.chdir(before)
    }
  })
})

describe('the files of a folder', () => {
  test('are one more than to keep after a crash, which the next checkpoint removes', async () => {
    const [path, aside] = [folder(), join(root, 'aside')]
    const checkpoint = { path, every: 2, keep: 1 }
    await trained({ checkpoint, epochs: 1 }, () => copyFileSync(file(path, 2), aside))
    expect(checkpointFiles(path)).toEqual(['checkpoint-5.safetensors'])
    copyFileSync(aside, file(path, 2))
    // No process has the largest id, and the file is old enough to be nobody's.
    const half = join(path, '.unrolled-4294967295-0.tmp')
    writeFileSync(half, 'half a file')
    utimesSync(half, 0, 0)
    const { ending } = await trained({ checkpoint, resume: 'latest' }, () =>
      expect(checkpointFiles(path)).toEqual(['checkpoint-8.safetensors']),
    )
    expect(ending).toEqual(await whole)
  })

  test('are not removed by a run that goes on from a file of elsewhere', async () => {
    const [mine, theirs] = [folder(), folder()]
    await trained({ checkpoint: { path: mine }, epochs: 1 })
    await trained({ checkpoint: { path: theirs }, epochs: 3 })
    const before = checkpointFiles(theirs)
    const resume = file(mine, 5)
    const { error } = await trained({ checkpoint: { path: theirs }, resume })
    expect(error).toMatchObject({
      code: 'ERR_UNROLLED_STATE',
      message: `checkpoint path '${theirs}': expected a folder without checkpoints, received one with 'checkpoint-15.safetensors'; go on with resume: 'latest', or give each run a folder of its own`,
    })
    expect(checkpointFiles(theirs)).toEqual(before)
    expect((await trained({ checkpoint: { path: folder() }, resume })).ending).toEqual(await whole)
  })

  test('that are later than the one to go on from are removed at the next checkpoint', async () => {
    const path = folder()
    await trained({ checkpoint: { path, keep: 9 } })
    expect(checkpointFiles(path)).toEqual(
      [5, 10, 15, 20].map((step) => `checkpoint-${step}.safetensors`),
    )
    const found: string[][] = []
    const given = { checkpoint: { path, every: 4, keep: 9 }, resume: file(path, 5), epochs: 2 }
    await trained(given, () => {
      found.push(checkpointFiles(path))
    })
    expect(found).toEqual([['checkpoint-5.safetensors', 'checkpoint-8.safetensors']])
  })
})

test('two models train side by side, each in its folder', async () => {
  const [one, two] = [folder(), folder()]
  const other = 'trees, unshuffled'
  const both = await Promise.all([
    runToEnd(name, { path: one, every: 1 }),
    runToEnd(other, { path: two, every: 1 }),
  ])
  expect(both).toEqual([await whole, await runToEnd(other)])
  const again = { path: one }
  expect(await runToEnd(name, again)).toEqual(both[0])
})
