// native/  the addon of this platform and its generated loader: unrolled.<platform>.node, binding.cjs, binding.d.ts.
//          Not committed; the sources in ts/ and the build in dist/ both reach it as `#native` (package.json "imports").
// dist/    the library: ts/ as JavaScript, and index.d.ts, all public types in one file.
// build/   examples/ and bench/ as JavaScript; they import 'unrolled', which is this package itself.
// Each part is rebuilt only when a fingerprint of its sources changed. `--debug` builds the addon unoptimized.
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fingerprint, main, once, root, step, tool } from './steps.mjs'

function buildNative(debug) {
  const profile = debug ? 'debug' : 'release'
  once(
    'native/.digest',
    fingerprint(['Cargo.toml', 'Cargo.lock', 'crates', 'package.json'], profile),
    () => {
      const flags = debug ? [] : ['--release']
      const paths = ['--manifest-path', 'crates/node/Cargo.toml', '--output-dir', 'native']
      const names = ['--js', 'binding.cjs', '--dts', 'binding.d.ts', '--no-const-enum']
      step(`build native (${profile})`, tool('napi'), [
        'build',
        '--platform',
        ...flags,
        ...paths,
        ...names,
      ])
    },
  )
}

function buildLibrary() {
  const sources = [
    'ts',
    'tsconfig.json',
    'tsconfig.build.json',
    'scripts/types.mjs',
    'native/binding.d.ts',
  ]
  once('dist/.digest', fingerprint(sources), () => {
    rmSync(join(root, 'dist'), { recursive: true, force: true })
    step('build library', tool('tsc'), ['-p', 'tsconfig.build.json'])
    step('bundle types', process.execPath, ['scripts/types.mjs'])
  })
}

function buildPrograms() {
  const folders = ['examples', 'bench']
  if (!folders.some((folder) => existsSync(join(root, folder)))) return
  once(
    'build/.digest',
    fingerprint([...folders, 'dist/index.d.ts', 'tsconfig.programs.json']),
    () => {
      rmSync(join(root, 'build'), { recursive: true, force: true })
      step('build examples', tool('tsc'), ['-p', 'tsconfig.programs.json'])
    },
  )
}

/** Builds what is out of date. */
export function build({ debug }) {
  buildNative(debug)
  buildLibrary()
  buildPrograms()
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main(() => build({ debug: process.argv.includes('--debug') }))
}
