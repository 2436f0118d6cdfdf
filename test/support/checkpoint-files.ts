import { readdirSync } from 'node:fs'

/** The names of the checkpoints in a folder, the oldest first; not that of its lock. */
export function checkpointFiles(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => name !== '.unrolled.lock')
  return names.sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
}
