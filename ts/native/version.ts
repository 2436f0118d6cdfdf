import { binding } from './binding.js'

/** The version of the native library. */
export const version: string = binding.version()
