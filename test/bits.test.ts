import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { encoderDecoder, ownCells } from './support/bits/composed.js'
import { pairInstructions } from './support/bits/instructions.js'
import {
  bidirectionalGru,
  carried,
  checkpointedLstm,
  roundedLstm,
  stackedLstm,
  truncated,
} from './support/bits/layered.js'
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
  test.each<[string, () => Promise<Digests>]>([
    ['stacked lstm', stackedLstm],
    ['bidirectional gru', bidirectionalGru],
    ['checkpointed lstm', () => checkpointedLstm('sqrt')],
    // Windows of three blocks of 16 steps or more.
    ['lstm within bytes', () => checkpointedLstm(1_700_000)],
    ['truncated rnn and gru', truncated],
    ['carried states', carried],
    ['own cells', ownCells],
    ['encoder and decoder', encoderDecoder],
  ])('%s', async (name, run) => {
    const received = await run()
    expect(received.steps).toBe(50)
    compare(name, received)
  })

  test('lstm in bf16', async ({ skip }) => {
    const instructions = pairInstructions()
    const name = `lstm in bf16, ${instructions}`
    skip(instructions === undefined, 'the bits depend on instructions that are not known here')
    skip(!update && golden[name] === undefined, `the record has no bits of ${instructions}`)
    const received = await roundedLstm()
    expect(received.steps).toBe(50)
    compare(name, received)
  })
})
