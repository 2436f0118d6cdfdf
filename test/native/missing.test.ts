import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { missingAddon } from '../../ts/native/missing.js'
import { type Host, PLATFORMS, platformOf, thisHost } from '../../ts/native/platform.js'

const LINUX: Host = { system: 'linux', processor: 'x64', musl: false }

/** The chain of errors that the generated loader throws. */
function chain(...errors: readonly Error[]): Error {
  return errors.reduceRight<Error | null>(
    (cause, error) => Object.assign(error, { cause }),
    null,
  ) as Error
}

const absent = (name: string): Error =>
  Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' })

const NOT_INSTALLED = chain(
  new Error('Failed to load native binding'),
  absent('./unrolled.linux-x64-gnu.node'),
  absent('unrolled-linux-x64-gnu'),
)

const CASES: readonly (readonly [string, Host, unknown])[] = [
  ['not installed', LINUX, NOT_INSTALLED],
  ['musl', { ...LINUX, musl: true }, NOT_INSTALLED],
  ['no such platform', { system: 'freebsd', processor: 'x64', musl: false }, NOT_INSTALLED],
  ['nothing known', LINUX, undefined],
  ['not an error', LINUX, 'gone'],
]

test.each(CASES)('says what to do in at most 15 lines: %s', (_, host, failure) => {
  const error = missingAddon(host, failure)
  expect(error.code).toBe('ERR_UNROLLED_STATE')
  expect(error.stack?.split('\n').length).toBeLessThanOrEqual(15)
  expect(error.message).toMatch(/^native addon: expected a binary for .*, received none that loads/)
  expect(error.message).toMatch(/\n {2}1\. .*\n/)
})

test('names the package that is not there', () => {
  const { message } = missingAddon({ ...LINUX, musl: true }, NOT_INSTALLED)
  expect(message).toContain('the package unrolled-linux-x64-musl is not there')
  expect(message).toContain('--os=linux --cpu=x64 --libc=musl')
})

test('gives no advice for optional dependencies where there is no binary', () => {
  const { message } = missingAddon(
    { system: 'freebsd', processor: 'riscv64', musl: false },
    undefined,
  )
  expect(message).toContain('freebsd-riscv64')
  expect(message).toContain('Run on one of linux-x64-gnu,')
  expect(message).toContain('npm install --cpu=wasm32')
  expect(message).not.toContain('optional')
})

test('repeats the words of the system for a binary that does not load', () => {
  const words = "version `GLIBC_2.38' not found"
  const failure = chain(
    new Error('Failed to load native binding'),
    Object.assign(new Error(`${words}\nand more`), { code: 'ERR_DLOPEN_FAILED' }),
  )
  const { message } = missingAddon(LINUX, failure)
  expect(message).toContain(`received none that loads: ${words}\n`)
})

test('tells a bundle in which nothing can be required from a package that is not there', () => {
  // As esbuild words it for a bundle of ES modules.
  const words = 'Dynamic require of "fs" is not supported'
  const { message } = missingAddon(LINUX, new Error(words))
  expect(message).toContain(`received none that loads: ${words}\n`)
  expect(message).toContain('--external:unrolled')
  expect(message).not.toContain('optional')
  expect(message).not.toContain('damaged')
})

test('the platforms are the targets of package.json', () => {
  const { napi } = JSON.parse(readFileSync('package.json', 'utf8'))
  const targets = (napi.targets as string[]).filter((target) => target !== 'wasm32-wasip1')
  expect(PLATFORMS.length).toBe(targets.length)
  for (const target of targets) {
    const [cpu, , system = '', suffix] = target.split('-')
    const host: Host = {
      system: system === 'windows' ? 'win32' : system,
      processor: cpu === 'aarch64' ? 'arm64' : 'x64',
      musl: suffix === 'musl',
    }
    expect(PLATFORMS).toContain(platformOf(host))
  }
  expect(PLATFORMS).toContain(platformOf(thisHost()))
})
