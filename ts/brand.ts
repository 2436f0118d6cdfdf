// Values by their brand: in Jest, and wherever else a program has several realms, `instanceof` knows the arrays of
// one realm alone, and a prototype may have been exchanged. A revoked proxy throws at every look but `typeof`, also
// at `Array.isArray`: it is no object, list or function here.

/** A getter of a prototype, which nothing of a caller's can stand in for: no subclass, no property, no proxy. */
function getter(prototype: object, key: PropertyKey): (value: unknown) => unknown {
  const get = Object.getOwnPropertyDescriptor(prototype, key)?.get
  return get === undefined ? () => undefined : Function.prototype.call.bind(get)
}

/** A getter of all typed arrays. */
const intrinsic = (key: PropertyKey): ((value: unknown) => unknown) =>
  getter(Object.getPrototypeOf(Uint8Array.prototype), key)

/** The name of a typed array's class, of any realm; nothing for all else, proxies included. */
export const brandOf = intrinsic(Symbol.toStringTag) as (value: unknown) => string | undefined

/** The true number of a typed array's elements. */
export const lengthOf = intrinsic('length') as (array: Arrays) => number

/** The true buffer of a typed array. */
export const bufferOf = intrinsic('buffer') as (array: Arrays) => ArrayBufferLike

const offsetOf = intrinsic('byteOffset') as (array: Arrays) => number

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

const bytesOf = getter(ArrayBuffer.prototype, 'byteLength')

/** Tells if a buffer is one that threads share: the getter of all others refuses it. */
export function isShared(buffer: ArrayBufferLike): boolean {
  try {
    bytesOf(buffer)
    return false
  } catch {
    return true
  }
}

type Arrays = Float32Array | Float64Array | Int32Array | Uint8Array

/** Classes of this realm, by the name that arrays of every realm carry. */
const CLASSES = { Float32Array, Float64Array, Int32Array, Uint8Array } as const

/**
 * Gives an array as one of this realm's class itself, on the same memory: the addon makes its arrays in
 * the realm that loaded it, and a subclass of a caller's may have methods of its own.
 */
export function own<A extends Arrays>(array: A): A {
  const Class = CLASSES[brandOf(array) as keyof typeof CLASSES]
  if (Object.getPrototypeOf(array) === Class.prototype && !Object.hasOwn(array, 'length'))
    return array
  return new Class(bufferOf(array) as ArrayBuffer, offsetOf(array), lengthOf(array)) as A
}

/** Tells if a value is a proxy that was revoked, or one of such a proxy. */
export function isRevoked(value: unknown): boolean {
  try {
    Array.isArray(value)
    return false
  } catch {
    return true
  }
}

/** Tells if a value is an array of any realm. */
export function isList(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value)
  } catch {
    return false
  }
}

/** Tells if a value is an object, arrays included. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !isRevoked(value)
}

/** Tells if a value can be called. */
export function isFunction(value: unknown): value is (...given: never[]) => unknown {
  return typeof value === 'function' && !isRevoked(value)
}

/** Tells if a value is an object with keys of its own making: no array, map, date, promise and the like. */
export function isRecord(value: unknown): value is object {
  if (!isObject(value) || isList(value)) return false
  return ['[object Object]', '[object Module]'].includes(Object.prototype.toString.call(value))
}
