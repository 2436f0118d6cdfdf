import { createRequire } from 'node:module'
import { UnrolledError } from '../errors.js'

/** The native addon, through the generated loader that picks this platform's binary. */
export const binding = load()

function load(): typeof import('#native') {
  try {
    return createRequire(import.meta.url)('#native')
  } catch (cause) {
    const platform = `${process.platform}-${process.arch}`
    throw new UnrolledError(
      'ERR_UNROLLED_STATE',
      `native addon: expected a binary for ${platform}, received none that loads (see the cause); ` +
        'binaries for linux, darwin and win32 on x64 and arm64 are optional dependencies: install ' +
        'again without --omit=optional, or build from a clone',
      { cause },
    )
  }
}

/** The version of the native library. */
export const version: string = binding.version()
