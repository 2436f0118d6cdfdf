import { system } from 'unrolled'

const WORDS = { amx: 'amx', avx512_bf16: 'avx512', none: 'fallback' } as const

/**
 * The instructions that multiply pairs of bf16 numbers in this process, which decide the bits: `amx`, `avx512`
 * (`vdpbf16ps`), or `fallback` where the CPU has none.
 */
export function pairInstructions(): string {
  return WORDS[system().bf16]
}
