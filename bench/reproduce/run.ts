// npm run reproduce -- --help
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { inRoot, thisMachine } from '../machine.js'
import { addition } from './addition/addition.js'
import { g2p } from './g2p/g2p.js'
import type { Job } from './job.js'
import { listops } from './listops/listops.js'
import { reproduce } from './reproduce.js'
import { sentimentTrees } from './sentiment-trees/sentiment-trees.js'

const JOBS: Readonly<Record<string, Job>> = {
  g2p,
  addition,
  listops,
  'sentiment-trees': sentimentTrees,
}

const USAGE = `npm run reproduce -- NAME [FLAGS]

  NAME         one of:
${Object.entries(JOBS)
  .map(([name, { about }]) => `                 ${name.padEnd(15)} ${about}\n`)
  .join('')}
  --seed N     decides the split, the first weights and the order of the examples; 1 by default
  --fresh      forgets an earlier start
  --reduced    few examples and a small model, to see that it runs; leaves no record
  --json OUT   the file of the record; bench/record/reproduce-NAME.json by default

Ctrl-C or SIGTERM ends a run after the step under way and saves its place in .reproduce/NAME/; the same
command goes on from there. UNROLLED_THREADS=N sets the threads.
`

const FLAGS = {
  help: { type: 'boolean', default: false },
  seed: { type: 'string', default: '1' },
  fresh: { type: 'boolean', default: false },
  reduced: { type: 'boolean', default: false },
  json: { type: 'string' },
} as const

/** Runs the command line; gives the status to exit with. */
export async function run(args: readonly string[], signal: AbortSignal): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: FLAGS,
  })
  if (values.help) {
    process.stdout.write(USAGE)
    return 0
  }
  const [name = ''] = positionals
  const job = Object.hasOwn(JOBS, name) ? JOBS[name] : undefined
  if (job === undefined || positionals.length !== 1) {
    const known = Object.keys(JOBS).join(' or ')
    throw new Error(
      `reproduce: expected one name, ${known}, received ${positionals.join(' ') || 'none'}`,
    )
  }
  const { fresh, reduced } = values
  const usual = reduced ? undefined : inRoot('bench', 'record', `reproduce-${name}.json`)
  const result = await reproduce({
    name,
    job,
    machine: thisMachine(),
    command: `npm run reproduce -- ${args.filter((arg) => arg !== '--fresh').join(' ')}`,
    fresh,
    reduced,
    seed: seedOf(values.seed),
    folder: inRoot('.reproduce', reduced ? join('reduced', name) : name),
    record: values.json ?? usual,
    signal,
    say: (line) => console.log(line),
  })
  return result === undefined ? STOPPED : 0
}

/** The status of a run that stopped because it was asked to: that of a program ended by SIGINT. */
const STOPPED = 130

function seedOf(text: string): number {
  const seed = Number(text)
  if (/^\d+$/.test(text) && seed < 2 ** 32) return seed
  throw new Error(`--seed: expected an integer from 0 to ${2 ** 32 - 1}, received '${text}'`)
}
