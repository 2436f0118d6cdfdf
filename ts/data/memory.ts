import { Described, mismatch } from '../errors.js'

/** Refuses an array whose memory another thread may change, or was transferred away. */
export function checkMemory(name: string, array: Float32Array | Int32Array): void {
  const words =
    array.buffer instanceof SharedArrayBuffer
      ? 'one on shared memory, which may change meanwhile: copy it'
      : array.length === 0 && isDetached(array.buffer)
        ? 'one whose memory was transferred away'
        : undefined
  if (words === undefined) return
  throw mismatch('ERR_UNROLLED_VALUE', name, 'memory of its own', new Described(words))
}

function isDetached(buffer: ArrayBuffer): boolean {
  try {
    new Uint8Array(buffer)
    return false
  } catch {
    return true
  }
}
