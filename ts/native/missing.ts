import { UnrolledError } from '../errors.js'
import { type Host, PLATFORMS, platformOf } from './platform.js'

/** The page on installing. */
const PAGE = 'https://github.com/unrolled-js/unrolled/blob/main/docs/install.md'

/** The error for an addon that could not be loaded: what failed, then what to do on this platform, in at most 15 lines. */
export function missingAddon(host: Host, failure: unknown): UnrolledError {
  const platform = platformOf(host)
  const known = PLATFORMS.some((name) => name === platform)
  const reason = reasonOf(failure)
  const steps = known ? knownSteps(host, platform, reason) : foreignSteps()
  const error = new UnrolledError(
    'ERR_UNROLLED_STATE',
    [
      `native addon: expected a binary for ${platform}, received none that loads: ` +
        (reason?.words ??
          (known ? `the package unrolled-${platform} is not there` : 'there is none')),
      ...steps.map((step, index) => `  ${index + 1}. ${step}`),
      `  More: ${PAGE}`,
    ].join('\n'),
  )
  // Frames of this library would push what to do out of sight.
  error.stack = `${error.name} [${error.code}]: ${error.message}`
  return error
}

function knownSteps(host: Host, platform: string, reason: Reason | undefined): string[] {
  const { system, processor, musl } = host
  const libc = system === 'linux' ? ` --libc=${musl ? 'musl' : 'glibc'}` : ''
  const build = 'Or build from a clone of the repository, with Rust 1.90 or newer: npm run build'
  if (reason?.fault === 'bundle') {
    return [
      'Keep the package out of the bundle: esbuild --external:unrolled; for others see the page below',
      'Or bundle as CommonJS, where require is there: esbuild --format=cjs',
    ]
  }
  if (reason?.fault === 'binary') {
    return [
      'Install again, if the file is damaged: remove node_modules, then npm install',
      'On an older system than the binary was made for (glibc 2.17), update the system or its image',
      build,
    ]
  }
  return [
    'Install with optional dependencies: npm install --include=optional; pnpm and yarn: without --no-optional',
    'If the lock file was made on another system (npm before 11.3 drops the others): remove package-lock.json\n' +
      '     and node_modules, then npm install',
    `If you install here for another system, or there for this one: npm install --os=${system} --cpu=${processor}${libc}`,
    `If a bundler left it out: keep it external (esbuild --external:unrolled, Next.js serverExternalPackages:\n` +
      `     ['unrolled'], Electron asarUnpack), or ship node_modules/unrolled-${platform}`,
    build,
  ]
}

function foreignSteps(): string[] {
  return [
    'Install the addon of WebAssembly, slow and with one thread: npm install --cpu=wasm32',
    `Run on one of ${PLATFORMS.join(', ')}`,
    'Or build from a clone of the repository, with Rust 1.90 or newer: npm run build',
  ]
}

/** Why the addon did not load though it may be there, in words of the system or of the bundle. */
interface Reason {
  readonly fault: 'binary' | 'bundle'
  readonly words: string
}

/** The reason in a failure of the generated loader; nothing where no binary was found. */
function reasonOf(failure: unknown): Reason | undefined {
  let error = failure
  while (typeof error === 'object' && error !== null) {
    const { code, message, cause } = error as { code?: unknown; message?: unknown; cause?: unknown }
    if (typeof message === 'string') {
      const [words = ''] = message.split('\n', 1)
      if (code === 'ERR_DLOPEN_FAILED') return { fault: 'binary', words }
      // An error of the loader has causes, and one of Node a code: this one is of the code around them.
      if (error === failure && code === undefined && cause === undefined) {
        return { fault: 'bundle', words }
      }
    }
    error = cause
  }
  return undefined
}
