// npm run bench [-- NAME ...] [--quick] [--json OUT]
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Benchmark } from './benchmark.js'
import { eventLoop } from './event-loop.js'
import { linear } from './linear.js'
import { machineWords, thisMachine } from './machine.js'
import { packageSize } from './package-size.js'
import { training } from './training.js'

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  training,
  linear,
  'event-loop': eventLoop,
  'package-size': packageSize,
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: 'boolean', default: false }, json: { type: 'string' } },
  })
  const known = Object.keys(BENCHMARKS)
  const unknown = positionals.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    throw new Error(`no benchmark ${unknown.join(', ')}: there are ${known.join(', ')}`)
  }
  const machine = thisMachine()
  process.stdout.write(machineWords(machine))
  const results: Record<string, object> = {}
  for (const [name, benchmark] of Object.entries(BENCHMARKS)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue
    console.log(`\n${name}: ${benchmark.about}`)
    results[name] = await benchmark.run({ quick: values.quick })
  }
  if (values.json !== undefined) {
    const record = { machine, quick: values.quick, ...results }
    writeFileSync(values.json, `${JSON.stringify(record, undefined, 2)}\n`)
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
