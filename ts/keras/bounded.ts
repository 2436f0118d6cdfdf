/** The bytes of a page of WebAssembly. */
const PAGE = 2 ** 16

interface Memory {
  readonly buffer: ArrayBuffer
}

/**
 * Runs a synchronous call in which no memory of WebAssembly grows beyond so many bytes: what asks for more is told that there is
 * none. Memory that has grown is never given back, and the HDF5 library takes as much as a file says before it reads on.
 */
export function bounded<R>(most: number, run: () => R): R {
  const { prototype } = Reflect.get(globalThis, 'WebAssembly').Memory
  const own = Object.getOwnPropertyDescriptor(prototype, 'grow')
  const grow = function (this: Memory, pages: number): number {
    if (this.buffer.byteLength + pages * PAGE > most) throw new RangeError('no more memory')
    return own?.value.call(this, pages)
  }
  // Where a program has frozen its globals, nothing is set, and nothing bounded.
  Reflect.defineProperty(prototype, 'grow', { ...own, value: grow })
  try {
    return run()
  } finally {
    Reflect.defineProperty(prototype, 'grow', { ...own })
  }
}
