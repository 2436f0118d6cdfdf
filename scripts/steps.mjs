// Helpers that the scripts share: one line a step, failures in full, and fingerprints of sources.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** The entries of the package: their names in dist/, and their sources. */
export function entries() {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return Object.keys(exports)
    .filter((path) => !path.endsWith('.json'))
    .map((path) => (path === '.' ? 'index' : path.slice(2)))
    .map((name) => ({ name, source: name === 'index' ? 'ts/index.ts' : `ts/${name}/index.ts` }))
}

/** A failure that has been explained on stderr already. */
export class StepError extends Error {}

/** Runs one command, from the repository's root if nothing else is said; its output is kept back unless it fails. */
export function execute(command, args, { env = {}, echo = false, cwd = root } = {}) {
  const started = performance.now()
  const result = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', echo ? 'inherit' : 'pipe', echo ? 'inherit' : 'pipe'],
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    shell: process.platform === 'win32',
  })
  const seconds = (performance.now() - started) / 1000
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error ? `${result.error.message}\n` : ''}`
  return { ok: result.status === 0, stdout: result.stdout ?? '', output, seconds }
}

/** Runs one command as a step of a build: a line when it is done, everything when it fails. */
export function step(name, command, args, options) {
  process.stdout.write(`${name} ... `)
  const result = execute(command, args, options)
  console.log(result.ok ? `${result.seconds.toFixed(1)} s` : 'failed')
  if (!result.ok) {
    process.stderr.write(result.output)
    throw new StepError(`${name} failed`)
  }
  return result
}

/** The path of a tool that a development dependency installed. */
export function tool(name) {
  return join(root, 'node_modules', '.bin', process.platform === 'win32' ? `${name}.cmd` : name)
}

/** Every file under the given paths, in a fixed order. */
export function filesUnder(paths) {
  return paths.flatMap((path) => {
    const full = join(root, path)
    if (!existsSync(full)) return []
    if (!statSync(full).isDirectory()) return [path]
    return filesUnder(
      readdirSync(full)
        .sort()
        .map((name) => join(path, name)),
    )
  })
}

/** A digest of the names and contents under the given paths, and of what else decides the output. */
export function fingerprint(paths, ...also) {
  const hash = createHash('sha256')
  for (const path of filesUnder(paths))
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0')
  for (const text of also) hash.update(`${text}\0`)
  return hash.digest('hex')
}

/** Does `work` unless the stamp says that it was done for this very fingerprint. */
export function once(stamp, digest, work) {
  const path = join(root, stamp)
  if (existsSync(path) && readFileSync(path, 'utf8') === digest) return
  work()
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, digest)
}

/** Runs a script's body and turns a failure into exit code 1. */
export async function main(body) {
  try {
    await body()
  } catch (error) {
    console.error(error instanceof StepError ? error.message : error)
    process.exitCode = 1
  }
}
