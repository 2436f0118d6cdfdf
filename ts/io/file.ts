import { readFile, stat } from 'node:fs/promises'
import { getSystemErrorMap } from 'node:util'
import { UnrolledError } from '../index.js'
import { isBytes, mismatch, shown } from './options.js'

/**
 * Reads a whole file.
 *
 * Rejects with an `UnrolledError`: `ERR_UNROLLED_IO` for one that cannot be read, and for a device or a pipe, which may never
 * end; `ERR_UNROLLED_SIZE` for one that is larger than memory holds.
 */
export async function readWhole(where: string, path: string): Promise<Uint8Array> {
  return reading(where, path, async () => {
    const found = await stat(path)
    if (found.isFile() || found.isDirectory()) return readFile(path)
    throw new Error('expected a regular file, received a device or pipe')
  })
}

/** Reads a file by its path, or takes its bytes. */
export async function readSource(where: string, source: unknown): Promise<Uint8Array> {
  if (isBytes(source)) return source
  if (typeof source === 'string') return readWhole(where, source)
  throw mismatch(where, 'a path or a Uint8Array', shown(source))
}

/** Makes an error of the system one of this library, in the words of `model.load`. */
export async function reading<R>(where: string, path: string, run: () => Promise<R>): Promise<R> {
  try {
    return await run()
  } catch (cause) {
    const message = `${where}: cannot read '${path}': ${reasonOf(cause as NodeJS.ErrnoException)}`
    throw new UnrolledError(codeOf(cause), message, { cause })
  }
}

function codeOf(error: unknown): 'ERR_UNROLLED_SIZE' | 'ERR_UNROLLED_IO' {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ERR_FS_FILE_TOO_LARGE' ? 'ERR_UNROLLED_SIZE' : 'ERR_UNROLLED_IO'
}

function reasonOf({ code, errno, message }: NodeJS.ErrnoException): string {
  if (code === 'EISDIR') return 'expected a regular file, received a directory'
  if (code === 'ERR_INVALID_ARG_VALUE') return 'expected a path without NUL, received one'
  return getSystemErrorMap().get(errno ?? 0)?.[1] ?? message
}
