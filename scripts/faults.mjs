// The share of planted faults that the tests notice.
//
//   node scripts/faults.mjs                    all faults; needs a built native/ and node_modules for those of ts/
//   node scripts/faults.mjs --area storage     the faults of areas whose name contains the word
//   node scripts/faults.mjs --fault NAME       one fault (or more: --fault A --fault B), with the output of what notices it
//   node scripts/faults.mjs --json FILE        the outcomes as JSON as well
//   node scripts/faults.mjs --check            looks up every fault in the sources and plants nothing
//
// The lists are test/faults/*.json: `name`, `area`, `file`, `from` (text that is in the file once), `to`, and
// `at` (text that is in the file once and holds `from` once) where `from` alone is there more often. A list that no
// longer fits the sources is an error that names the entries.
//
// The tracked files are copied to target/faults/tree, where the files whose text changed alone are written, so that a second
// run builds little. All faults are planted at once, each behind a switch that the environment variable UNROLLED_FAULT
// sets to its name, and the tests are built once. A `from` that ends in `;` or `}` is a statement (in ts/ one whose `to`
// is empty), any other an expression; where neither fits, `to` is the whole text with FAULT for the switch.
// `"alone": true` plants a fault where no switch can be, in a build of its own.
//
// First the tests run without a fault and must pass. Then they run once a fault, those of its own crate or folder
// first, until one fails; a test that hangs for a minute, twice, has noticed.
import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { execute, main, root, StepError } from './steps.mjs'

const TREE = join(root, 'target', 'faults', 'tree')
/** Storage of cargo's own: it would take the planted crates for those of the repository. */
const BUILD = join(root, 'target', 'faults', 'build')
const LISTS = join('test', 'faults')
const VARIABLE = 'UNROLLED_FAULT'
const LIMIT = 60_000
const TOO_LONG = 'takes too long'
/** The crate that the switch lives in; every other one can reach it. */
const KERNELS = 'crates/kernels/'
const BASE = `${KERNELS}src/lib.rs`

const { values: options } = parseArgs({
  options: {
    area: { type: 'string' },
    fault: { type: 'string', multiple: true },
    json: { type: 'string' },
    check: { type: 'boolean' },
  },
})

const isRust = ({ file }) => file.endsWith('.rs')
const occurrences = (text, part) => text.split(part).length - 1

/** Every fault of the lists. */
function readFaults() {
  const files = readdirSync(join(root, LISTS)).filter((name) => name.endsWith('.json'))
  const faults = files.flatMap((name) => JSON.parse(readFileSync(join(root, LISTS, name), 'utf8')))
  const names = new Set()
  for (const { name } of faults) {
    const hash = hashOf(name)
    if (names.has(hash)) throw new StepError(`faults: two are named ${name}, or have its hash`)
    names.add(hash)
  }
  return faults
}

/** Where a fault's `from` begins in the text of its file, or what is wrong with the entry. */
function locate(fault, text) {
  const { from, at = from } = fault
  const found = occurrences(text, at)
  if (found !== 1)
    return { wrong: `'${fault.at === undefined ? 'from' : 'at'}' is there ${found} times` }
  if (occurrences(at, from) !== 1) return { wrong: "'at' does not hold 'from' once" }
  if (isRust(fault) && from.startsWith('let ') && !fault.to.includes('FAULT') && !fault.alone) {
    return { wrong: "a 'let' behind a switch is lost: use FAULT in 'to'" }
  }
  return { start: text.indexOf(at) + at.indexOf(from) }
}

/** The text that a fault puts in place of its `from`. */
function replacement(fault) {
  const { from, to, name, alone } = fault
  if (alone) return to
  const crate = fault.file.startsWith(KERNELS) ? 'crate' : 'unrolled_kernels'
  const planted = isRust(fault)
    ? `${crate}::fault(${hashOf(name)})`
    : `(process.env.${VARIABLE} === '${name}')`
  if (to.includes('FAULT')) return to.replaceAll('FAULT', planted)
  const statement = isRust(fault) ? /[;}]$/.test(from) : to === ''
  if (statement) return `if ${planted} { ${to} } else { ${from} }`
  return isRust(fault)
    ? `(if ${planted} { ${to} } else { ${from} })`
    : `(${planted} ? (${to}) : (${from}))`
}

/** The text of a file with faults planted in it. */
function plant(text, faults) {
  const places = faults.map((fault) => ({ fault, ...locate(fault, text) }))
  places.sort((a, b) => b.start - a.start)
  let end = text.length
  let planted = text
  for (const { fault, start } of places) {
    if (start + fault.from.length > end)
      throw new StepError(`faults: ${fault.name} overlaps another one`)
    planted =
      planted.slice(0, start) + replacement(fault) + planted.slice(start + fault.from.length)
    end = start
  }
  return planted
}

