import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { circles, dependencies } from './support/rust-modules.js'

const crate = (name: string) => fileURLToPath(new URL(`../crates/${name}/src`, import.meta.url))

/** A list of instructions runs a loop, and a loop runs a list of instructions. */
const BY_NATURE = ['op/mod.rs, op/unroll.rs']

test.each([
  ['kernels', []],
  ['core', BY_NATURE],
  ['node', []],
])('no folder or file of crates/%s is in a circle', (name, known) => {
  expect(circles(dependencies(crate(name)))).toEqual(known)
})

test('nearly every file of the core is seen to need another', () => {
  const graph = dependencies(crate('core'))
  const idle = [...graph].filter(([, files]) => files.size === 0).map(([file]) => file)
  expect(graph.size).toBeGreaterThan(100)
  expect(idle.filter((file) => !/(^|\/)(mod|lib)\.rs$/.test(file)).length).toBeLessThan(15)
  expect([...(graph.get('run/walk.rs') ?? [])]).toContain('storage/view.rs')
})

test('folders of the core stand in their order', () => {
  const order = ['graph', 'loss', 'program', 'storage', 'op', 'compile', 'run', 'model', 'generate']
  const upward = [...dependencies(crate('core'))].flatMap(([from, targets]) => {
    const floor = order.indexOf(dirname(from).split('/')[0] ?? '')
    const above = (file: string) => order.indexOf(dirname(file).split('/')[0] ?? '') > floor
    return floor < 0 ? [] : [...targets].filter(above).map((to) => `${from} needs ${to}`)
  })
  expect(upward).toEqual([])
})

test('the tests of the core are modules of one binary', () => {
  const suite = fileURLToPath(new URL('../crates/core/tests/suite', import.meta.url))
  const main = readFileSync(join(suite, 'main.rs'), 'utf8')
  const modules = readdirSync(suite).map((file) => file.replace(/\.rs$/, ''))
  const named = [...main.matchAll(/^mod (\w+);$/gm)].map(([, module]) => module)
  expect(['main', ...named].sort()).toEqual(modules.sort())
})

const root = mkdtempSync(join(tmpdir(), 'unrolled-'))
afterAll(() => rmSync(root, { recursive: true }))

/** The dependencies of a crate of these files. */
function planted(name: string, files: Record<string, string>): Map<string, ReadonlySet<string>> {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name, file)), { recursive: true })
    writeFileSync(join(root, name, file), text)
  }
  return dependencies(join(root, name))
}

test('a re-export leads to its source, and an index needs only what it uses', () => {
  const graph = planted('exports', {
    'lib.rs': 'mod a;\nmod b;\npub use a::{one::One, two};\n',
    'a/mod.rs':
      'pub mod one;\npub mod two;\npub(crate) use one::One as First;\nfn f() { two::go() }\n',
    'a/one.rs':
      'use crate::{b, two::{self, Two}};\npub struct One(Two);\nfn f() { b::f(); two::go() }\n',
    'a/two.rs': '// use crate::b::B;\npub struct Two;\npub fn go() { let s = "crate::b::B"; }\n',
    'b.rs':
      'use super::a::First;\npub fn f(x: First) -> std::fmt::Result { crate::a::two::go() }\n',
  })
  const expected = {
    'lib.rs': [],
    'a/mod.rs': ['a/two.rs'],
    'a/one.rs': ['a/two.rs', 'b.rs'],
    'a/two.rs': [],
    'b.rs': ['a/one.rs', 'a/two.rs'],
  }
  const sorted = [...graph].map(([file, files]) => [file, [...files].sort()])
  expect(Object.fromEntries(sorted)).toEqual(expected)
  expect(circles(graph)).toEqual(['a, b.rs'])
})

test('a circle of folders is found where no two files are in one; tests do not count', () => {
  const graph = planted('folders', {
    'lib.rs': 'mod a;\nmod b;\n',
    'a/mod.rs': 'mod low;\nmod high;\n',
    'a/low.rs': 'pub struct Low;\n',
    'a/high.rs': 'use crate::b::middle::Middle;\n',
    'b/mod.rs': 'pub mod middle;\npub mod top;\n',
    'b/middle.rs': 'pub(in crate::b) struct Middle(crate::a::low::Low);\n',
    'b/top.rs': 'pub struct Top;\n#[cfg(test)]\nmod tests {\n    use super::middle::Middle;\n}\n',
  })
  expect(circles(graph)).toEqual(['a, b'])
  expect([...(graph.get('b/top.rs') ?? [])]).toEqual([])
})
