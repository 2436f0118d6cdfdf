import { strToU8, zipSync } from 'fflate'
import { UnrolledError } from 'unrolled'
import { expect, test } from 'vitest'
import { entriesOf } from '../../ts/io/zip.js'

const hello = strToU8('hello')
const long = new Uint8Array(5000).map((_, i) => i % 7)

/** An archive by another hand: `fflate`. */
const archive = (): Uint8Array =>
  zipSync({ 'a.txt': [hello, { level: 0 }], 'folder/é.bin': [long, { level: 9 }], 'none/': hello })

function refusal(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(UnrolledError)
    expect((error as UnrolledError).code).toBe('ERR_UNROLLED_FORMAT')
    return (error as UnrolledError).message
  }
  return 'nothing was refused'
}

/** Reads every entry. */
const readAll = (bytes: Uint8Array) =>
  [...entriesOf(bytes, 'file.zip')].map(([name, read]) => [name, read()] as const)

/** Changes bytes of the directory's header for an entry, by its index. */
function withHeader(
  bytes: Uint8Array,
  index: number,
  change: (view: DataView, at: number) => void,
) {
  const copy = bytes.slice()
  const view = new DataView(copy.buffer)
  let at = view.getUint32(copy.length - 6, true)
  for (let i = 0; i < index; i++) {
    at += 46 + view.getUint16(at + 28, true) + view.getUint16(at + 30, true)
  }
  change(view, at)
  return copy
}

test('entries are found by name, and a stored one is a view', () => {
  const bytes = archive()
  const found = entriesOf(bytes, 'file.zip')
  expect([...found.keys()]).toEqual(['a.txt', 'folder/é.bin'])
  expect(found.get('a.txt')?.()).toEqual(hello)
  expect(found.get('a.txt')?.().buffer).toBe(bytes.buffer)
  expect(new Uint8Array(found.get('folder/é.bin')?.() ?? [])).toEqual(long)
  expect([...entriesOf(zipSync({}), 'file.zip')]).toEqual([])
  // As a view into something larger.
  const inside = new Uint8Array(bytes.length + 9)
  inside.set(bytes, 4)
  expect(readAll(inside.subarray(4, 4 + bytes.length))).toHaveLength(2)
})

test('a comment may follow, and nothing else', () => {
  const bytes = archive()
  const commented = new Uint8Array([...bytes, ...strToU8('made by hand')])
  expect(refusal(() => entriesOf(commented, 'file.zip'))).toContain('without one')
  new DataView(commented.buffer).setUint16(bytes.length - 2, 12, true)
  expect(readAll(commented)).toHaveLength(2)
})

test('an archive that was cut off anywhere is refused', () => {
  const bytes = archive()
  for (let length = 0; length < bytes.length; length++) {
    expect(refusal(() => readAll(bytes.subarray(0, length)))).toContain('file.zip: expected a zip')
  }
})

test('a bit that flips is refused or in a field that nobody reads', () => {
  const bytes = archive()
  const contentsOf = (bytes: Uint8Array): string =>
    readAll(bytes)
      .map(([, contents]) => Buffer.from(contents).toString('latin1'))
      .join()
  const expected = contentsOf(bytes)
  for (let bit = 0; bit < 8 * bytes.length; bit += 3) {
    const copy = bytes.slice()
    copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    try {
      expect(contentsOf(copy) === expected).toBe(true)
    } catch (error) {
      expect((error as UnrolledError).code).toBe('ERR_UNROLLED_FORMAT')
    }
  }
})

test('what no writer of models makes is refused by name', () => {
  const bytes = archive()
  const cases: [number, (view: DataView, at: number) => void, string][] = [
    [0, (view, at) => view.setUint16(at + 8, 1, true), '"a.txt" encrypted'],
    [1, (view, at) => view.setUint16(at + 10, 14, true), '"folder/é.bin" by method 14'],
    [0, (view, at) => view.setUint32(at + 24, 0xffffffff, true), '"a.txt" of more'],
    [1, (view, at) => view.setUint32(at + 24, 4999, true), '4999 bytes in "folder/é.bin"'],
    [
      1,
      (view, at) => view.setUint32(at + 24, 5001, true),
      'the bytes of "folder/é.bin" as written',
    ],
    [1, (view, at) => view.setUint32(at + 24, 1 << 30, true), 'at most 16777216 bytes'],
    [1, (view, at) => view.setUint32(at + 42, 0, true), 'a header before "folder/é.bin"'],
  ]
  for (const [index, change, words] of cases) {
    expect(refusal(() => readAll(withHeader(bytes, index, change)))).toContain(words)
  }
  expect(refusal(() => entriesOf(bytes, 'file.zip', 4999))).toContain('at most 4999 bytes')
  expect(entriesOf(bytes, 'file.zip', 5000).size).toBe(2)
})

test('a name twice, and entries that share bytes, are refused', () => {
  const twins = zipSync({ 'a.txt': [hello, { level: 0 }], 'b.txt': [hello, { level: 0 }] })
  const text = Buffer.from(twins).toString('latin1')
  const same = Uint8Array.from(Buffer.from(text.replaceAll('b.txt', 'a.txt'), 'latin1'))
  expect(refusal(() => entriesOf(same, 'file.zip'))).toContain('one entry "a.txt", received two')
  const shared = withHeader(twins, 1, (view, at) => {
    view.setUint32(at + 42, 0, true)
    view.setUint8(at + 46, 'a'.charCodeAt(0))
  })
  expect(refusal(() => entriesOf(shared, 'file.zip'))).toContain('over another one')
})

test('a bomb costs neither time nor memory', () => {
  const zeros = zipSync({ bomb: [new Uint8Array(1 << 25), { level: 9 }] })
  const before = performance.now()
  expect(refusal(() => readAll(zeros))).toContain('received 33554432 bytes')
  // A header that lies: what is asked for is the most that is ever inflated.
  const lying = withHeader(zeros, 0, (view, at) => view.setUint32(at + 24, 1000, true))
  expect(refusal(() => readAll(lying))).toContain(
    'expected a zip archive with 1000 bytes in "bomb"',
  )
  expect(performance.now() - before).toBeLessThan(200)
})
