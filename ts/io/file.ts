import { readFile, stat } from 'node:fs/promises'

/** Reads a whole file. Rejects with the system's error, and for a device or a pipe, which may never end. */
export async function readWhole(path: string): Promise<Uint8Array> {
  const found = await stat(path)
  if (found.isFile() || found.isDirectory()) return readFile(path)
  throw new Error('expected a regular file, received a device or pipe')
}
