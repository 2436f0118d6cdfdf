// From a fresh clone to something that runs: install, then build; each only when its sources changed.
// It depends on nothing but Node. `--install` stops before the build.
import { execute, fingerprint, main, once, StepError, step } from './steps.mjs'

function requireToolchain() {
  const [major] = process.versions.node.split('.').map(Number)
  if (major < 20) throw new StepError(`Node.js 20 or newer is needed, this is ${process.version}`)
  if (!execute('cargo', ['--version']).ok) {
    throw new StepError(
      'cargo was not found: install a Rust toolchain (https://rustup.rs) and run this again',
    )
  }
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
