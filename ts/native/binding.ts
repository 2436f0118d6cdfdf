import loaded from '#native'
import { missingAddon } from './missing.js'
import { thisHost } from './platform.js'

/** The native addon, through the generated loader that picks this platform's binary. */
export const binding = addonOf(loaded)

function addonOf({ addon, failure }: typeof loaded): NonNullable<typeof loaded.addon> {
  if (addon === undefined) throw missingAddon(thisHost(), failure)
  return addon
}

/** The version of the native library. */
export const version: string = binding.version()
