import { resolve } from 'node:path'
import loaded from '#native'
import { missingAddon } from './missing.js'
import { platformOf, thisHost } from './platform.js'

/** The native addon, through the generated loader that picks this platform's binary. */
export const binding = addonOf(loaded)

function addonOf({ addon, failure }: typeof loaded): NonNullable<typeof loaded.addon> {
  if (addon === undefined) throw missingAddon(thisHost(), failure)
  return addon
}

/** The version of the native library. */
export const version: string = binding.version()

/** True for the addon of WebAssembly, which stands in where no other is there. */
const wasm = binding.__napiBindingTarget === 'wasm32-wasip1'

/** The platform as its package is named, `linux-x64-gnu`. */
export const platform = (): string => (wasm ? 'wasm32-wasip1' : platformOf(thisHost()))

/** A path as the addon reads it: WASI knows no current folder, and would begin at the root. */
export const nativePath = (path: string): string => (wasm ? resolve(path) : path)
