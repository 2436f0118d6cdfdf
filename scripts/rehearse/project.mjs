// Empty projects that install the package, in a folder of their own.
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PROGRAMS } from './programs.mjs'

/** Makes a project with the programs; `more` are fields of its package.json. */
export function project(folder, more = {}) {
  mkdirSync(folder, { recursive: true })
  const manifest = { name: 'rehearsal', version: '1.0.0', private: true, ...more }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  for (const [name, text] of Object.entries(PROGRAMS)) writeFileSync(join(folder, name), text)
  return folder
}

/** Bytes of all files below a folder. */
export function bytesBelow(folder) {
  let bytes = 0
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += statSync(join(entry.parentPath ?? entry.path, entry.name)).size
  }
  return bytes
}

/** Settings of TypeScript under which the program must compile, with the library's declarations checked too. */
export const TYPESCRIPT = {
  'nodenext, no DOM': { module: 'nodenext', lib: ['es2022'], target: 'es2022' },
  'node16, with DOM': { module: 'node16', lib: ['es2022', 'dom'], target: 'es2022' },
  bundler: {
    module: 'esnext',
    moduleResolution: 'bundler',
    lib: ['es2022', 'dom'],
    target: 'es2022',
  },
  'CommonJS, nodenext': {
    module: 'nodenext',
    lib: ['es2022', 'dom'],
    target: 'es2022',
    commonJs: true,
  },
}

/** Writes a tsconfig.json for the settings of a name; strict, and without `skipLibCheck`. */
export function writeTsconfig(folder, { commonJs = false, ...options }) {
  const compilerOptions = { strict: true, skipLibCheck: false, noEmit: true, types: [], ...options }
  const manifest = { name: 'rehearsal', version: '1.0.0', private: true }
  if (!commonJs) manifest.type = 'module'
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  writeFileSync(
    join(folder, 'globals.d.ts'),
    'declare const console: { log(text: string): void }\n',
  )
  const files = options.lib.includes('dom') ? ['program.ts'] : ['program.ts', 'globals.d.ts']
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
}
