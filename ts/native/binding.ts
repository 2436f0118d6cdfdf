import { createRequire } from 'node:module'

/** The native addon, through the generated loader that picks this platform's binary. */
export const binding = createRequire(import.meta.url)('#native') as typeof import('#native')
