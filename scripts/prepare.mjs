// From a fresh clone to something that runs: install, then build; each only when its sources changed.
// It depends on nothing but Node. `--install` stops before the build.
import { execute, fingerprint, main, once, StepError, step } from './steps.mjs'

function requireToolchain() {
  const [major] = process.versions.node.split('.').map(Number)
  if (major < 20) throw new StepError(`Node.js 20 or newer is needed, this is ${process.version}`)
  const cargo = execute('cargo', ['--version'])
  if (!cargo.ok) {
    throw new StepError(
      'cargo was not found: install a Rust toolchain (https://rustup.rs) and run this again',
    )
  }
  // Cargo.toml says the same as `rust-version`, but an older cargo may not understand the rest of it.
  const [, minor = 0] = /^cargo 1\.(\d+)/.exec(cargo.stdout)?.map(Number) ?? [
    0,
    Number.POSITIVE_INFINITY,
  ]
  if (minor < 90)
    throw new StepError(`Rust 1.90 or newer is needed, this is ${cargo.stdout.trim()}`)
}

main(async () => {
  requireToolchain()
  once(
    'node_modules/.lock-digest',
    fingerprint(['package-lock.json', '.npmrc'], process.platform),
    () => step('install dependencies', 'npm', ['ci']),
  )
  if (process.argv.includes('--install')) return
  const { build } = await import('./build.mjs')
  build({ debug: false })
})
