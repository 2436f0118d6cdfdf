// native/  the addon of this platform and its generated loader: unrolled.<platform>.node, binding.cjs, binding.d.ts.
//          Not committed; the sources in ts/ and the build in dist/ both reach it as `#native` (package.json "imports").
// dist/    the library: ts/ in one CommonJS file, index.js which exports the same objects to ES modules, and all public types
//          in one file. Two copies of the classes would not know each other's instances.
// build/   examples/ and bench/ as JavaScript; they import 'unrolled', which is this package itself.
// Each part is rebuilt only when a fingerprint of its sources changed. `--debug` builds the addon unoptimized;
// `--target TRIPLE` builds the addon alone for another system, with napi's further flags (`-x`, `--use-napi-cross`);
// `--library` builds dist/ alone, around an addon that was built elsewhere.
import { existsSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fingerprint, main, once, root, step, tool } from './steps.mjs'

/**
 * Flags of a release. The folders of this machine stay out of the binary: panics would name them. Only small functions are
 * inlined, which spares a tenth of the binary; what kernels need inlined says so.
 */
function releaseFlags() {
  const cargo = process.env.CARGO_HOME ?? join(homedir(), '.cargo')
  const flags = [
    `--remap-path-prefix=${cargo}=cargo`,
    `--remap-path-prefix=${root}=unrolled`,
    '-Cllvm-args=-inline-threshold=60',
  ]
  return { RUSTFLAGS: [process.env.RUSTFLAGS, ...flags].filter(Boolean).join(' ') }
}

function buildNative(debug, target = []) {
  const profile = [debug ? 'debug' : 'release', ...target].join(' ')
  once(
    'native/.digest',
    fingerprint(['Cargo.toml', 'Cargo.lock', 'crates', 'package.json'], profile),
    () => {
      const flags = debug ? [] : ['--release']
      const paths = ['--manifest-path', 'crates/node/Cargo.toml', '--output-dir', 'native']
      const names = ['--js', 'binding.cjs', '--dts', 'binding.d.ts', '--no-const-enum']
      const args = ['build', '--platform', ...flags, ...paths, ...names, ...target]
      step(`build native (${profile})`, tool('napi'), args, { env: debug ? {} : releaseFlags() })
    },
  )
}

function buildLibrary() {
  const sources = [
    'ts',
    'tsconfig.json',
    'tsconfig.build.json',
    'scripts/library.mjs',
    'scripts/types.mjs',
    'native/binding.d.ts',
  ]
  once('build/library.digest', fingerprint(sources), () => {
    rmSync(join(root, 'dist'), { recursive: true, force: true })
    step('build library', process.execPath, ['scripts/library.mjs'])
    step('bundle types', process.execPath, ['scripts/types.mjs'])
  })
}

function buildPrograms() {
  const folders = ['examples', 'bench']
  if (!folders.some((folder) => existsSync(join(root, folder)))) return
  once(
    'build/programs.digest',
    fingerprint([...folders, 'dist/index.d.ts', 'tsconfig.programs.json']),
    () => {
      for (const folder of folders)
        rmSync(join(root, 'build', folder), { recursive: true, force: true })
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
  const args = process.argv.slice(2)
  if (args.includes('--target')) main(() => buildNative(false, args))
  else if (args.includes('--library')) main(buildLibrary)
  else main(() => build({ debug: args.includes('--debug') }))
}
