import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../ts', import.meta.url))

/** From the ground up: a folder imports itself and what stands before it. */
const FLOORS = [
  '.',
  'graph',
  'cell',
  'layer',
  'native',
  'tree',
  'data',
  'train',
  'model',
  'compose',
  'index',
  'io',
  'pytorch',
  'keras',
  'onnx',
]

/** Libraries that subpaths read rich formats by: `pbf` is bundled, `h5wasm` is an optional peer. */
const FOREIGN: Readonly<Record<string, readonly string[]>> = {
  pbf: ['onnx'],
  h5wasm: ['keras'],
}

const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('.ts'),
)

/** The modules that a file imports or exports from. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(/(?:from|import\(|import) '([^']+)'/g)].map(([, path]) => path ?? '')
}

function localImportsOf(file: string): string[] {
  return importsOf(file)
    .filter((path) => path.startsWith('.'))
    .map((path) => normalize(join(dirname(file), path)).replace(/\.js$/, '.ts'))
}

function floorOf(file: string): number {
  if (file === 'index.ts') return FLOORS.indexOf('index')
  return FLOORS.indexOf(dirname(file).split('/')[0] ?? '')
}

test('every file stands on a floor', () => {
  expect(files.length).toBeGreaterThan(40)
  expect(files.filter((file) => floorOf(file) < 0)).toEqual([])
})

test('imports go down', () => {
  const upward = files.flatMap((file) =>
    localImportsOf(file)
      .filter((path) => floorOf(path) > floorOf(file))
      .map((path) => `${file} imports ${path}`),
  )
  expect(upward).toEqual([])
})

test('the addon is reached through ts/native alone', () => {
  const binders = files.filter((file) =>
    /'#native'|createRequire/.test(readFileSync(join(root, file), 'utf8')),
  )
  expect(binders).toEqual([join('native', 'binding.ts')])
})

test('nothing is imported from outside but Node, the addon and the readers of rich formats', () => {
  const foreign = files.flatMap((file) =>
    importsOf(file)
      .filter((path) => !/^(?:\.|node:|#native$)/.test(path))
      .filter((path) => !FOREIGN[path]?.some((folder) => file.startsWith(`${folder}/`))),
  )
  expect(foreign).toEqual([])
})

test('no file imports itself in a circle', () => {
  const done = new Set<string>()
  const circles: string[] = []
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path, file].join(' → '))
    if (path.includes(file) || done.has(file)) return
    for (const next of localImportsOf(file)) visit(next, [...path, file])
    done.add(file)
  }
  for (const file of files) visit(file, [])
  expect(circles).toEqual([])
})

test('index.ts only exports', () => {
  const text = readFileSync(join(root, 'index.ts'), 'utf8')
  const statements = text.replace(/export (type )?\{[^}]*\} from '[^']+'/g, '').trim()
  expect(statements).toBe('')
})

const SUBPATHS = ['io', 'pytorch', 'keras', 'onnx']

test('a subpath stands on the main entry and itself', () => {
  const inside = files
    .filter((file) => SUBPATHS.includes(file.split('/')[0] ?? ''))
    .flatMap((file) =>
      localImportsOf(file)
        .filter((path) => path !== 'index.ts')
        .filter((path) => !['io', file.split('/')[0]].includes(path.split('/')[0]))
        .map((path) => `${file} imports ${path}`),
    )
  expect(inside).toEqual([])
})
