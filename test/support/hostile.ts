/** Changes of bytes and of JSON that the fuzzers of several formats share. */
import type { Random } from './random.js'

export const NAMES = [
  '',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'length',
  '../../etc/passwd',
  '/etc/passwd',
  'a:0',
  'a/b',
  'a\0b',
  '\ud800',
  '\u202e',
  '%s%n',
  'n'.repeat(100_000),
] as const

/** Whole numbers at the edges of types and of sense. */
export const NUMBERS = [
  0,
  1,
  -1,
  2,
  127,
  255,
  65_535,
  65_536,
  2 ** 20,
  2 ** 24,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 40,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 60,
  2 ** 63,
  -(2 ** 31),
  -(2 ** 63),
] as const

/** A number near another one, or at an edge. */
export function oddNumber(random: Random, near: number): number {
  if (random.chance(0.5)) return random.pick(NUMBERS)
  return random.pick([near + 1, near - 1, 2 * near, Math.floor(near / 2), -near, near + 0.5])
}

/** Changes a few bytes, cuts, doubles or moves some. */
export function changeBytes(random: Random, bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes)
  if (copy.length === 0) return copy
  const at = random.below(copy.length)
  const count = 1 + random.below(Math.min(64, copy.length - at))
  switch (random.below(6)) {
    case 0:
      return copy.subarray(0, at)
    case 1:
      return Uint8Array.from([...copy.subarray(0, at), ...copy.subarray(at + count)])
    case 2:
      copy.copyWithin(random.below(copy.length), at, at + count)
      return copy
    case 3:
      copy.fill(random.pick([0, 0xff, 0x7f, 0x80]), at, at + count)
      return copy
    default:
      for (let i = random.few(); i > 0; i--) {
        const place = random.below(copy.length)
        copy[place] = (copy[place] ?? 0) ^ (1 << random.below(8))
      }
      return copy
  }
}

/** A value of JSON as `JSON.parse` gives it. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

interface Place {
  readonly holder: Json[] | { [key: string]: Json }
  readonly key: string
  readonly value: Json
}

/** Every place of a tree. */
function placesOf(root: Json): Place[] {
  const places: Place[] = []
  const open: Json[] = [root]
  for (let holder = open.pop(); holder !== undefined; holder = open.pop()) {
    if (typeof holder !== 'object' || holder === null) continue
    for (const [key, value] of Object.entries(holder)) {
      places.push({ holder, key, value })
      open.push(value)
    }
  }
  return places
}

/** Sets a field, `__proto__` as well. */
function setField(holder: Place['holder'], key: string, value: Json): void {
  Object.defineProperty(holder, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  })
}

/** A copy that shares nothing, and is no larger than sense. */
const copyOf = (value: Json): Json => JSON.parse(JSON.stringify(value) ?? 'null')

function deep(random: Random): Json {
  let value: Json = 1
  for (let i = random.pick([3, 70, 2000]); i > 0; i--)
    value = random.chance(0.5) ? [value] : { a: value }
  return value
}

function oddValue(random: Random, old: Json, places: readonly Place[]): Json {
  if (typeof old === 'number' && random.chance(0.7)) return oddNumber(random, old)
  switch (random.below(6)) {
    case 0:
      return random.pick(NAMES)
    case 1:
      return random.pick(NUMBERS)
    case 2:
      return random.pick<() => Json>([
        () => null,
        () => true,
        () => false,
        () => [],
        () => ({}),
        () => 0.5,
        () => deep(random),
      ])()
    default:
      return copyOf(random.pick(places).value)
  }
}

/** Changes a field of a tree of JSON in place: its value, its name, its absence, its number. */
export function changeJson(random: Random, root: Json): void {
  const places = placesOf(root)
  if (places.length === 0) return
  const { holder, key, value } = random.pick(places)
  const list = Array.isArray(holder)
  switch (random.below(6)) {
    case 0:
      if (list) holder.splice(Number(key), 1)
      else delete holder[key]
      break
    case 1:
      if (list) holder.splice(Number(key), 0, copyOf(value))
      else {
        delete holder[key]
        setField(holder, random.chance(0.5) ? random.pick(NAMES) : random.pick(places).key, value)
      }
      break
    case 2:
      if (list) holder.reverse()
      else setField(holder, random.pick(NAMES), copyOf(value))
      break
    default:
      setField(holder, key, oddValue(random, value, places))
  }
}

/** JSON with a few changes; small ones mostly, so that the rest stays whole. */
export function changedJson(random: Random, text: string): string {
  let root: Json
  try {
    root = JSON.parse(text)
  } catch {
    // Changed before, to something else.
    return text
  }
  for (let i = random.few(); i > 0; i--) changeJson(random, root)
  return JSON.stringify(root)
}

export const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
export const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
