/**
 * A loop that reads hostile files and judges the outcome of each: a result, or an `UnrolledError` with a code that the
 * documentation names; never another error, and within bounds of time and memory.
 *
 * An input follows from the seed and its number alone. The environment sets the run:
 * - `UNROLLED_FUZZ_SEED`: another seed, for other inputs;
 * - `UNROLLED_FUZZ_INPUTS`: the inputs of each format, 100 by default: every machine reads the same ones;
 * - `UNROLLED_FUZZ_SECONDS`: a time for each format in place of a number of inputs; 30000 is a night;
 * - `UNROLLED_FUZZ_ONLY`: the number of one input, to read that again.
 *
 *     UNROLLED_FUZZ_SEED=$RANDOM UNROLLED_FUZZ_SECONDS=30000 npx vitest run test/fuzz
 *
 * The input under way is kept in the folder `unrolled-fuzz-PID-FORMAT` of temporary files, so that one that ends the process or
 * never comes back is known. A failure names its file there and the way to repeat it.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type ErrorCode, UnrolledError } from 'unrolled'
import { expect, test } from 'vitest'
import { Random } from './random.js'

/** The files of an input by name. */
export type Files = Readonly<Record<string, Uint8Array>>

export interface Format {
  readonly name: string
  /** The name of the test file where it is another one. */
  readonly file?: string
  /** The codes that the reading functions document. */
  readonly codes: readonly ErrorCode[]
  /** Makes an input: a seed with changes. */
  make(random: Random): Files
  /** Reads an input, and checks and disposes what it gives. */
  read(files: Files): Promise<void>
}

const number = (name: string, fallback: number): number =>
  Number(process.env[`UNROLLED_FUZZ_${name}`] ?? fallback)

const SEED = number('SEED', 16)
const SECONDS = number('SECONDS', Infinity)
const ONLY = number('ONLY', -1)
const INPUTS = number('INPUTS', SECONDS === Infinity ? 100 : Infinity)

/**
 * The longest time of an input: of the clock or of this process, whichever is less, and the least of so many tries, since
 * machines are shared and a collection of garbage may come between.
 */
const MOST_MS = 200
const TRIES = 5
/** The most memory of an input, beyond a few copies of its files. */
const MOST_BYTES = 2 ** 26
const COPIES = 8
/** Inputs before the memory counts that the process keeps: code and caches come first. */
const WARM = 50
/** The most kinds of failures that a run tells of. */
const MOST_FAILURES = 10

setFlagsFromString('--expose_gc')
const collect: () => void = runInNewContext('gc')

/** Bytes that JavaScript holds; those of array buffers are among the external ones. */
function held(): number {
  const { external, heapUsed } = process.memoryUsage()
  return external + heapUsed
}

/** The most bytes that the process has held. */
const peak = (): number => process.resourceUsage().maxRSS * 1024

const sizeOf = (files: Files): number =>
  Object.values(files).reduce((sum, { length }) => sum + length, 0)

/** Tells the fault of an error, if it is none that a reader may raise. */
function faultOf(error: unknown, codes: readonly ErrorCode[]): string | undefined {
  if (!(error instanceof UnrolledError)) {
    return `expected an UnrolledError, received ${error instanceof Error ? error.stack : String(error)}`
  }
  if (codes.includes(error.code)) return undefined
  return `expected one of ${codes.join(', ')}, received ${error.code}: ${error.message}`
}

class Run {
  readonly #format: Format
  readonly #folder: string
  readonly #outcomes = new Map<string, number>()
  /** Failures by their words without numbers and names, so that one fault is told once. */
  readonly #failures = new Map<string, string>()
  #longest = 0
  #most = 0
  #first = 0

  constructor(format: Format) {
    this.#format = format
    this.#folder = join(tmpdir(), `unrolled-fuzz-${process.pid}-${format.name}`)
  }

