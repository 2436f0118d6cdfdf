import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One file of a crate, without comments, strings and tests. */
interface Module {
  file: string
  /** Its path from the crate's root, such as `run::reduce`. */
  path: string
  /** The code after its imports. */
  body: string
  /** The imports by name: their path, and whether the import is private. */
  imports: Map<string, { path: readonly string[]; isPrivate: boolean }>
}

const WORD = /[A-Za-z_]\w*/g
const USE = /^[ \t]*(pub(?:\([^)]*\))?\s+)?use\s+([^;]+);/gm

/** The files of a crate that each file names, by paths through its modules; re-exports are followed to their source. */
export function dependencies(source: string): Map<string, ReadonlySet<string>> {
  const modules = new Map(read(source).map((module) => [module.path, module]))
  return new Map([...modules.values()].map((module) => [module.file, named(modules, module)]))
}

function read(source: string): Module[] {
  return readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.rs') && !/(^|\/)tests(\/|\.rs$)/.test(file))
    .map((file) => {
      const code = bare(readFileSync(join(source, file), 'utf8'))
      const path = file.replace(/\.rs$/, '').replace(/(^|\/)(mod|lib)$/, '')
      const module = { file, path: path.replaceAll('/', '::'), body: code.replace(USE, '') }
      return { ...module, imports: importsOf(code, module.path) }
    })
}

/** Code without comments, strings and modules of tests. */
function bare(text: string): string {
  const code = text
    .replace(/\/\/.*/g, '')
    .replace(/r?"(?:[^"\\]|\\.)*"/gs, '""')
    .replace(/pub\(in [\w:]+\)/g, 'pub')
    .replace(/#\[cfg\(test\)\]\s*mod \w+;/g, '')
  const tests = code.search(/#\[cfg\(test\)\]\s*mod \w+ \{/)
  return tests < 0 ? code : code.slice(0, tests)
}

function importsOf(code: string, from: string): Module['imports'] {
  const imports: Module['imports'] = new Map()
  for (const [, visibility, tree = ''] of code.matchAll(USE)) {
    for (const { path, name } of leaves(tree.replace(/\s+/g, ' ').trim())) {
      imports.set(name, { path: absolute(path, from), isPrivate: visibility === undefined })
    }
  }
  return imports
}

/** The paths of a tree `a::{b, c::d as e}`, each with the name that it is imported under. */
function leaves(tree: string, prefix: readonly string[] = []): { path: string[]; name: string }[] {
  const brace = tree.indexOf('{')
  if (brace < 0) {
    const [whole = '', alias] = tree.split(' as ')
    const path = [...prefix, ...whole.split('::')].filter((part) => part !== 'self')
    return [{ path, name: alias ?? path.at(-1) ?? '' }]
  }
  const start = [...prefix, ...tree.slice(0, brace).split('::').filter(Boolean)]
  return branches(tree.slice(brace + 1, tree.lastIndexOf('}'))).flatMap((part) =>
    leaves(part, start),
  )
}

/** The parts between the commas that stand outside of braces. */
function branches(list: string): string[] {
  let depth = 0
  const parts = ['']
  for (const letter of list) {
    depth += letter === '{' ? 1 : letter === '}' ? -1 : 0
    if (letter === ',' && depth === 0) parts.push('')
    else parts[parts.length - 1] += letter
  }
  return parts.map((part) => part.trim()).filter(Boolean)
}

/** A path from the crate's root: `crate`, `self` and `super` resolved, and modules of the file itself. */
function absolute(path: readonly string[], from: string): string[] {
  const here = from === '' ? [] : from.split('::')
  const rest = [...path]
  if (rest[0] === 'crate') return rest.slice(1)
  if (rest[0] === 'self') return [...here, ...rest.slice(1)]
  if (rest[0] !== 'super') return [...here, ...rest]
  while (rest[0] === 'super') {
    rest.shift()
    here.pop()
  }
  return [...here, ...rest]
}

/** The file that defines what a path names; undefined for a path into another crate. */
function resolve(
  modules: ReadonlyMap<string, Module>,
  path: readonly string[],
  seen: readonly string[] = [],
): string | undefined {
  let depth = 0
  while (depth < path.length && modules.has(path.slice(0, depth + 1).join('::'))) depth += 1
  const module = modules.get(path.slice(0, depth).join('::'))
  const next = path[depth]
  if (module === undefined) return undefined
  // A macro is imported where it is defined, under its own name.
  if (next === undefined || seen.includes(path.join('::'))) return module.file
  const through = module.imports.get(next)
  if (through === undefined) return depth > 0 || defines(module, next) ? module.file : undefined
  return resolve(modules, [...through.path, ...path.slice(depth + 1)], [...seen, path.join('::')])
}

function defines({ body }: Module, name: string): boolean {
  return new RegExp(
    `\\b(?:fn|struct|enum|trait|type|const|static|mod|union|macro_rules!)\\s+${name}\\b`,
  ).test(body)
}

/** The files that a module's imports and paths lead to. An index names what it passes on, without needing it. */
function named(modules: ReadonlyMap<string, Module>, module: Module): ReadonlySet<string> {
  const isIndex = /(^|\/)(mod|lib)\.rs$/.test(module.file)
  const words = new Set(module.body.match(WORD))
  const used = [...module.imports].filter(
    ([name, { isPrivate }]) => words.has(name) || (isPrivate && !isIndex),
  )
  const paths = [...module.body.matchAll(/\b\w+(?:::\w+)+/g)].map(([text]) => text.split('::'))
  const written = paths.flatMap((path) => {
    const imported = module.imports.get(path[0] ?? '')
    return [imported ? [...imported.path, ...path.slice(1)] : absolute(path, module.path)]
  })
  const isModule = (path: readonly string[]): boolean => modules.has(path.join('::'))
  const targets = [
    ...used.map(([, { path }]) => path).filter((path) => !isModule(path)),
    ...written,
  ]
  const files = targets.map((path) => resolve(modules, path)).filter((file) => file !== undefined)
  return new Set(files.filter((file) => file !== module.file))
}

/**
 * Circles among the files and folders that stand side by side in one folder: each a list of names in the order of the
 * alphabet. A circle of files anywhere is one of neighbors in the folder that holds them all.
 */
export function circles(graph: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const edges = new Map<string, Set<string>>()
  for (const [from, targets] of graph) {
    for (const to of targets) {
      const [left, right] = apart(from, to)
      edges.set(left, (edges.get(left) ?? new Set()).add(right))
    }
  }
  const reached = new Map([...edges.keys()].map((name) => [name, reach(edges, name)]))
  const mutual = (name: string) =>
    [...(reached.get(name) ?? [])].filter((other) => reached.get(other)?.has(name))
  const found = [...edges.keys()].map((name) => mutual(name).sort().join(', '))
  return [...new Set(found.filter(Boolean))].sort()
}

/** The ancestors of two files that stand in the same folder. */
function apart(left: string, right: string): [string, string] {
  const [a, b] = [left.split('/'), right.split('/')]
  let depth = 0
  while (a[depth] === b[depth]) depth += 1
  return [a.slice(0, depth + 1).join('/'), b.slice(0, depth + 1).join('/')]
}

function reach(edges: ReadonlyMap<string, ReadonlySet<string>>, from: string): Set<string> {
  const seen = new Set<string>()
  const waiting = [from]
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    for (const next of edges.get(name) ?? []) {
      if (!seen.has(next)) waiting.push(next)
      seen.add(next)
    }
  }
  return seen
}
