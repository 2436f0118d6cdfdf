/** Platforms with a binary, as their packages are named: system, processor, C library or compiler. */
export const PLATFORMS = [
  'linux-x64-gnu',
  'linux-arm64-gnu',
  'linux-x64-musl',
  'linux-arm64-musl',
  'darwin-x64',
  'darwin-arm64',
  'win32-x64-msvc',
  'win32-arm64-msvc',
] as const

/** The facts of a process that name its platform. */
export interface Host {
  readonly system: string
  readonly processor: string
  /** `true` for Linux with musl in place of glibc. */
  readonly musl: boolean
}

/** The platform of this process. */
export function thisHost(): Host {
  const { platform: system, arch: processor } = process
  return { system, processor, musl: system === 'linux' && !hasGlibc() }
}

/** Reads the report of the process, which names the C library; a network look-up would make it slow. */
function hasGlibc(): boolean {
  const { report } = process
  if (report === undefined) return true
  Object.assign(report, { excludeNetwork: true })
  const { header } = report.getReport() as { header?: { glibcVersionRuntime?: string } }
  return header?.glibcVersionRuntime !== undefined
}

/** The name of a host as the packages have it, `linux-x64-gnu`. */
export function platformOf({ system, processor, musl }: Host): string {
  const suffixes: Readonly<Record<string, string>> = {
    linux: musl ? '-musl' : '-gnu',
    win32: '-msvc',
  }
  return `${system}-${processor}${suffixes[system] ?? ''}`
}
