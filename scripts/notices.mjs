// THIRD-PARTY-NOTICES.txt: the licenses of the crates that are linked into the addon, on any platform. `--accept` writes the
// file; without it the committed one must be up to date.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { execute, main, root, StepError } from './steps.mjs'

const FILE = join(root, 'THIRD-PARTY-NOTICES.txt')
/** Crates that carry no text of their license: the texts of their repositories' root. */
const LICENSE_FILE = /^(licen[cs]e|copying|unlicense)/i

function cargo(...args) {
  const result = execute('cargo', args)
  if (!result.ok) throw new StepError(`cargo ${args[0]} failed:\n${result.output}`)
  return result.stdout
}

/** The crates of others in the addon, proc macros left out: `name version` and the folder. */
function linkedCrates() {
  const edges = ['-e', 'normal,no-proc-macro', '--prefix', 'none', '--target', 'all']
  const tree = cargo('tree', '--locked', '-p', 'unrolled-node', ...edges, '-f', '{p}')
  const linked = new Set(
    tree.split('\n').map((line) => line.split(' ').slice(0, 2).join(' v').replace('vv', 'v')),
  )
  const { packages } = JSON.parse(cargo('metadata', '--locked', '--format-version', '1'))
  return packages
    .filter(({ name, version, source }) => source !== null && linked.has(`${name} v${version}`))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** The text of a crate's license: MIT's where there is a choice. */
function licenseText({ name, license, manifest_path: manifest }) {
  const folder = dirname(manifest)
  const files = readdirSync(folder).filter((file) => LICENSE_FILE.test(file))
  const wanted = /\bMIT\b/.test(license) ? files.find((file) => /mit/i.test(file)) : undefined
  const file = wanted ?? files.sort((a, b) => a.length - b.length)[0]
  if (file === undefined) return `${name} gives its license by name alone: ${license}.`
  return readFileSync(join(folder, file), 'utf8').replace(/\r\n/g, '\n').trim()
}

/** Crates by the text of their license, so that each text stands once. */
function notices() {
  const crates = new Map()
  for (const crate of linkedCrates()) {
    const text = licenseText(crate)
    const names = crates.get(text) ?? []
    crates.set(text, [...names, `${crate.name} ${crate.version} (${crate.license})`])
  }
  const parts = [...crates].map(([text, names]) => `${names.join('\n')}\n\n${text}\n`)
  const head =
    'The native addon of unrolled contains these crates, and the standard library of Rust\n' +
    '(MIT OR Apache-2.0, https://www.rust-lang.org).\n'
  return [head, ...parts].join(`\n${'-'.repeat(80)}\n\n`)
}

main(() => {
  const text = notices()
  if (process.argv.includes('--accept')) return writeFileSync(FILE, text)
  if (!existsSync(FILE) || readFileSync(FILE, 'utf8') !== text) {
    throw new StepError('THIRD-PARTY-NOTICES.txt is out of date: run `npm run notices`')
  }
})
