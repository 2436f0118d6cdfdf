// Arrays by their brand: in Jest, and wherever else a program has several realms, `instanceof` knows the arrays of
// one realm alone, and a prototype may have been exchanged.

const tagGetter = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get

/** The name of a typed array's class, of any realm; nothing for all else, proxies included. */
function brandOf(value: unknown): string | undefined {
  return tagGetter === undefined ? undefined : Reflect.apply(tagGetter, value, [])
}

/** Tells if a value is a `Float32Array` of any realm. */
export function isFloats(value: unknown): value is Float32Array {
  return brandOf(value) === 'Float32Array'
}

/** Tells if a value is an `Int32Array` of any realm. */
export function isInts(value: unknown): value is Int32Array {
  return brandOf(value) === 'Int32Array'
}

/** Tells if a value is a `Uint8Array` of any realm, such as a `Buffer`. */
export function isBytes(value: unknown): value is Uint8Array {
  return brandOf(value) === 'Uint8Array'
}

/** Tells if a buffer is one that threads share. */
export function isShared(buffer: ArrayBufferLike): boolean {
  return Object.prototype.toString.call(buffer) === '[object SharedArrayBuffer]'
}

type Arrays = Float32Array | Float64Array | Int32Array | Uint8Array

/** Classes of this realm, by the name that arrays of every realm carry. */
const CLASSES = { Float32Array, Float64Array, Int32Array, Uint8Array } as const

/**
 * Gives an array of the addon as one of this realm, on the same memory: the addon makes its arrays in
 * the realm that loaded it.
 */
export function own<A extends Arrays>(array: A): A {
  const Class = CLASSES[brandOf(array) as keyof typeof CLASSES]
  if (array instanceof Class) return array
  return new Class(array.buffer as ArrayBuffer, array.byteOffset, array.length) as A
}

/** Tells if a value is an object with keys of its own making: no array, map, date, promise and the like. */
export function isRecord(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return ['[object Object]', '[object Module]'].includes(Object.prototype.toString.call(value))
}
