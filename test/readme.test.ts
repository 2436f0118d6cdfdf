import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

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
