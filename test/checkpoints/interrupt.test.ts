import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transformSync } from 'esbuild'
import { afterAll, expect, test } from 'vitest'
import { checkpointFiles } from '../support/checkpoint-files.js'
import { runToEnd } from '../support/stopped-runs.js'

const root = mkdtempSync(join(tmpdir(), 'unrolled-interrupt-'))
afterAll(() => rmSync(root, { recursive: true }))

const sources = ['../support/stopped-runs.ts', '../../examples/interrupt.ts'].map((path) => {
  const text = readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8')
  return transformSync(text, { loader: 'ts' }).code
})

const MAIN = `
const [name, checkpoint] = JSON.parse(process.argv[1])
const began = () => process.stdout.write('begun\\n')
await interruptible('the same command', (signal) => runToEnd(name, checkpoint, began, signal))
`

test.skipIf(process.platform === 'win32').each(['SIGINT', 'SIGTERM'] as const)(
  '%s finishes the step, saves, and says how to go on',
  async (signal) => {
    const name = 'adam, dropout, shuffled, early stopping'
    const checkpoint = { path: join(root, signal), every: 1000 }
    const given = ['--input-type=module', '-e', sources.join('\n') + MAIN]
    const child = spawn(process.execPath, [...given, JSON.stringify([name, checkpoint])])
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      if (text === '') child.kill(signal)
      text += part
    })
    const code = await new Promise((resolve) => child.on('close', resolve))
    expect([code, text]).toEqual([
      130,
      expect.stringContaining('saved; go on with: the same command'),
    ])
    expect(checkpointFiles(checkpoint.path)).toEqual([
      expect.stringMatching(/^checkpoint-\d+\.safetensors$/),
    ])
    expect(await runToEnd(name, checkpoint)).toEqual(await runToEnd(name))
  },
)
