import { realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, sep } from 'node:path'
import { reading, readWhole } from '../io/file.js'
import { isBytes, readRecord } from '../io/options.js'
import { fault, shown, WHERE } from './fault.js'
import type { FindShard } from './shards.js'

/** The source of an import: its bytes, its name in messages, and the files beside it. */
export interface Source {
  readonly name: string
  readonly bytes: Uint8Array
  readonly find: FindShard
}

/** The files of a TensorFlow.js model by name, `model.json` among them. */
export type ModelFiles = Readonly<Record<string, Uint8Array>>

/** Opens a path, bytes, or files by name. */
export async function openSource(given: unknown): Promise<Source> {
  if (typeof given === 'string') return fromPath(given)
  if (isBytes(given)) return { name: 'bytes', bytes: given, find: async (path) => noShard(path) }
  return fromFiles(readRecord(WHERE, given, 'a path, a Uint8Array, or files by name'))
}

function noShard(path: string): never {
  const advice = 'give the path of model.json, or its files by name'
  throw fault(`file ${shown(path)}`, 'a file', 'none', advice, 'ERR_UNROLLED_IO')
}

async function fromPath(path: string): Promise<Source> {
  const folder = dirname(path)
  return {
    name: basename(path),
    bytes: await readWhole(WHERE, path),
    async find(shard) {
      checkInside(shard)
      const full = join(folder, shard)
      const [inside, real] = await reading(WHERE, full, () =>
        Promise.all([realpath(folder), realpath(full)]),
      )
      if (!real.startsWith(inside.endsWith(sep) ? inside : inside + sep)) {
        throw fault(
          `file ${shown(shard)}`,
          'a file in the folder of model.json',
          'a link out of it',
        )
      }
      const { size } = await reading(WHERE, real, () => stat(real))
      return { size, read: () => readWhole(WHERE, real) }
    },
  }
}

/** Refuses a path that may lead out of the folder. */
function checkInside(path: string): void {
  const parts = path.split(/[/\\]/)
  if (path !== '' && !/[\0:]/.test(path) && parts.every((part) => part !== '' && part !== '..'))
    return
  throw fault(
    `file ${shown(path)}`,
    'a file in the folder of model.json',
    'a path that leads out of it',
  )
}

function fromFiles(files: Readonly<Record<string, unknown>>): Source {
  const names = Object.keys(files)
  const name = names.find((it) => it.endsWith('.json')) ?? 'model.json'
  const read = (path: string): Uint8Array => {
    const bytes: unknown = Object.getOwnPropertyDescriptor(files, path)?.value
    if (isBytes(bytes)) return bytes
    const expected = `a Uint8Array among ${names.slice(0, 20).map(shown).join(', ') || 'no files'}`
    throw fault(`file ${shown(path)}`, expected, shown(bytes), undefined, 'ERR_UNROLLED_IO')
  }
  return {
    name,
    bytes: read(name),
    async find(path) {
      const bytes = read(path)
      return { size: bytes.length, read: async () => bytes }
    },
  }
}
