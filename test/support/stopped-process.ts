// A run of `stopped-runs.ts` in a process of its own, which may be killed.
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { transformSync } from 'esbuild'
import type { CheckpointOptions } from 'unrolled'
import type { Ending } from './stopped-runs.js'

const SOURCE = fileURLToPath(new URL('./stopped-runs.ts', import.meta.url))

/** Says "begun" at the first step, then the run's ending and its steps, or the code of an error. */
const MAIN = `
const [name, checkpoint] = JSON.parse(process.argv[1])
let steps = 0
const began = () => {
  if (steps === 0) process.stdout.write('begun\\n')
  steps += 1
}
try {
  const ending = await runToEnd(name, checkpoint, began)
  process.stdout.write(JSON.stringify({ ending, steps }))
} catch (error) {
  process.stdout.write(JSON.stringify({ code: error.code, message: error.message, cause: error.cause?.code }))
}
`

let program: string | undefined

/** How a process ended: the run's ending or its error; neither if it was killed. */
export interface Outcome {
  readonly ending: Ending | undefined
  readonly error: { code: string; message: string; cause?: string } | undefined
  /** The steps that this process has made, if the run came to its end. */
  readonly steps: number
  /** The time from the first step to the end in ms. */
  readonly lasted: number
}

/** Runs a run to its end; kills it `after` so many ms from its first step, if any are given. */
export async function runProcess(
  name: string,
  checkpoint: CheckpointOptions | undefined,
  { after, limit = '', threads = 1 }: { after?: number; limit?: string; threads?: number } = {},
): Promise<Outcome> {
  program ??= transformSync(readFileSync(SOURCE, 'utf8'), { loader: 'ts' }).code + MAIN
  const command = `${limit} exec "$0" --input-type=module -e "$1" "$2"`
  const given = ['-c', command, process.execPath, program, JSON.stringify([name, checkpoint])]
  const env = { ...process.env, UNROLLED_THREADS: String(threads) }
  const child = spawn('bash', given, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  return watched(child, after)
}

async function watched(child: ChildProcess, after: number | undefined): Promise<Outcome> {
  let text = ''
  let begun = 0
  child.stdout?.setEncoding('utf8')
  child.stdout?.on('data', (part: string) => {
    text += part
    if (begun > 0 || !text.startsWith('begun\n')) return
    begun = performance.now()
    if (after !== undefined) setTimeout(() => child.kill('SIGKILL'), after)
  })
  await new Promise((resolve) => child.on('close', resolve))
  const lasted = begun === 0 ? 0 : performance.now() - begun
  const last = text.replace('begun\n', '')
  if (last === '') return { ending: undefined, error: undefined, steps: 0, lasted }
  const said = JSON.parse(last)
  return 'code' in said
    ? { ending: undefined, error: said, steps: 0, lasted }
    : { ...said, error: undefined, lasted }
}
