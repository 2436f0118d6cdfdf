import { readFileSync } from 'node:fs'

/**
 * The instructions that multiply pairs of bf16 numbers in this process, which decide the bits: `amx`, `avx512`
 * (`vdpbf16ps`), or `fallback` where the CPU has none; nothing where this cannot be told from outside.
 */
export function pairInstructions(): string | undefined {
  const { UNROLLED_ISA: forced } = process.env
  if (process.arch === 'arm64' || forced === 'scalar' || forced === 'avx2') return 'fallback'
  if (forced === 'amx') return 'amx'
  const flags = cpuFlags()
  if (flags === undefined) return undefined
  if (!flags.has('avx512_bf16')) return 'fallback'
  return forced === undefined && flags.has('amx_bf16') ? 'amx' : 'avx512'
}

function cpuFlags(): Set<string> | undefined {
  try {
    const [, flags] = /^flags\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8')) ?? []
    return flags === undefined ? undefined : new Set(flags.split(' '))
  } catch {
    return undefined
  }
}
