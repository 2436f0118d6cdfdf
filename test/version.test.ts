import { readFileSync } from 'node:fs'
import { version } from 'unrolled'
import { expect, test } from 'vitest'

test('the addon has the version of the package', () => {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  expect(version).toBe(manifest.version)
})
