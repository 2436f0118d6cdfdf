import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { runProcess } from '../support/stopped-process.js'
import { RUNS } from '../support/stopped-runs.js'

/** Trials; by hand: `UNROLLED_KILLS=200 npx vitest run test/checkpoints/kill.test.ts`. */
const { UNROLLED_KILLS = '20' } = process.env
const TRIALS = Number(UNROLLED_KILLS)

const root = mkdtempSync(join(tmpdir(), 'unrolled-kill-'))
afterAll(() => rmSync(root, { recursive: true }))

test(
  'runs that are killed at random times go on to the bits of the one that never stopped',
  async () => {
    const names = Object.keys(RUNS)
    const wholes = new Map<string, Awaited<ReturnType<typeof runProcess>>>()
    const counts = { kills: 0, resumed: 0 }
    const trial = async (number: number): Promise<void> => {
      const name = names[number % names.length] ?? expect.fail()
      const path = join(root, String(number))
      const whole = wholes.get(name) ?? expect.fail()
      const checkpoint = { path, every: 1 + (number % 3) }
      let resumed = false
      // Every other trial is killed again in its second life.
      for (let life = 0; life < 1 + (number % 2); life++) {
        const { ending } = await runProcess(name, checkpoint, {
          after: Math.random() * 2 * whole.lasted,
          threads: 1 + (number % 2),
        })
        if (ending !== undefined) break
        counts.kills += 1
        resumed = readdirSync(path).some((file) => file.startsWith('checkpoint-'))
        counts.resumed += Number(resumed)
      }
      const last = await runProcess(name, checkpoint, { threads: 2 })
      expect([number, name, last.error, last.ending]).toEqual([
        number,
        name,
        undefined,
        whole.ending,
      ])
      // From its beginning a run comes to the same end, with all of its steps.
      if (resumed) expect(last.steps).toBeLessThan(whole.steps)
    }
    for (const name of names) wholes.set(name, await runProcess(name, undefined))
    const left = Array.from({ length: TRIALS }, (_, number) => number)
    const workers = [1, 2].map(async () => {
      for (let next = left.pop(); next !== undefined; next = left.pop()) await trial(next)
    })
    await Promise.all(workers)
    console.log(
      `${TRIALS} trials, ${counts.kills} killed, ${counts.resumed} of them with a checkpoint`,
    )
    expect(counts.kills).toBeGreaterThan(TRIALS / 4)
    expect(counts.resumed).toBeGreaterThan(TRIALS / 8)
  },
  10_000 + TRIALS * 5000,
)
