// Bundlers: the package kept external, and taken into the bundle. The addon is a file of its own, which a bundle copies or
// finds in node_modules.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { StepError } from '../steps.mjs'
import { expectBits, expectOk } from './checks.mjs'

/** Settings of each bundler for a program: what is run, and the file that comes out. */
const BUNDLERS = {
  esbuild: {
    external: (out) => [
      'program.mjs',
      '--bundle',
      '--platform=node',
      '--format=esm',
      '--external:unrolled',
      `--outfile=${out}.mjs`,
    ],
    inside: (out) => [
      'program.mjs',
      '--bundle',
      '--platform=node',
      '--loader:.node=copy',
      `--outfile=${out}.cjs`,
    ],
  },
  rollup: {
    external: (out) => [
      'program.mjs',
      '--external',
      'unrolled',
      '--format',
      'es',
      '--file',
      `${out}.mjs`,
    ],
  },
  vite: {
    external: (out) => ['build', '--ssr', 'program.mjs', '--outDir', out, '--logLevel', 'error'],
    file: 'program.mjs',
  },
  Bun: {
    external: (out) => [
      'build',
      'program.mjs',
      '--target=node',
      '--external',
      'unrolled',
      '--outfile',
      `${out}.mjs`,
    ],
    inside: (out) => ['build', 'program.mjs', '--target=node', '--outdir', out],
    file: 'program.js',
  },
}

function bundlerCheck(context, name, form) {
  const { run, folder, toolOf } = context
  const cwd = join(folder, 'npm')
  return [
    `${name}, ${form === 'inside' ? 'in the bundle' : 'external'}`,
    async () => {
      const { command, skipped } = await toolOf(name)
      if (skipped) return `skipped: ${skipped}`
      const settings = BUNDLERS[name]
      const out = join('bundles', `${name}-${form}`)
      mkdirSync(join(cwd, 'bundles'), { recursive: true })
      const args = settings[form](out)
      expectOk(await run(command[0], [...command.slice(1), ...args], { cwd }), name)
      const outfile = args.find((arg) => arg.includes(`${out}.`))
      const file = outfile?.replace(/^--outfile=/, '') ?? join(out, settings.file)
      return expectBits(context, process.execPath, [file], { cwd })
    },
  ]
}

const WEBPACK = (tool, loader, externals, out) => `
const webpack = require(${JSON.stringify(tool)})
const rules = [{ test: /\\.node$/, loader: ${JSON.stringify(loader)} }]
webpack({
  mode: 'production', target: 'node', context: __dirname, entry: './program.mjs', externals: ${externals},
  output: { path: __dirname + '/${out}', filename: 'program.cjs' }, module: { rules },
}, (error, stats) => {
  if (error || stats.hasErrors()) { console.error(error ?? stats.toString()); process.exit(1) }
})
`

function webpackCheck(context, form) {
  const { run, folder, toolOf } = context
  const cwd = join(folder, 'npm')
  return [
    `webpack, ${form === 'inside' ? 'in the bundle' : 'external'}`,
    async () => {
      const { path, folder: home, skipped } = await toolOf('webpack')
      if (skipped) return `skipped: ${skipped}`
      const out = `bundles/webpack-${form}`
      const externals = form === 'inside' ? '{}' : "{ unrolled: 'commonjs unrolled' }"
      const script = WEBPACK(path, join(home, 'node_modules', 'node-loader'), externals, out)
      writeFileSync(join(cwd, `webpack-${form}.cjs`), script)
      expectOk(await run(process.execPath, [`webpack-${form}.cjs`], { cwd }), 'webpack')
      return expectBits(context, process.execPath, [join(out, 'program.cjs')], { cwd })
    },
  ]
}

const ROLLUP = (home) => `
import resolve from ${JSON.stringify(join(home, 'node_modules/@rollup/plugin-node-resolve/dist/es/index.js'))}
import commonjs from ${JSON.stringify(join(home, 'node_modules/@rollup/plugin-commonjs/dist/es/index.js'))}
export default {
  input: 'program.mjs', external: [/^unrolled-/], plugins: [resolve({ preferBuiltins: true }), commonjs()],
  output: { file: 'bundles/rollup-inside.cjs', format: 'cjs' },
}
`

/** Taken into a bundle of CommonJS, with the package of the addon left outside. */
async function rollupInside(context) {
  const { command, folder: home, skipped } = await context.toolOf('rollup')
  if (skipped) return `skipped: ${skipped}`
  const cwd = join(context.folder, 'npm')
  writeFileSync(join(cwd, 'rollup.config.mjs'), ROLLUP(home))
  expectOk(await context.run(command[0], [...command.slice(1), '-c'], { cwd }), 'rollup')
  return expectBits(context, process.execPath, ['bundles/rollup-inside.cjs'], { cwd })
}

const VITE = `
export default {
  ssr: { noExternal: true }, logLevel: 'error',
  build: { ssr: 'program.mjs', outDir: 'bundles/vite-inside', rollupOptions: { external: [/^unrolled-/] } },
}
`

/** Taken into a bundle of ES modules, which cannot hold a binary: the words say what to do. */
async function viteInside(context) {
  const { command, skipped } = await context.toolOf('vite')
  if (skipped) return `skipped: ${skipped}`
  const cwd = join(context.folder, 'npm')
  writeFileSync(join(cwd, 'vite.inside.mjs'), VITE)
  const args = [...command.slice(1), 'build', '--config', 'vite.inside.mjs']
  expectOk(await context.run(command[0], args, { cwd }), 'vite')
  const { output } = await context.run(process.execPath, ['bundles/vite-inside/program.mjs'], {
    cwd,
  })
  if (!/keep it external|Keep the package out of the bundle/.test(output))
    throw new StepError(`no advice:\n${output}`)
  return 'the words say to keep it outside'
}

const TRACE = (tool) => `
const { nodeFileTrace } = require(${JSON.stringify(tool)})
nodeFileTrace([__dirname + '/program.mjs'], { base: __dirname }).then(({ fileList }) => {
  console.log([...fileList].join('\\n'))
})
`

async function traced({ run, folder, toolOf }) {
  const { path, skipped } = await toolOf('nft')
  if (skipped) return `skipped: ${skipped}`
  const cwd = join(folder, 'npm')
  writeFileSync(join(cwd, 'trace.cjs'), TRACE(path))
  const { stdout } = expectOk(await run(process.execPath, ['trace.cjs'], { cwd }), 'nft')
  const files = stdout.split('\n').filter((file) => file.includes('unrolled'))
  if (!files.some((file) => file.endsWith('.node'))) {
    throw new StepError(`the addon is not among the traced files:\n${files.join('\n')}`)
  }
  return `finds the addon among ${files.length} files`
}

export const bundlerChecks = (context) => [
  ...Object.keys(BUNDLERS).flatMap((name) =>
    ['external', 'inside']
      .filter((form) => form in BUNDLERS[name])
      .map((form) => bundlerCheck(context, name, form)),
  ),
  ['rollup, in the bundle', () => rollupInside(context)],
  ['vite, in the bundle', () => viteInside(context)],
  webpackCheck(context, 'external'),
  webpackCheck(context, 'inside'),
  ['@vercel/nft', () => traced(context)],
]