  async all(): Promise<void> {
    mkdirSync(this.#folder, { recursive: true })
    const end = performance.now() + SECONDS * 1000
    let input = Math.max(ONLY, 0)
    do {
      await this.#one(input)
      input += 1
      if (input === WARM || input % 1000 === 0) await this.#kept(input)
    } while (
      ONLY < 0 &&
      input < INPUTS &&
      performance.now() < end &&
      this.#failures.size < MOST_FAILURES
    )
    if (input > WARM) await this.#kept(input)
    this.#report(input)
  }

  async #one(input: number): Promise<void> {
    const files = this.#format.make(new Random(SEED, input))
    this.#write('last', files)
    const [before, high] = [held(), peak()]
    const { ms, outcome, fault } = await this.#read(files)
    const more = Math.max(held() - before, peak() - high)
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1)
    this.#most = Math.max(this.#most, more)
    let time = ms
    for (let tries = 1; tries < TRIES && time >= MOST_MS; tries++) {
      time = Math.min(time, (await this.#read(files)).ms)
    }
    this.#longest = Math.max(this.#longest, time)
    if (fault !== undefined) this.#fail(input, files, fault)
    if (time >= MOST_MS) this.#fail(input, files, `expected an end within ${MOST_MS} ms`)
    if (more > MOST_BYTES + COPIES * sizeOf(files)) {
      this.#fail(input, files, `expected at most ${MOST_BYTES} bytes more, received ${more}`)
    }
    if (Object.keys(Object.prototype).length > 0) throw new Error('Object.prototype has changed')
    await setImmediate()
  }

  async #read(files: Files): Promise<{ ms: number; outcome: string; fault?: string }> {
    const [start, used] = [performance.now(), process.cpuUsage()]
    const passed = () => {
      const { user, system } = process.cpuUsage(used)
      return Math.min(performance.now() - start, (user + system) / 1000)
    }
    try {
      await this.#format.read(files)
      return { ms: passed(), outcome: 'read' }
    } catch (error) {
      const ms = passed()
      const fault = faultOf(error, this.#format.codes)
      if (fault !== undefined) return { ms, outcome: 'failed', fault }
      return { ms, outcome: (error as UnrolledError).code.replace('ERR_UNROLLED_', '') }
    }
  }

  /** Checks that reading keeps no memory. */
  async #kept(input: number): Promise<void> {
    collect()
    // Memory that a collection finds is given back in a later turn.
    await setImmediate()
    collect()
    const now = held()
    if (input === WARM) this.#first = now
    else if (this.#first > 0 && now - this.#first > MOST_BYTES) {
      const words = `expected at most ${MOST_BYTES} bytes kept, received ${now - this.#first}`
      this.#failures.set('kept', `by input ${input} of seed ${SEED}: ${words}`)
    }
  }

  #fail(input: number, files: Files, fault: string): void {
    const kind = fault.replaceAll(/"[^"]*"|'[^']*'|\d+/g, '_').slice(0, 200)
    if (this.#failures.has(kind)) return
    const paths = this.#write(`failed-${input}`, files)
    const { name, file = name } = this.#format
    const again = `UNROLLED_FUZZ_SEED=${SEED} UNROLLED_FUZZ_ONLY=${input} npx vitest run test/fuzz/${file}.test.ts`
    this.#failures.set(kind, `input ${input}: ${fault}\n  file: ${paths}\n  again: ${again}`)
  }

  #write(label: string, files: Files): string {
    const path = (i: number) => join(this.#folder, `${this.#format.name}-${label}-${i}`)
    const contents = Object.values(files)
    for (const [i, bytes] of contents.entries()) writeFileSync(path(i), bytes)
    // Those of an input of more files.
    for (let i = contents.length; existsSync(path(i)); i++) rmSync(path(i))
    return contents.map((_, i) => path(i)).join(' ')
  }

  #report(inputs: number): void {
    const outcomes = [...this.#outcomes].map(([name, count]) => `${name} ${count}`).join(', ')
    const bounds = `longest ${this.#longest.toFixed(0)} ms, most ${(this.#most / 2 ** 20).toFixed(1)} MiB`
    console.log(`${this.#format.name}, seed ${SEED}: ${inputs} inputs: ${outcomes}; ${bounds}`)
    if (this.#failures.size > 0) {
      throw new Error([...this.#failures.values()].join('\n'))
    }
    rmSync(this.#folder, { recursive: true, force: true })
    // A fuzzer whose inputs are all refused, or all read, changes too much or nothing.
    if (ONLY < 0) expect([...this.#outcomes.keys()]).toContain('read')
    if (ONLY < 0) expect(this.#outcomes.size).toBeGreaterThan(1)
  }
}

/** Tests a format. */
export function fuzz(format: Format): void {
  const timeout = 60_000 + 1000 * Math.min(SECONDS, INPUTS)
  test(`hostile files: ${format.name}`, { timeout }, () => new Run(format).all())
}
