import { spawnSync } from 'node:child_process'
import { gzipSync } from 'node:zlib'

/** Bits a character that a compressor spends on the last part of a text. */
export interface CompressorFigure {
  readonly name: string
  /** The part by itself. */
  readonly alone: number | undefined
  /** Size of the compressed text minus its size without the part. */
  readonly after: number | undefined
}

const COMPRESSORS: readonly (readonly [string, (bytes: Buffer) => number | undefined])[] = [
  ['gzip -9', (bytes) => gzipSync(bytes, { level: 9 }).length],
  ['bzip2 -9', (bytes) => piped('bzip2', ['-9', '-c'], bytes)],
  ['xz -9e', (bytes) => piped('xz', ['-9e', '-c'], bytes)],
]

/** The compressors' figures for `part`, which stands at the end of `whole`. */
export function compressors(whole: string, part: string): CompressorFigure[] {
  const before = Buffer.from(whole.slice(0, whole.length - part.length))
  const [all, last] = [Buffer.from(whole), Buffer.from(part)]
  const characters = [...part].length
  const bits = (size: number | undefined): number | undefined =>
    size === undefined ? undefined : (8 * size) / characters
  return COMPRESSORS.map(([name, compress]) => {
    const [full, without] = [compress(all), compress(before)]
    const added = full === undefined || without === undefined ? undefined : full - without
    return { name, alone: bits(compress(last)), after: bits(added) }
  })
}

/** The size of what a program makes of the bytes; none if it is not installed. */
function piped(program: string, args: readonly string[], input: Buffer): number | undefined {
  const { status, stdout } = spawnSync(program, args, { input, maxBuffer: 1 << 28 })
  return status === 0 ? stdout.length : undefined
}
