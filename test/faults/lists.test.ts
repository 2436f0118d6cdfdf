import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const script = fileURLToPath(new URL('../../scripts/faults.mjs', import.meta.url))

test('every planted fault fits the sources', () => {
  const said = execFileSync(process.execPath, [script, '--check'], { encoding: 'utf8' })
  expect(said).toMatch(/^\d{3} faults fit the sources$/m)
})
