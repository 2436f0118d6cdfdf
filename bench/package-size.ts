import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { dense, embedding, lstm, sequential } from 'unrolled'
import type { Benchmark } from './benchmark.js'
import { inRoot, root } from './machine.js'
import { table } from './table.js'

const LIMIT = 5_000_000

/** A saved model's bytes. */
interface ModelSize {
  readonly name: string
  readonly parameters: number
  readonly bytes: number
  readonly header: number
}

/** Bytes of a saved model and of what npm installs. */
export const packageSize: Benchmark = {
  about: `bytes of a saved model and of the addon's package (target: below ${LIMIT})`,
  run() {
    const models = Object.entries(modelsOf()).map(([name, model]): ModelSize => {
      const bytes = model.toBytes()
      return {
        name,
        parameters: model.parameterCount,
        bytes: bytes.length,
        header: 8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)),
      }
    })
    const header = ['model', 'parameters', 'bytes', 'header', 'bytes - header - 4 parameters']
    process.stdout.write(table(header, models.map(row)))
    const binary = addon()
    const packages = packed()
    for (const { name, packed, unpacked } of packages) {
      console.log(`  ${name}: ${packed} bytes packed, ${unpacked} unpacked`)
    }
    console.log(`  addon: ${binary.bytes} bytes, ${binary.gzipped} gzipped`)
    return Promise.resolve({ models, addon: binary, packages })
  },
}

function modelsOf() {
  return {
    'LSTM 128, input 128': sequential([lstm({ inputSize: 128, hiddenSize: 128 })]),
    'characters: 80 to 64, LSTM 256, to 80': sequential([
      embedding({ vocabularySize: 80, size: 64 }),
      lstm({ hiddenSize: 256 }),
      dense({ size: 80 }),
    ]),
  }
}

function row({ name, parameters, bytes, header }: ModelSize): string[] {
  return [name, ...[parameters, bytes, header, bytes - header - 4 * parameters].map(String)]
}

function addon(): { readonly bytes: number; readonly gzipped: number } {
  const name = readdirSync(inRoot('native')).find((file) => file.endsWith('.node'))
  if (name === undefined) throw new Error('package-size: no addon in native/')
  const bytes = readFileSync(inRoot('native', name))
  return { bytes: bytes.length, gzipped: gzipSync(bytes, { level: 9 }).length }
}

/** The report of scripts/package.mjs, which packs dry, on each package. */
function packed() {
  const words = execFileSync(process.execPath, ['scripts/package.mjs'], {
    cwd: root,
    encoding: 'utf8',
  })
  return [...words.matchAll(/^(\S+): (\d+) bytes packed, (\d+) unpacked$/gm)].map(
    ([, name = '', packed, unpacked]) => ({
      name,
      packed: Number(packed),
      unpacked: Number(unpacked),
    }),
  )
}
