import type * as Hdf5 from 'h5wasm'
import { excess, fault, shapeText, shown } from './fault.js'
import type { Heard } from './heard.js'
import type { Tensor } from './tensor.js'

/** The most groups and datasets of a file, and the fewest bytes that each takes: one with several names counts often. */
const MOST_OBJECTS = 2 ** 16
const LEAST_BYTES = 128

/** The most levels of groups: a hard link may lead a group into itself. */
const MOST_LEVELS = 32

/** The most bytes of numbers that a file may hold however small it is; above, at most so many times its size. */
const SMALL = 2 ** 24
const RATIO = 100

type Library = typeof Hdf5

/** Datasets and attributes of an HDF5 file by path; links are refused, sizes checked before anything is read. */
export class WeightFile {
  readonly #hdf5: Library
  readonly #file: Hdf5.File
  readonly #heard: Heard
  readonly #size: number
  readonly #known = new Map<string, unknown>()
  readonly #names = new Map<string, ReadonlySet<string>>()
  readonly where: string
  /** The bytes of numbers that may still be read. */
  #left: number

  constructor(hdf5: Library, file: Hdf5.File, heard: Heard, where: string, size: number) {
    this.#hdf5 = hdf5
    this.#file = file
    this.#heard = heard
    this.#size = size
    this.#left = Math.max(SMALL, RATIO * size)
    this.where = where
  }

  /** Finds what a path leads to, by hard links alone; each step of the way is looked up once. */
  #find(path: string): unknown {
    return this.#heard.guarded(this.where, () => this.#look(path))
  }

  #look(path: string): unknown {
    const known = this.#known.get(path)
    if (known !== undefined || path === '') return known ?? this.#file
    const cut = path.lastIndexOf('/')
    const parent = path.slice(0, Math.max(cut, 0))
    const group = this.#look(parent)
    if (!(group instanceof this.#hdf5.Group)) return undefined
    const names = this.#names.get(parent) ?? new Set(group.keys())
    this.#names.set(parent, names)
    if (!names.has(path.slice(cut + 1))) return undefined
    this.#checkLink(path)
    const found: unknown = this.#file.get(path)
    this.#known.set(path, found)
    return found
  }

  #checkLink(path: string): void {
    const full = `/${path}`
    const out: { filename?: string } = this.#file.get_external_link(full) ?? {}
    const link: unknown = out.filename ?? this.#file.get_link(full)
    if (link === null || link === undefined) return
    throw fault(
      `${this.where} ${shown(path)}`,
      'a group or dataset',
      `a link to ${shown(link)}`,
      'links are not followed',
    )
  }

  #keysOf(group: Hdf5.Group): readonly string[] {
    return this.#heard.guarded(this.where, () => group.keys())
  }

  has(path: string): boolean {
    return this.#find(path) !== undefined
  }

  /** The names in a group; none without it. */
  names(path: string): readonly string[] {
    const group = this.#find(path)
    return group instanceof this.#hdf5.Group ? this.#keysOf(group) : []
  }

  /** Finds a dataset of numbers. */
  dataset(path: string): Tensor | undefined {
    const found = this.#find(path)
    if (!(found instanceof this.#hdf5.Dataset)) return undefined
    const where = `${this.where} ${shown(path)}`
    const { shape } = this.#heard.guarded(where, () => found.metadata)
    if (shape === null) throw fault(where, 'numbers', 'an empty dataset')
    return {
      name: path,
      shape,
      read: () => this.#heard.guarded(where, () => this.#numbers(where, found)),
    }
  }

  #numbers(where: string, found: Hdf5.Dataset): Float32Array {
    const { shape, size, type, vlen, chunks } = found.metadata
    if (type !== 1 || vlen || (size !== 4 && size !== 8)) {
      throw fault(where, 'numbers of float32 or float64', shown(found.dtype))
    }
    const most = found.filters.length > 0 ? this.#left : Math.min(this.#left, this.#size)
    checkSize(`${where} chunks`, chunks ?? [], size, this.#left)
    this.#left -= checkSize(where, shape ?? [], size, most)
    const { value } = found
    if (value instanceof Float32Array) return value
    if (value instanceof Float64Array) return Float32Array.from(value)
    if (typeof value === 'number') return Float32Array.of(value)
    throw fault(where, 'numbers of float32 or float64', shown(value))
  }

  /** Reads the text or texts of an attribute. */
  attribute(path: string, name: string): readonly string[] | undefined {
    const object = this.#find(path)
    if (!(object instanceof this.#hdf5.Group)) return undefined
    const where = `${this.where} ${shown(path)} ${shown(name)}`
    return this.#heard.guarded(where, () => {
      const { [name]: attribute } = object.attrs
      if (attribute === undefined) return undefined
      checkSize(where, attribute.shape ?? [], attribute.metadata.size, this.#size)
      const { value } = attribute
      if (typeof value === 'string') return [value]
      if (Array.isArray(value) && value.every((it) => typeof it === 'string')) return value
      // An empty list of names is written as numbers.
      return ArrayBuffer.isView(value) && value.byteLength === 0 ? [] : undefined
    })
  }

  /** The paths of all datasets. */
  datasets(): readonly string[] {
    const found: string[] = []
    const open: { path: string; level: number }[] = [{ path: '', level: 0 }]
    const most = Math.min(MOST_OBJECTS, Math.ceil(this.#size / LEAST_BYTES))
    let seen = 0
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { path, level } = next
      seen += 1
      if (seen > most || level > MOST_LEVELS) {
        const expected = `at most ${most} objects on ${MOST_LEVELS} levels`
        throw excess(this.where, expected)
      }
      const object = this.#find(path)
      if (object instanceof this.#hdf5.Dataset) found.push(path)
      if (!(object instanceof this.#hdf5.Group)) continue
      for (const name of this.#keysOf(object)) {
        open.push({ path: path === '' ? name : `${path}/${name}`, level: level + 1 })
      }
    }
    return found
  }
}

/** Refuses a size that the bytes of the file cannot hold, and gives it. */
function checkSize(where: string, shape: readonly number[], size: number, most: number): number {
  const bytes = shape.reduce((product, part) => product * part, size)
  if (bytes <= most) return bytes
  const received = `${shapeText(shape)} of ${size} bytes`
  throw excess(where, `at most ${most} bytes`, received)
}
