// The packages as npm gets them, in out/packages/: `unrolled` without a binary, and one package a platform whose addon lies in
// native/. `--all` demands the addon of every target. The root package depends on all platforms of its own version, which
// package.json in the repository cannot: npm would look for them before they are published.
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execute, main, root, StepError, tool } from './steps.mjs'

export const PACKAGES = join(root, 'out', 'packages')
/** The target that stands in on systems without an addon of their own. */
const WASM = 'wasm32-wasip1'
const LICENSES = ['LICENSE', 'LICENSE-MIT', 'LICENSE-APACHE']
const NOTICES = 'THIRD-PARTY-NOTICES.txt'
/** The head of the notices' second part, about what is bundled in the library; the first is about the addon. */
const LIBRARY = 'The library contains'

export const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'))
const writeJson = (path, value) => writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`)

/** The package.json of the repository. */
export const manifest = readJson(join(root, 'package.json'))

/** The fields that every package has. */
const SHARED = [
  'version',
  'license',
  'author',
  'homepage',
  'repository',
  'bugs',
  'keywords',
  'engines',
]

/** A part of the notices: each package has that of its own contents. */
function writeNotices(folder, part) {
  const text = readFileSync(join(root, NOTICES), 'utf8')
  const at = text.indexOf(LIBRARY)
  if (at < 0) throw new StepError(`${NOTICES} has no part "${LIBRARY} ..."`)
  writeFileSync(join(folder, NOTICES), part === 'library' ? text.slice(at) : text.slice(0, at))
}

/** Links of a page on npm point into the repository, at the tag of this version. */
function withAbsoluteLinks(text) {
  const base = `${manifest.homepage.replace(/#.*/, '')}/blob/v${manifest.version}/`
  return text.replace(/\]\((?![a-z]+:|#)([^)]+)\)/g, (_, path) => `](${base}${path})`)
}

/** Imports of the package's own, without types: index.d.ts holds all of them. */
const withoutTypes = (imports) =>
  Object.fromEntries(Object.entries(imports).map(([name, it]) => [name, it.default]))

function packRoot(platforms) {
  const folder = join(PACKAGES, manifest.name)
  for (const path of manifest.files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    cpSync(join(root, path), join(folder, path), { recursive: true })
  }
  writeNotices(folder, 'library')
  writeFileSync(
    join(folder, 'README.md'),
    withAbsoluteLinks(readFileSync(join(root, 'README.md'), 'utf8')),
  )
  const { scripts: _, devDependencies: __, napi: ___, overrides: ____, ...published } = manifest
  const optionalDependencies = Object.fromEntries(
    platforms.map((name) => [`${manifest.name}-${name}`, manifest.version]),
  )
  const imports = withoutTypes(published.imports)
  writeJson(join(folder, 'package.json'), { ...published, imports, optionalDependencies })
}

/** The folders that napi makes for the targets, by the name of the platform. */
function platformFolders() {
  const folder = join(root, 'out', 'platforms')
  rmSync(folder, { recursive: true, force: true })
  const made = execute(tool('napi'), ['create-npm-dirs', '--npm-dir', folder])
  if (!made.ok) throw new StepError(`napi create-npm-dirs failed:\n${made.output}`)
  return folder
}

/** Platforms as the addon is named on them: `linux-x64-gnu`. */
export function platformNames() {
  const parse = /^(x86_64|aarch64)-(?:unknown|apple|pc)-(linux|darwin|windows)(?:-(\w+))?$/
  const systems = { linux: 'linux', darwin: 'darwin', windows: 'win32' }
  return manifest.napi.targets.map((target) => {
    if (target === WASM) return target
    const [, processor, system, suffix] = parse.exec(target) ?? []
    if (system === undefined)
      throw new StepError(`package.json: target ${target} is not known here`)
    const name = `${systems[system]}-${processor === 'x86_64' ? 'x64' : 'arm64'}`
    return suffix === undefined ? name : `${name}-${suffix}`
  })
}

/** The files that a platform's package consists of; the first is what the build must have left. */
export function binaries(name) {
  const { binaryName } = manifest.napi
  if (name === WASM) return [`${binaryName}.${name}.wasm`, `${binaryName}.wasip1.cjs`]
  return [`${binaryName}.${name}.node`]
}

function packPlatform(name, from) {
  const folder = join(PACKAGES, `${manifest.name}-${name}`)
  mkdirSync(folder, { recursive: true })
  const files = binaries(name)
  for (const file of files) copyFileSync(join(root, 'native', file), join(folder, file))
  for (const file of LICENSES) copyFileSync(join(root, file), join(folder, file))
  writeNotices(folder, 'addon')
  const shared = Object.fromEntries(SHARED.map((field) => [field, manifest[field]]))
  const own = readJson(join(from, name, 'package.json'))
  // The forms for browsers and workers of others are not part of the package.
  for (const field of ['browser', 'exports', 'types']) delete own[field]
  // Its own engines: the runtime of WebAssembly needs a newer Node.
  const { engines } = own
  const type = 'commonjs'
  const all = [...files, NOTICES, ...LICENSES]
  writeJson(join(folder, 'package.json'), { ...own, ...shared, engines, type, files: all })
  writeFileSync(
    join(folder, 'README.md'),
    `# ${manifest.name}-${name}\n\nThe native addon of [${manifest.name}](${manifest.homepage}) for ${name}; ` +
      `install \`${manifest.name}\`, which depends on this package where it fits.\n`,
  )
}

/** Lays the packages out, and names the platforms that have a binary here. */
export function pack({ all }) {
  rmSync(PACKAGES, { recursive: true, force: true })
  const platforms = platformNames()
  const here = (name) => existsSync(join(root, 'native', binaries(name)[0]))
  const missing = platforms.filter((name) => !here(name))
  if (all && missing.length > 0) {
    throw new StepError(
      `no addon for ${missing.join(', ')} in native/: a release needs every platform`,
    )
  }
  packRoot(platforms)
  const from = platformFolders()
  for (const name of platforms.filter(here)) packPlatform(name, from)
  return platforms.filter(here)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main(() => {
    const packed = pack({ all: process.argv.includes('--all') })
    console.log(`out/packages: ${manifest.name}, and for ${packed.join(', ')}`)
  })
}
