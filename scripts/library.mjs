// The library in dist/: index.cjs, and index.js for ES modules, which hands on what index.cjs exports.
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { build } from 'esbuild'
import { main, root } from './steps.mjs'

main(async () => {
  await build({
    absWorkingDir: root,
    entryPoints: ['ts/index.ts'],
    outfile: 'dist/index.cjs',
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    external: ['#native'],
    // Readable as it stands, with the names of ts/: a map would be a twentieth of the installed bytes.
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'warning',
  })
  const names = Object.keys(createRequire(import.meta.url)(join(root, 'dist/index.cjs'))).sort()
  const list = names.map((name) => `  ${name},\n`).join('')
  writeFileSync(
    join(root, 'dist/index.js'),
    `import unrolled from './index.cjs'\n\nexport const {\n${list}} = unrolled\n`,
  )
})
