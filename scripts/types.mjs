// All public types of an entry in one file, dist/NAME.d.ts. `--accept` makes those of the main entry the declared ones, the
// committed index.d.ts.
import { copyFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { rollup } from 'rollup'
import { dts } from 'rollup-plugin-dts'
import { entries, main, root } from './steps.mjs'

/** Leaves the types of the main entry out of a subpath's file. */
function mainOutside(source) {
  const index = join(root, 'ts/index')
  return {
    name: 'main outside',
    resolveId(path, importer) {
      if (importer === undefined || source === 'ts/index.ts') return null
      const target = resolve(importer, '..', path).replace(/\.(js|ts)$/, '')
      return target === index ? { id: 'unrolled', external: true } : null
    },
  }
}

async function types({ name, source }) {
  const bundle = await rollup({
    input: join(root, source),
    external: [/^#/, /^node:/, 'h5wasm'],
    plugins: [mainOutside(source), dts({ tsconfig: join(root, 'tsconfig.build.json') })],
  })
  // `Symbol.dispose` is younger than the library that a project may compile with.
  const banner = name === 'index' ? '/// <reference lib="esnext.disposable" />' : undefined
  await bundle.write({ file: join(root, `dist/${name}.d.ts`), format: 'es', banner })
  // The same for CommonJS: a project there takes a .d.ts of this package for that of an ES module. The module hands on the
  // types as its code hands on the values, and so they are installed once.
  copyFileSync(join(root, `dist/${name}.d.ts`), join(root, `dist/${name}.d.cts`))
  writeFileSync(join(root, `dist/${name}.d.mts`), `export * from './${name}.cjs'\n`)
}

main(async () => {
  for (const entry of entries()) await types(entry)
  if (process.argv.includes('--accept'))
    copyFileSync(join(root, 'dist/index.d.ts'), join(root, 'index.d.ts'))
})
