import { checkCount, checkOptions, checkWord } from '../options.js'
import { binding, platform, version } from './binding.js'
import { guard } from './errors.js'

/**
 * An instruction set that the kernels are compiled for: `'scalar'` (the baseline of the processor), `'neon'`
 * (arm64), `'avx2'` with FMA, `'avx512'` (F, VL, BW, DQ), and `'amx'` (AVX-512, and AMX for products of
 * bf16; Linux alone).
 */
export type InstructionSet = 'scalar' | 'neon' | 'avx2' | 'avx512' | 'amx'

/** Facts of the process, from {@link system}. */
export interface System {
  /** The version of the library, `'1.2.3'`. */
  readonly version: string
  /** The platform as its package is named, `'linux-x64-gnu'`; `'wasm32-wasip1'` for the fallback. */
  readonly platform: string
  /** The instruction set in use. */
  readonly isa: InstructionSet
  /** The instruction sets of this CPU, the widest last. */
  readonly available: readonly InstructionSet[]
  /**
   * The instructions that multiply numbers of `precision: 'bf16'`: `'amx'`, `'avx512_bf16'`, or `'none'`
   * where bf16 gains nothing. Bits of bf16 differ between the three.
   */
  readonly bf16: 'amx' | 'avx512_bf16' | 'none'
  /** The threads that compute. */
  readonly threads: number
  readonly memory: {
    /**
     * Bytes that a model or run may take, of those of the machine or container seven eighths; `Infinity` where
     * nothing is known.
     */
    readonly limit: number
    /**
     * The origin of the limit, which is the least of all that are known: {@link configure} (`'code'`),
     * `UNROLLED_MEMORY` (`'environment'`), the memory of the machine or of the control group around the
     * process (`'container'`).
     */
    readonly source: 'code' | 'environment' | 'machine' | 'container' | 'unknown'
  }
}

/** Settings of the process, for {@link configure}. */
export interface SystemSettings {
  /** Threads that compute, from 1 to 1024. By default `UNROLLED_THREADS`, else as many as cores. */
  readonly threads?: number
  /** The instruction set. By default `UNROLLED_ISA`, else the widest of this CPU. */
  readonly isa?: InstructionSet
  /**
   * Bytes that a model or run may take, at least 1. By default `UNROLLED_MEMORY`. More than the memory of
   * the machine or container has no effect.
   */
  readonly memory?: number
}

/**
 * Facts of the process: instruction set, threads and memory as in use, or as they would be chosen if the
 * first model were made now. Asking is no use: {@link configure} may still follow.
 *
 * @returns A frozen object.
 * @throws {UnrolledError} `ERR_UNROLLED_ARGUMENT` for a wrong environment variable of this library.
 */
export function system(): System {
  const facts = guard(() => binding.system())
  const { isa, bf16 = 'none', threads, memoryLimit: limit, memorySource: source } = facts
  return Object.freeze({
    version,
    platform: platform(),
    isa,
    available: Object.freeze(binding.available()),
    bf16,
    threads,
    memory: Object.freeze({ limit, source }),
  })
}

/** The names of {@link SystemSettings}. */
export const SYSTEM_SETTINGS = [
  'threads',
  'isa',
  'memory',
] as const satisfies readonly (keyof SystemSettings)[]

/**
 * Sets threads, instruction set and memory of the process from code, before the first model is made or
 * loaded. Settings are stronger than environment variables; of two calls, the later one wins where both
 * say something. They hold for the whole process, worker threads included: call this once, at the start of
 * the main thread. None of them changes a result, but for the instruction set of `precision: 'bf16'`.
 *
 * @throws {UnrolledError} `ERR_UNROLLED_ARGUMENT` for an unknown setting, a number out of its range or an
 * instruction set that this CPU lacks, and `ERR_UNROLLED_STATE` after the first model. Nothing is set then.
 *
 * @example
 * configure({ threads: 4, memory: 2 * 2 ** 30 })
 */
export function configure(settings: SystemSettings): void {
  checkOptions('configure', settings, SYSTEM_SETTINGS)
  const { threads, isa, memory } = settings
  if (threads !== undefined) checkCount('configure threads', threads, 1, 1024)
  if (isa !== undefined) checkWord('configure isa', isa, binding.available())
  if (memory !== undefined) checkCount('configure memory', memory)
  guard(() => binding.configure(threads, isa, memory))
}
