import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { load } from 'unrolled'
import { expect, test } from 'vitest'
import { makers, questions } from './support/bits/saved.js'

// Holds what was saved to its predictions. A file here stays as the library that wrote it left it: UPDATE_BITS=1
// makes files that are missing, and never writes one again.

/** The roundings of other versions differ in the last places. */
const APART = 5e-7

const { UPDATE_BITS } = process.env

type Name = keyof typeof questions

const names: readonly Name[] = ['bidirectional-lstm', 'own-cells', 'words']
const inFolder = (name: string) => fileURLToPath(new URL(`./golden/files/${name}`, import.meta.url))

/** The numbers that a saved model gives to its question. */
async function answer(name: Name): Promise<Float32Array> {
  const model = await load(inFolder(`${name}.safetensors`))
  const { y, output } = await model.predict(questions[name])
  return (y ?? output)?.values ?? new Float32Array()
}

test.each(names)('%s, saved before, gives what it gave', async (name) => {
  const answers = inFolder(`${name}.json`)
  if (UPDATE_BITS !== undefined && !existsSync(answers)) {
    await (await makers[name]()).save(inFolder(`${name}.safetensors`))
    writeFileSync(answers, `${JSON.stringify([...(await answer(name))], null, 2)}\n`)
  }
  const expected: number[] = JSON.parse(readFileSync(answers, 'utf8'))
  const received = await answer(name)
  expect(received.length).toBe(expected.length)
  const apart = expected.map((number, at) => Math.abs(number - (received[at] ?? Number.NaN)))
  expect(Math.max(...apart)).toBeLessThan(APART)
})
