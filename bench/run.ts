// npm run bench -- --help
import { appendFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Benchmark } from './benchmark.js'
import { cells } from './cells.js'
import { compare } from './compare/compare.js'
import { PRECISIONS } from './compare/protocol.js'
import { report } from './compare/report.js'
import { PEERS, resolveFlags } from './compare/settings.js'
import { curves } from './curves.js'
import { eventLoop } from './event-loop.js'
import { forced } from './forced.js'
import { linear } from './linear.js'
import { machineWords, thisMachine } from './machine.js'
import { memory } from './memory/memory.js'
import { packageSize } from './package-size.js'
import { recordText } from './record-text.js'
import { seq2seq } from './seq2seq/seq2seq.js'
import { trees } from './trees/trees.js'

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  compare,
  linear,
  seq2seq,
  cells,
  forced,
  trees,
  memory,
  curves,
  'event-loop': eventLoop,
  'package-size': packageSize,
}

const USAGE = `npm run bench [-- NAME ...] [FLAGS]

  NAME          ${Object.keys(BENCHMARKS).join(', ')}; all of them by default;
                report: puts the records of bench/record/ into bench/README.md
  --quick       a glance in place of a measurement
  --json OUT    also writes everything measured to a file

Of compare:
  --python PATH     a Python with PyTorch, also for memory; without it PyTorch is left out
  --before PATH     a built clone of another commit, in place of the peers; shapes-before.json by default
  --peers LIST      some of ${PEERS.join(',')}
  --shapes FILE     a list of shapes in place of the committed ones
  --precision NAME  ${PRECISIONS.join(' or ')}
  --threads N       of everyone, 1 by default
`

const FLAGS = {
  help: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  json: { type: 'string' },
  shapes: { type: 'string' },
  peers: { type: 'string' },
  threads: { type: 'string' },
  precision: { type: 'string' },
  python: { type: 'string' },
  before: { type: 'string' },
} as const

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: FLAGS })
  if (values.help) {
    process.stdout.write(USAGE)
    return
  }
  if (positionals.includes('report')) return report()
  const known = Object.keys(BENCHMARKS)
  const unknown = positionals.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    throw new Error(`no benchmark ${unknown.join(', ')}: there are ${known.join(', ')}, and report`)
  }
  // Before anything is measured: it may not be writable.
  if (values.json !== undefined) appendFileSync(values.json, '')
  const settings = { quick: values.quick, compare: resolveFlags(values), machine: thisMachine() }
  const { machine, quick } = settings
  process.stdout.write(machineWords(machine))
  const results: Record<string, object> = {}
  for (const [name, benchmark] of Object.entries(BENCHMARKS)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue
    console.log(`\n${name}: ${benchmark.about}`)
    results[name] = await benchmark.run(settings)
    // After each, so that what was measured is there when a later one fails.
    if (values.json === undefined) continue
    const record = { machine, quick, ...results }
    writeFileSync(values.json, recordText(record))
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
