import { binding } from './native/binding.js'

/** The version of the native library. */
export const version: string = binding.version()