/** Refuses lists that do not fit the sources. */
function checkFaults(faults) {
  const wrong = faults.flatMap((fault) => {
    const path = join(root, fault.file)
    if (!existsSync(path)) return [`${fault.name}: ${fault.file} is not there`]
    const { wrong } = locate(fault, readFileSync(path, 'utf8'))
    return wrong === undefined ? [] : [`${fault.name}: ${fault.file}: ${wrong}`]
  })
  if (wrong.length > 0) throw new StepError(`faults: stale entries\n  ${wrong.join('\n  ')}`)
}

/** The switch, for the crate that all others depend on. It knows no list, so that another fault rebuilds its crate alone. */
const SWITCH = `
/// Whether the fault whose name has that hash is the one asked for.
#[inline]
pub fn fault(hash: u32) -> bool {
    static ASKED: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    *ASKED.get_or_init(|| {
        let name = std::env::var("${VARIABLE}").unwrap_or_default();
        name.bytes().fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
    }) == hash
}
`

/** FNV-1a of a name. */
function hashOf(name) {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}

function writeIfChanged(path, content) {
  if (existsSync(path) && readFileSync(path).equals(content)) return
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}

/** Files that git knows or would take. */
function trackedFiles() {
  const list = execute('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'])
  if (!list.ok) throw new StepError(`faults: git does not list the files\n${list.output}`)
  return list.stdout.split('\0').filter((file) => file !== '' && existsSync(join(root, file)))
}

/** Copies the tracked files with these faults planted. */
function copyTree(planted) {
  const files = trackedFiles()
  for (const file of files) {
    const content = readFileSync(join(root, file))
    const own = planted.filter((fault) => fault.file === file)
    const text = own.length === 0 ? undefined : plant(content.toString('utf8'), own)
    const base = file === BASE ? (text ?? content.toString('utf8')) + SWITCH : text
    writeIfChanged(join(TREE, file), base === undefined ? content : Buffer.from(base))
  }
  removeOthers(TREE, '', new Set(files))
  for (const name of ['node_modules', 'native', 'dist', 'build']) {
    if (existsSync(join(root, name))) symlinkSync(join(root, name), join(TREE, name), 'junction')
  }
}

/** Removes what earlier copies left behind. */
function removeOthers(folder, prefix, files) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = `${prefix}${entry.name}`
    if (entry.isDirectory()) removeOthers(join(folder, entry.name), `${path}/`, files)
    else if (!files.has(path)) rmSync(join(folder, entry.name))
  }
}

/** Runs a test program until it ends, says that a test failed, or takes too long. */
function runTests(command, args, { cwd, fault = '' }) {
  return new Promise((resolve) => {
    const env = { ...process.env, [VARIABLE]: fault, RUST_BACKTRACE: '0', NO_COLOR: '1' }
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    let output = ''
    let by
    const stop = (reason) => {
      by ??= reason
      try {
        process.kill(-child.pid, 'SIGKILL')
      } catch {
        // It has ended by itself.
      }
    }
    const timer = setTimeout(() => stop(TOO_LONG), LIMIT)
    const take = (chunk) => {
      output += chunk
      const failed = /^test (.+) \.\.\. FAILED/m.exec(output)
      if (failed !== null) stop(failed[1])
    }
    child.stdout.setEncoding('utf8').on('data', take)
    child.stderr.setEncoding('utf8').on('data', take)
    child.on('error', (error) => stop(error.message))
    child.on('close', (code) => {
      clearTimeout(timer)
      const file = /FAIL\s+(\S+.*)/.exec(output)
      if (code !== 0) by ??= file === null ? 'the program broke off' : file[1].trim()
      resolve({ by, output })
    })
  })
}

/** The programs of cargo's tests, those inside a crate first: they are the quickest. */
function buildRust(faults) {
  process.stdout.write('build ... ')
  const args = ['test', '--no-run', '--message-format=json']
  // What tests the kernels knows nothing of core, and takes long to build.
  const own = faults.some(({ file }) => file.startsWith(KERNELS))
  const packages = ['-p', 'unrolled-core', ...(own ? ['-p', 'unrolled-kernels'] : [])]
  const env = { CARGO_TARGET_DIR: BUILD }
  const built = execute(
    'cargo',
    [...args, ...packages, '--manifest-path', join(TREE, 'Cargo.toml')],
    { env },
  )
  const messages = built.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
  if (!built.ok) {
    // Warnings of the planted text mean nothing.
    const errors = messages.filter(({ message }) => message?.level === 'error')
    const words = errors.map(({ message }) => message.rendered).join('\n')
    console.log('failed')
    throw new StepError(words || built.output)
  }
  console.log(`${built.seconds.toFixed(1)} s`)
  return messages
    .filter((it) => it.reason === 'compiler-artifact' && it.profile.test && it.executable)
    .map((it) => ({
      command: it.executable,
      args: [],
      cwd: dirname(it.manifest_path),
      crate: basename(dirname(it.manifest_path)),
      unit: it.target.kind.includes('lib'),
    }))
    .sort((a, b) => Number(b.unit) - Number(a.unit))
}

