// The library in dist/: a CommonJS file for the main entry and for each subpath, and beside each an ES module which hands
// on what that file exports. A subpath takes the main entry from outside, so that both know the same classes.
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { entries, main, root } from './steps.mjs'

/** Leaves the main entry out of a subpath's file. */
const mainOutside = {
  name: 'main outside',
  setup({ onResolve }) {
    const index = join(root, 'ts/index.js')
    onResolve({ filter: /index\.js$/ }, ({ path, resolveDir, kind }) =>
      kind !== 'entry-point' && resolve(resolveDir, path) === index
        ? { path: './index.cjs', external: true }
        : undefined,
    )
  },
}

async function library({ name, source }) {
  await build({
    absWorkingDir: root,
    entryPoints: [source],
    outfile: `dist/${name}.cjs`,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    external: ['#native', 'h5wasm'],
    plugins: [mainOutside],
    // With short lines, which an uncaught error shows, and in the main entry with the names of ts/. A map would be a
    // twentieth of the installed bytes.
    minifySyntax: true,
    minifyWhitespace: true,
    minifyIdentifiers: name !== 'index',
    lineLimit: 160,
    legalComments: 'none',
    logLevel: 'warning',
  })
  const names = Object.keys(createRequire(import.meta.url)(join(root, `dist/${name}.cjs`))).sort()
  const list = names.map((name) => `  ${name},\n`).join('')
  writeFileSync(
    join(root, `dist/${name}.js`),
    `import all from './${name}.cjs'\n\nexport const {\n${list}} = all\n`,
  )
}

main(async () => {
  for (const entry of entries()) await library(entry)
})
