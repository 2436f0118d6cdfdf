// All public types in one file, dist/index.d.ts. `--accept` makes them the declared ones, the committed index.d.ts.
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rollup } from 'rollup'
import { dts } from 'rollup-plugin-dts'
import { main, root } from './steps.mjs'

main(async () => {
  const bundle = await rollup({
    input: join(root, 'ts/index.ts'),
    external: [/^#/, /^node:/],
    plugins: [dts({ tsconfig: join(root, 'tsconfig.build.json') })],
  })
  // `Symbol.dispose` is younger than the library that a project may compile with.
  const banner = '/// <reference lib="esnext.disposable" />'
  await bundle.write({ file: join(root, 'dist/index.d.ts'), format: 'es', banner })
  // The same for CommonJS: a project there takes an index.d.ts of this package for that of an ES module. The module hands
  // on the types as index.js hands on the values, and so they are installed once.
  copyFileSync(join(root, 'dist/index.d.ts'), join(root, 'dist/index.d.cts'))
  writeFileSync(join(root, 'dist/index.d.mts'), "export * from './index.cjs'\n")
  if (process.argv.includes('--accept'))
    copyFileSync(join(root, 'dist/index.d.ts'), join(root, 'index.d.ts'))
})
