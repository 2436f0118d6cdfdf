/** Zip archives with changed entries and a changed directory. */
import { unzipSync, type Zippable, zipSync } from 'fflate'
import { changeBytes, NAMES, oddNumber } from './hostile.js'
import type { Random } from './random.js'

/** Names and contents; a name may come twice. */
export type Entries = [name: string, contents: Uint8Array][]

export const entriesOf = (archive: Uint8Array): Entries => Object.entries(unzipSync(archive))

/** Zeros that deflate to a thousandth, packed once: `zipSync` would take its time for each input. */
const BOMB = 2 ** 25
let bomb: Uint8Array | undefined

/** An archive of one entry that grows to 32 MiB. */
export function bombNamed(name: string): Uint8Array {
  bomb ??= zipSync({ [name]: [new Uint8Array(BOMB), { level: 9 }] })
  return bomb
}

export function archiveOf(entries: Entries, level: 0 | 6): Uint8Array {
  const zippable: Zippable = {}
  // The writer loses an entry of the name `__proto__`: another hand's file may have one all the same.
  for (const [name, contents] of entries)
    zippable[name.replaceAll('__proto__', '__PROTO__')] = [contents, { level }]
  const text = Buffer.from(zipSync(zippable)).toString('latin1')
  return Uint8Array.from(Buffer.from(text.replaceAll('__PROTO__', '__proto__'), 'latin1'))
}

/** Changes an entry's bytes, name or presence. */
export function changeEntries(random: Random, entries: Entries): void {
  const at = random.below(entries.length)
  const entry = entries[at]
  if (entry === undefined) return
  switch (random.below(6)) {
    case 0:
      entries.splice(at, 1)
      break
    case 1:
      entry[0] = random.pick([
        ...NAMES.map((name) => name.slice(0, 60_000)),
        `${entry[0]}/`,
        random.pick(entries)[0],
      ])
      break
    case 2:
      entry[1] = random.pick(entries)[1]
      break
    default:
      entry[1] = changeBytes(random, entry[1])
  }
}

/** Fields of a header in the directory, and of the entry's own header: their places and widths. */
const FIELDS = [
  [8, 6, 2],
  [10, 8, 2],
  [16, 14, 4],
  [20, 18, 4],
  [24, 22, 4],
  [28, 26, 2],
  [30, 28, 2],
  [42, undefined, 4],
] as const

const set = (view: DataView, at: number, width: 2 | 4, value: number): void => {
  if (at + width > view.byteLength) return
  if (width === 2) view.setUint16(at, value, true)
  else view.setUint32(at, value, true)
}

/** Rewrites a field of the directory, or of its end; in the entry's own header as well, mostly. */
export function changeDirectory(random: Random, archive: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(archive)
  const view = new DataView(bytes.buffer)
  const end = bytes.length - 22
  if (random.chance(0.2)) {
    const [at, width] = random.pick([
      [4, 2],
      [8, 2],
      [10, 2],
      [12, 4],
      [16, 4],
      [20, 2],
    ] as const)
    set(view, end + at, width, oddNumber(random, view.getUint16(end + at, true)))
    return bytes
  }
  const headers: number[] = []
  for (let at = view.getUint32(end + 16, true); at + 46 <= end; ) {
    headers.push(at)
    at += 46 + view.getUint16(at + 28, true) + view.getUint16(at + 30, true)
  }
  const header = random.pick(headers)
  const [field, own, width] = random.pick(FIELDS)
  const old =
    width === 2 ? view.getUint16(header + field, true) : view.getUint32(header + field, true)
  // The value of a neighbor as well: entries that overlap.
  const other = random.pick(headers)
  const near = random.chance(0.3) ? view.getUint32(other + field, true) : oddNumber(random, old)
  const local = view.getUint32(header + 42, true)
  set(view, header + field, width, near)
  if (own !== undefined && random.chance(0.7)) set(view, local + own, width, near)
  return bytes
}
