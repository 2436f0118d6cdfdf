import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { CASES } from './support/bits/cases.js'
import type { Digests } from './support/bits/record.js'

// Holds training, prediction, streams and files to the bits of a committed record, so that a redesign shows that it
// changes none. A change that means to move bits writes the record again, and says so:
//
//   UPDATE_BITS=1 npx vitest run test/bits.test.ts

const path = fileURLToPath(new URL('./golden/bits.json', import.meta.url))
/** Milliseconds a case may take: half a minute with scalar instructions. */
const PATIENCE = 180_000

const { UPDATE_BITS } = process.env
const update = UPDATE_BITS !== undefined

const golden: Record<string, Digests> = existsSync(path)
  ? JSON.parse(readFileSync(path, 'utf8'))
  : {}

function compare(name: string, received: Digests): void {
  if (update) {
    golden[name] = received
    writeFileSync(path, `${JSON.stringify(golden, null, 2)}\n`)
  }
  expect(received).toEqual(golden[name])
}

describe('fifty steps give the bits of the record', { timeout: PATIENCE }, () => {
  test.for(CASES)('%s', async ([name, run], { skip }) => {
    // Of bf16, the record has the instructions of the machines that wrote it.
    const known = update || name in golden || !name.includes('bf16')
    skip(!known, 'the record has no bits of these instructions')
    const received = await run()
    expect(received.steps).toBe(50)
    compare(name, received)
  })
})
