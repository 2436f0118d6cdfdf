import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { Comparison } from '../bench/compare/record.js'
import { geometricMean } from '../bench/measure.js'

const read = (path: string) =>
  readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), 'utf8')

/** The lines of a file between `// [start:name]` and `// [end:name]`. */
function snippet(path: string, name: string): string {
  const [, text = ''] = read(path).split(`// [start:${name}]\n`)
  const [lines = '', rest] = text.split(`// [end:${name}]`)
  if (rest === undefined) throw new Error(`${path} has no snippet ${name}`)
  return `${lines.trimEnd()}\n`
}

const blocks = [...read('README.md').matchAll(/<!-- (\S+) (\S+) -->\n```ts\n([\s\S]*?)```/g)]

test.each(blocks.map(([, path = '', name = '', text = '']) => ({ path, name, text })))(
  'the snippet $name is the one in $path',
  ({ path, name, text }) => {
    expect(text).toBe(snippet(path, name))
  },
)

test('every piece of TypeScript comes from an example', () => {
  expect(read('README.md').match(/```ts/g)).toHaveLength(blocks.length)
  expect(blocks.length).toBeGreaterThan(3)
})

test('the first snippet is short', () => {
  const lines = snippet('examples/quickstart.ts', 'quickstart').split('\n')
  const code = lines.filter((line) => line !== '' && !line.startsWith('//'))
  expect(code.length).toBeLessThanOrEqual(12)
})

/** Ratios of a record, ours over one other library, for some tasks. */
function ratios(record: string, name: string, tasks: readonly string[]): number[] {
  const { compare } = JSON.parse(read(`bench/record/${record}.json`)) as { compare: Comparison }
  return compare.rows
    .filter(({ shape }) => tasks.includes(shape.task))
    .flatMap(({ duels }) => duels.filter((duel) => duel.name === name))
    .map(({ ratio }) => ratio.ofMedians)
}

test.each([
  ['PyTorch', 'a training step', ratios('compare', 'torch', ['train'])],
  ['PyTorch in bf16', 'a training step in bf16', ratios('compare-bf16', 'torch', ['train'])],
  ['TensorFlow.js, WebAssembly', 'a training step', ratios('compare', 'tfjs', ['train'])],
  ['ONNX Runtime', '`predict`', ratios('compare', 'onnxruntime', ['infer'])],
  ['ONNX Runtime', 'a single step', ratios('compare', 'onnxruntime', ['step'])],
])('the speed over %s at %s is the one on record', (against, work, found) => {
  const cells = [...read('README.md').matchAll(/^\|(.*)\|$/gm)].map(([, row = '']) =>
    row.split('|').map((cell) => cell.trim()),
  )
  const row = cells.find((cells) => cells[0] === against && cells[1] === work)
  const figures = [geometricMean(found), Math.min(...found)].map((ratio) => ratio.toPrecision(3))
  expect(row?.slice(2)).toEqual([`${found.length}`, ...figures])
})

const decisions = readdirSync(fileURLToPath(new URL('../docs/decisions', import.meta.url)))

test('the index has every decision', () => {
  const pages = decisions.filter((file) => file !== 'README.md').sort()
  const titles = pages.map((file) => read(`docs/decisions/${file}`).split('\n')[0]?.slice(2))
  const listed = [...read('docs/decisions/README.md').matchAll(/^- \[(\d\d)\]\((.*)\) (.*)$/gm)]
  expect(listed.map(([, number, file]) => `${number} ${file}`)).toEqual(
    pages.map((file) => `${file.slice(0, 2)} ${file}`),
  )
  expect(listed.map(([, , , title]) => title)).toEqual(titles)
})

test('files that the documents name exist', () => {
  const documents = ['ARCHITECTURE.md', ...decisions.map((file) => `docs/decisions/${file}`)]
  const isThere = (path: string) =>
    ['', 'crates/core/src/', 'crates/kernels/src/'].some((root) =>
      existsSync(fileURLToPath(new URL(`../${root}${path}`, import.meta.url))),
    )
  const named = documents.flatMap((document) =>
    [...read(document).matchAll(/`([\w.-]+\/?[\w./-]*(?:\/|\.(?:rs|ts|json|py|safetensors)))`/g)]
      .map(([, path = '']) => path)
      .filter((path) => !path.includes('NAME'))
      .map((path) => ({ document, path })),
  )
  expect(named.length).toBeGreaterThan(80)
  expect(named.filter(({ path }) => !isThere(path))).toEqual([])
})
