import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as hdf5 from 'h5wasm'
import { UnrolledError } from 'unrolled'
import { importKeras } from 'unrolled/keras'

await hdf5.ready

export const golden = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../golden/keras/${name}`, import.meta.url)))

/** The code of the error that an import ends with, and how long it takes. */
export async function refusal(...given: Parameters<typeof importKeras>): Promise<UnrolledError> {
  const error: unknown = await importKeras(...given).catch((it: unknown) => it)
  if (error instanceof UnrolledError) return error
  throw new Error(`no refusal, but ${error}`)
}

export const dense = (units: number, inputs = 3) => ({
  class_name: 'Sequential',
  config: {
    name: 'm',
    layers: [
      { class_name: 'InputLayer', config: { name: 'i', batch_shape: [null, inputs] } },
      { class_name: 'Dense', config: { name: 'd', units, activation: 'linear', use_bias: false } },
    ],
  },
})

/** The bytes of an HDF5 file. */
export function written(fill: (file: hdf5.File) => void): Uint8Array {
  const path = '/hostile.h5'
  const file = new hdf5.File(path, 'w')
  fill(file)
  file.close()
  const bytes = hdf5.FS?.readFile(path) as Uint8Array
  hdf5.FS?.unlink(path)
  return Uint8Array.from(bytes)
}

/** A file of weights whose one dataset `make` makes. */
export function weights(make: (vars: hdf5.Group) => void): Uint8Array {
  return written((file) => {
    file.create_group('layers')
    file.create_group('layers/dense')
    make(file.create_group('layers/dense/vars'))
  })
}
