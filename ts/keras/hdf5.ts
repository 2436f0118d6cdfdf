import type * as Hdf5 from 'h5wasm'
import { fault } from './fault.js'
import { ERRORS, Heard, type Stream } from './heard.js'
import { checkStructures } from './structures.js'
import { WeightFile } from './weight-file.js'

type Library = typeof Hdf5

/** Loads the library that reads HDF5; it is no dependency, and a program that reads no such file needs none. */
async function library(): Promise<Library> {
  try {
    const loaded = await import('h5wasm')
    await loaded.ready
    return loaded
  } catch (error) {
    const advice = 'npm install h5wasm'
    const expected = 'the package h5wasm, which reads HDF5'
    throw fault('weights', expected, 'none', advice, 'ERR_UNROLLED_IO', error)
  }
}

let opened = 0

/**
 * Gives an HDF5 file to `read` and closes it. The library works in a file system of its own, in memory: no link leads
 * to a file of this machine.
 */
export async function withHdf5<R>(
  where: string,
  bytes: Uint8Array,
  read: (file: WeightFile) => R,
): Promise<R> {
  checkStructures(where, bytes)
  const hdf5 = await library()
  const files = hdf5.FS
  const streams: readonly Stream[] = Reflect.get(files ?? {}, 'streams') ?? []
  const errors = streams[ERRORS]
  if (files === null || errors === undefined)
    throw fault(where, 'a file system of h5wasm', 'none', undefined, 'ERR_UNROLLED_INTERNAL')
  opened += 1
  const path = `/unrolled-${opened}.h5`
  files.writeFile(path, bytes)
  const heard = new Heard(errors)
  const { _malloc: allocate } = hdf5.Module
  // Zeros lead nowhere: texts that a read has not filled are freed as the pointers that memory held before.
  hdf5.Module['_malloc'] = (count: number): number => {
    const at: number = allocate(count)
    if (at !== 0) hdf5.Module['HEAPU8'].fill(0, at, at + count)
    return at
  }
  try {
    const file = heard.guarded(where, () => new hdf5.File(path, 'r'))
    try {
      return read(new WeightFile(hdf5, file, heard, where, bytes.length))
    } finally {
      heard.guarded(where, () => file.close())
    }
  } finally {
    hdf5.Module['_malloc'] = allocate
    heard.end()
    files.unlink(path)
  }
}
