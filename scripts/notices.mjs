// THIRD-PARTY-NOTICES.txt: the licenses of the crates that are linked into the addon, on any platform, and of the npm packages
// that are bundled into the library. `--accept` writes the file; without it the committed one must be up to date.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'
import { entries, execute, main, root, StepError } from './steps.mjs'

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

/** The npm packages whose files are in a bundle of the library, in the form of crates. */
async function bundledPackages() {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: entries().map(({ source }) => source),
    outdir: 'dist',
    bundle: true,
    platform: 'node',
    external: ['#native', 'h5wasm'],
    metafile: true,
    write: false,
    logLevel: 'warning',
  })
  const folders = Object.keys(metafile.inputs).flatMap((path) => {
    const found = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)
    return found === null ? [] : [join(root, found[0])]
  })
  return [...new Set(folders)].sort().map((folder) => {
    const manifest = join(folder, 'package.json')
    return { ...JSON.parse(readFileSync(manifest, 'utf8')), manifest_path: manifest }
  })
}

/** The text of a license: MIT's where there is a choice. */
function licenseText({ name, license, manifest_path: manifest }) {
  const folder = dirname(manifest)
  const files = readdirSync(folder).filter((file) => LICENSE_FILE.test(file))
  const wanted = /\bMIT\b/.test(license) ? files.find((file) => /mit/i.test(file)) : undefined
  const file = wanted ?? files.sort((a, b) => a.length - b.length)[0]
  if (file === undefined) return `${name} gives its license by name alone: ${license}.`
  return readFileSync(join(folder, file), 'utf8').replace(/\r\n/g, '\n').trim()
}

/** A part of the file: its head, and packages by the text of their license, so that each text stands once. */
function part(head, packages) {
  const byText = new Map()
  for (const it of packages) {
    const text = licenseText(it)
    const names = byText.get(text) ?? []
    byText.set(text, [...names, `${it.name} ${it.version} (${it.license})`])
  }
  return [head, ...[...byText].map(([text, names]) => `${names.join('\n')}\n\n${text}\n`)]
}

async function notices() {
  const crates =
    'The native addon of unrolled contains these crates, and the standard library of Rust\n' +
    '(MIT OR Apache-2.0, https://www.rust-lang.org).\n'
  const bundled = await bundledPackages()
  const library =
    bundled.length > 0 ? part('The library contains these npm packages.\n', bundled) : []
  return [...part(crates, linkedCrates()), ...library].join(`\n${'-'.repeat(80)}\n\n`)
}

main(async () => {
  const text = await notices()
  if (process.argv.includes('--accept')) return writeFileSync(FILE, text)
  if (!existsSync(FILE) || readFileSync(FILE, 'utf8') !== text) {
    throw new StepError('THIRD-PARTY-NOTICES.txt is out of date: run `npm run notices`')
  }
})
