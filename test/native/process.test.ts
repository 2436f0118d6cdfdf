import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { batch, recurrentGraph, TRAINING } from './graph.js'

const large = { graph: recurrentGraph(128), config: TRAINING, ...batch(64, 200, 128) }

/** Begins each program below; rebuilds typed arrays from their lengths. */
const PREAMBLE = `
const { addon: { Model } } = require('node:module')
  .createRequire(process.cwd() + '/package.json')('#native')
const filled = ({ name, shape }) => ({
  name, shape, values: new Float32Array(shape.reduce((a, b) => a * b)).fill(0.5),
})
const { graph, config, inputs, targets } = ${JSON.stringify(large, (key, value) =>
  key === 'values' ? undefined : value,
)}
const train = (count) => {
  const trainer = new Model(graph, 1).trainer(config)
  const step = () => trainer.step([{ inputs: inputs.map(filled), targets: targets.map(filled) }], { carry: false })
  return Promise.all(Array.from({ length: count }, step))
}
`

async function run(program: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', PREAMBLE + program])
  return stdout
}

test('a process with an idle model ends by itself', async () => {
  expect(await run(`train(1).then(([{ step }]) => console.log('step', step))`)).toBe('step 1\n')
})

test.each(['0', '1025', '65536', '-1', 'two', ''])('%j threads are refused', async (threads) => {
  const program = `try { new Model(graph, 1) } catch ({ code, message }) { console.log(code, message) }`
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', PREAMBLE + program], {
    env: { ...process.env, UNROLLED_THREADS: threads },
  })
  expect(stdout).toBe(
    `ERR_UNROLLED_ARGUMENT UNROLLED_THREADS: expected a whole number from 1 to 1024, received "${threads}"\n`,
  )
})

test.runIf(process.platform === 'linux')(
  'models share few threads, which end when idle',
  async () => {
    const program = `
const threads = () => require('node:fs').readdirSync('/proc/self/task').length
const x = filled({ name: inputs[0].name, shape: [32, 20, 2] })
const models = Array.from({ length: 2000 }, (_, i) => new Model(graph, i))
models[0].predict([x], []).then(async () => {
  const before = threads()
  const running = models.map((model) => Promise.all([model.predict([x], []), model.predict([x], [])]))
  const during = threads()
  await Promise.all(running)
  await new Promise((resolve) => setTimeout(resolve, 2500))
  console.log(during - before < 50, threads() <= before)
})`
    expect(await run(program)).toBe('true true\n')
  },
)

test('a process can exit while a step runs', async () => {
  expect(
    await run(`train(8); setTimeout(() => { console.log('left'); process.exit(0) }, 20)`),
  ).toBe('left\n')
})

test('workers can be terminated while they train, and others go on', async () => {
  const program = `
const { Worker } = require('node:worker_threads')
const source = ${JSON.stringify(PREAMBLE)} + \`
  train(8)
  require('node:worker_threads').parentPort.postMessage('training')\`
const terminated = async () => {
  const worker = new Worker(source, { eval: true })
  await new Promise((resolve) => worker.once('message', resolve))
  await worker.terminate()
}
Promise.all([terminated(), terminated(), terminated()])
  .then(() => train(2))
  .then((reports) => setTimeout(() => console.log('steps', reports.length), 100))`
  expect(await run(program)).toBe('steps 2\n')
})
