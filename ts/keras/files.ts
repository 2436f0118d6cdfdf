import { realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, sep } from 'node:path'
import { readWhole } from '../io/file.js'
import { fault, shown } from './fault.js'
import type { FindShard } from './shards.js'

/** What an import reads: its bytes, its name in messages, and the files beside it. */
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
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return fromFiles(given)
  const expected = 'a path, a Uint8Array, or files by name'
  throw fault('argument', expected, shown(given), undefined, 'ERR_UNROLLED_ARGUMENT')
}

function isBytes(value: unknown): value is Uint8Array {
  return (
    ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]'
  )
}

function noShard(path: string): never {
  const advice = 'give the path of model.json, or its files by name'
  throw fault(`file ${shown(path)}`, 'a file', 'none', advice, 'ERR_UNROLLED_IO')
}

async function fromPath(path: string): Promise<Source> {
  const folder = dirname(path)
  return {
    name: basename(path),
    bytes: await reading(path, () => readWhole(path)),
    async find(shard) {
      checkInside(shard)
      const full = join(folder, shard)
      const [inside, real] = await reading(full, () =>
        Promise.all([realpath(folder), realpath(full)]),
      )
      if (!real.startsWith(inside.endsWith(sep) ? inside : inside + sep)) {
        throw fault(
          `file ${shown(shard)}`,
          'a file in the folder of model.json',
          'a link out of it',
        )
      }
      const { size } = await reading(real, () => stat(real))
      return { size, read: () => reading(real, () => readWhole(real)) }
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

function fromFiles(files: object): Source {
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

/** Makes an error of this library of the system's. */
async function reading<R>(path: string, run: () => Promise<R>): Promise<R> {
  try {
    return await run()
  } catch (error) {
    const { code, message } = error as Error & { code?: string }
    const size = code === 'ERR_FS_FILE_TOO_LARGE'
    throw fault(
      `file ${shown(path)}`,
      'a file to read',
      code ?? 'another',
      code === undefined ? message : undefined,
      size ? 'ERR_UNROLLED_SIZE' : 'ERR_UNROLLED_IO',
      error,
    )
  }
}
