/** HDF5 files with changed structures, and files that are hostile in what they hold. */
import * as hdf5 from 'h5wasm'
import type { Files } from './fuzz.js'
import { changeBytes, encode, NAMES, NUMBERS } from './hostile.js'
import type { Random } from './random.js'

/** The signatures of trees, nodes of symbols, heaps and headers, behind which sizes and addresses stand. */
const SIGNATURES = ['TREE', 'SNOD', 'HEAP', 'OHDR', 'OCHK', 'GCOL', 'FRHP', 'BTHD', '\x89HDF']

function structuresOf(bytes: Uint8Array): number[] {
  const text = Buffer.from(bytes).toString('latin1')
  const found: number[] = []
  for (const signature of SIGNATURES) {
    for (let at = text.indexOf(signature); at >= 0; at = text.indexOf(signature, at + 1))
      found.push(at)
  }
  return found
}

/** Sets sizes and addresses, of 8, 4 or 2 bytes, to others of the file or to the edges of their types. */
export function changeWords(random: Random, bytes: Uint8Array): Uint8Array {
  if (random.chance(0.2)) return changeBytes(random, bytes)
  const copy = Uint8Array.from(bytes)
  const view = new DataView(copy.buffer)
  const structures = structuresOf(copy)
  for (let i = random.few(); i > 0; i--) {
    const near =
      random.chance(0.6) && structures.length > 0
        ? random.pick(structures) + random.below(128)
        : random.below(copy.length)
    const at = Math.min(near & ~7, copy.length - 8)
    const value = random.chance(0.5)
      ? view.getBigUint64(8 * random.below(Math.floor(copy.length / 8)), true)
      : BigInt(random.chance(0.5) ? random.below(copy.length) : random.pick(NUMBERS))
    const width = random.pick([8, 8, 4, 2])
    if (width === 8) view.setBigUint64(at, BigInt.asUintN(64, value), true)
    else if (width === 4)
      view.setUint32(at + random.pick([0, 4]), Number(value & 0xffffffffn), true)
    else view.setUint16(at + 2 * random.below(4), Number(value & 0xffffn), true)
  }
  return copy
}

const CONFIG = encode(
  JSON.stringify({
    class_name: 'Sequential',
    config: {
      name: 'm',
      layers: [
        { class_name: 'InputLayer', config: { name: 'i', batch_shape: [null, 3] } },
        {
          class_name: 'Dense',
          config: { name: 'd', units: 2, activation: 'linear', use_bias: false },
        },
      ],
    },
  }),
)

/** A file of weights that h5wasm writes: links out of it, datasets of other types and sizes, groups in a circle. */
export function hostileWeights(random: Random): Files {
  const path = '/fuzz.h5'
  const file = new hdf5.File(path, 'w')
  // The library then throws what it would print.
  hdf5.Module.activate_throwing_error_handler()
  try {
    for (const name of ['layers', 'layers/dense', 'layers/dense/vars']) file.create_group(name)
    const group = file.get('layers/dense/vars') as hdf5.Group
    const names = ['0', '1', random.pick(NAMES).replaceAll('\0', '').slice(0, 1000) || 'x']
    for (let i = random.few(); i > 0; i--) {
      try {
        put(random, group, random.pick(names))
      } catch {
        // A name that is taken, or one that HDF5 does not write.
      }
    }
  } finally {
    hdf5.Module.deactivate_throwing_error_handler()
    file.close()
  }
  const bytes = Uint8Array.from(hdf5.FS?.readFile(path) ?? [])
  hdf5.FS?.unlink(path)
  return { file: bytes, config: CONFIG }
}

function put(random: Random, group: hdf5.Group, name: string): void {
  const shape = random.pick([[3, 2], [3, 2], [3, 2], [2, 3], [6], [1, 3, 2]])
  const data = [1, 2, 3, 4, 5, 6]
  switch (random.below(6)) {
    case 0:
      group.create_external_link(
        random.pick(['/etc/passwd', '/fuzz.h5', '']),
        random.pick(['/', '/layers']),
        name,
      )
      break
    case 1:
      group.create_soft_link(random.pick(['/layers', '/nowhere', '.', name, '/']), name)
      break
    case 2:
      group.create_hard_link(random.pick(['/layers', '/layers/dense/vars', '/layers/dense']), name)
      break
    case 3: {
      const [maxshape, chunks] = [
        [null, null],
        [1, 1],
      ]
      const dataset = group.create_dataset({
        name,
        data: [],
        shape: [0, 0],
        maxshape,
        chunks,
        dtype: '<f',
      })
      dataset.resize([random.pick([0, 3, 2 ** 20, 2 ** 40]), random.pick([0, 2, 2 ** 10, 2 ** 22])])
      break
    }
    default:
      group.create_dataset({
        name,
        data,
        shape,
        dtype: random.pick(['<f', '<d', '>f', '<i', '<Q', '<B']),
      })
  }
}
