// Checks the packages that npm would publish: the root package holds no binary and every file that its exports name, a
// platform's package stays small and names no folder of this machine, licenses are in both.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { binaries, manifest, PACKAGES, pack, readJson } from './pack.mjs'
import { entries, execute, main, root, StepError } from './steps.mjs'

/** Bytes that an installation may take, unpacked. */
const LIMIT = 5_000_000

/** The files of a package as npm would pack it. */
function packed(name) {
  const result = execute('npm', ['pack', '--dry-run', '--json', join(PACKAGES, name)])
  if (!result.ok) throw new StepError(`npm pack ${name} failed:\n${result.output}`)
  const [report] = JSON.parse(result.stdout)
  console.log(`${report.name}: ${report.size} bytes packed, ${report.unpackedSize} unpacked`)
  return { name, bytes: report.unpackedSize, paths: report.files.map((file) => file.path) }
}

function expectFiles({ name, paths }, expected) {
  const missing = expected.filter((path) => !paths.includes(path))
  if (missing.length > 0) throw new StepError(`${name} lacks ${missing.join(', ')}`)
}

/** Every path in the values of an object, at any depth. */
function pathsIn(value) {
  if (typeof value === 'string') return value.startsWith('./') ? [value.slice(2)] : []
  return Object.values(value).flatMap(pathsIn)
}

function checkRoot() {
  const report = packed(manifest.name)
  const binaries = report.paths.filter((path) => path.endsWith('.node'))
  if (binaries.length > 0) throw new StepError(`the root package holds ${binaries.join(', ')}`)
  const { exports, imports } = readJson(join(PACKAGES, manifest.name, 'package.json'))
  const inside = [...pathsIn(exports), ...pathsIn(imports), 'native/binding.cjs']
  expectFiles(report, [
    ...inside,
    'LICENSE',
    'LICENSE-MIT',
    'LICENSE-APACHE',
    'README.md',
    'CHANGELOG.md',
    'THIRD-PARTY-NOTICES.txt',
  ])
  return report.bytes
}

function checkPlatform(platform) {
  const [binary, ...others] = binaries(platform)
  const report = packed(`${manifest.name}-${platform}`)
  expectFiles(report, [
    binary,
    ...others,
    'LICENSE',
    'LICENSE-MIT',
    'LICENSE-APACHE',
    'THIRD-PARTY-NOTICES.txt',
  ])
  const text = readFileSync(join(root, 'native', binary), 'latin1')
  const folders = [root, process.env.CARGO_HOME, process.env.HOME].filter(Boolean)
  const named = folders.find((folder) => folder.length > 1 && text.includes(`${folder}/`))
  if (named !== undefined) throw new StepError(`${binary} names the folder ${named}`)
  return report.bytes
}

/** Fails unless a subpath knows a model of the main entry, and raises the main entry's error, in both forms of module. */
const SHARED = `
async function check(main, { importPyTorch }) {
  const model = main.sequential([main.dense({ inputSize: 2, size: 1 })])
  const error = await importPyTorch(model, new Uint8Array(3)).catch((it) => it)
  if (!(error instanceof main.UnrolledError) || error.code !== 'ERR_UNROLLED_FORMAT') throw error
}
check(require('unrolled'), require('unrolled/pytorch'))
Promise.all([import('unrolled'), import('unrolled/pytorch')]).then(([main, subpath]) => {
  if (main.Model !== require('unrolled').Model) throw new Error('two classes of one name')
  return check(main, subpath)
})
`

main(() => {
  const platforms = pack({ all: false })
  if (platforms.length === 0) throw new StepError('no addon in native/: run `npm run build`')
  const most = checkRoot() + Math.max(...platforms.map(checkPlatform))
  if (most >= LIMIT) throw new StepError(`${most} bytes installed, the limit is ${LIMIT}`)
  // A subpath shares the classes of the main entry, by import and by require.
  const paths = entries().map(({ name }) => (name === 'index' ? 'unrolled' : `unrolled/${name}`))
  const loads = paths.flatMap((path) => [`import("${path}")`, `require("${path}")`])
  const shared = paths.includes('unrolled/pytorch') ? [SHARED] : []
  for (const code of [...loads, ...shared]) {
    const result = execute(process.execPath, ['-e', code])
    if (!result.ok) throw new StepError(`${code} failed:\n${result.output}`)
  }
  const notices = execute(process.execPath, ['scripts/notices.mjs'])
  if (!notices.ok) throw new StepError(notices.output.trim())
})