/** The programs that a fault is tried on: the kernels' own first; for core's, those know nothing of it. */
function rustRuns(programs, fault) {
  const own = programs.filter(({ crate }) => crate === 'kernels')
  const rest = programs.filter(({ crate }) => crate !== 'kernels')
  return fault?.file.startsWith(KERNELS) ? [...own, ...rest] : fault ? rest : programs
}

/** Vitest on the tests of the same folder, then on all. */
function typescriptRuns(fault) {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const run = (paths, ...more) => ({
    command: process.execPath,
    args: [
      vitest,
      'run',
      '--bail=1',
      '--typecheck.enabled=false',
      '--reporter=default',
      ...more,
      ...paths,
    ],
    cwd: TREE,
  })
  const folder = fault === undefined ? undefined : `test/${fault.file.split('/')[1]}/`
  const own = folder !== undefined && existsSync(join(root, folder)) ? [run([folder])] : []
  // What tells how long something takes tells nothing here.
  return [
    ...own,
    run(
      [],
      '--exclude=test/event-loop.test.ts',
      '--exclude=test/bench/**',
      '--exclude=test/examples/**',
    ),
  ]
}

/** Refuses tests that fail without a fault: they would notice anything. */
async function checkBaseline(runs) {
  process.stdout.write('no fault ... ')
  const started = performance.now()
  for (const run of runs) {
    const { by, output } = await runTests(run.command, run.args, run)
    if (by !== undefined) throw new StepError(`failed: ${by}\n${output.slice(-4000)}`)
  }
  console.log(`passes (${((performance.now() - started) / 1000).toFixed(1)} s)`)
}

/** The outcome of one fault: which test noticed it, if one did. */
async function tryFault(fault, runs) {
  const started = performance.now()
  let found = {}
  for (const run of runs) {
    const once = () => runTests(run.command, run.args, { ...run, fault: fault.name })
    found = await once()
    // A machine that stood still is no test that hangs.
    if (found.by === TOO_LONG) found = await once()
    if (found.by !== undefined) break
  }
  const { by } = found
  const seconds = Number(((performance.now() - started) / 1000).toFixed(1))
  console.log(
    `${by === undefined ? 'MISSED ' : 'noticed'}  ${fault.name}  ${by ?? ''} (${seconds} s)`,
  )
  if (options.fault !== undefined && by !== undefined) console.log(found.output.slice(-4000))
  return { name: fault.name, area: fault.area, noticed: by !== undefined, by, seconds }
}

/** Adds the outcome of each fault to `outcomes`, so that those there are outlast a failure. */
async function tryAll(faults, all, outcomes) {
  const chosen = faults.filter(({ alone }) => !alone)
  const [rust, typescript] = [chosen.filter(isRust), chosen.filter((fault) => !isRust(fault))]
  copyTree(all.filter(({ alone }) => !alone))
  if (rust.length > 0) {
    const programs = buildRust(rust)
    await checkBaseline(rustRuns(programs))
    for (const fault of rust) outcomes.push(await tryFault(fault, rustRuns(programs, fault)))
  }
  if (typescript.length > 0) {
    await checkBaseline(typescriptRuns())
    for (const fault of typescript) outcomes.push(await tryFault(fault, typescriptRuns(fault)))
  }
  for (const fault of faults.filter(({ alone }) => alone)) {
    copyTree([fault])
    const runs = isRust(fault) ? rustRuns(buildRust([fault]), fault) : typescriptRuns(fault)
    outcomes.push(await tryFault(fault, runs))
  }
}

function report(outcomes) {
  const areas = [...new Set(outcomes.map(({ area }) => area))]
  const count = (list) =>
    `${String(list.filter(({ noticed }) => noticed).length).padStart(4)} of ${String(list.length).padStart(4)}`
  console.log()
  for (const area of areas) {
    console.log(`${area.padEnd(28)}${count(outcomes.filter((it) => it.area === area))}`)
  }
  console.log(`${'all'.padEnd(28)}${count(outcomes)}`)
  const missed = outcomes.filter(({ noticed }) => !noticed)
  if (missed.length > 0) console.log(`not noticed: ${missed.map(({ name }) => name).join(', ')}`)
}

await main(async () => {
  const all = readFaults()
  checkFaults(all)
  if (options.check) return console.log(`${all.length} faults fit the sources`)
  const { area = '', fault } = options
  const chosen = all.filter(
    (it) => it.area.includes(area) && (fault === undefined || fault.includes(it.name)),
  )
  if (chosen.length === 0)
    throw new StepError('faults: none is chosen; see test/faults for names and areas')
  const outcomes = []
  try {
    await tryAll(chosen, all, outcomes)
  } finally {
    report(outcomes)
    if (options.json !== undefined) {
      writeFileSync(options.json, `${JSON.stringify(outcomes, null, 2)}\n`)
    }
  }
})
