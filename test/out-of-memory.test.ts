import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

// Every operation, larger and larger in little memory: refused with a code, and the process lives on.

/** Address space of a process, in KiB: Node itself reserves about a third of it. */
const SPACE = 3_000_000

/**
 * Calls with sizes that grow until the call is refused, and prints the reason. The caller's own arrays are
 * made by `floats`, whose refusal is none of the library's.
 */
const HEAD = `import * as u from 'unrolled'
class Own extends Error {}
const floats = (n) => { try { return new Float32Array(n) } catch { throw new Own() } }
const grow = async (name, size, call, factor = 8) => {
  for (let n = size; n < 2 ** 40; n = Math.ceil(n * factor)) {
    try { await call(n) } catch (error) {
      console.log(name + ' ' + (error instanceof Own ? 'own' : error.code ?? error)); break
    }
    globalThis.gc()
  }
}
const once = async (name, call) => {
  try { await call(); console.log(name + ' ok') } catch (error) { console.log(name + ' ' + (error.code ?? error)) }
}
const narrow = () => u.sequential([u.rnn({ inputSize: 1, hiddenSize: 64 })])
const x = (n, time = 1) => ({ values: floats(n), shape: [n / time, time, 1] })
const data = (n, time = 1) => ({ x: x(n, time), y: { values: floats(n * 64), shape: [n / time, time, 64] } })
const wide = (n) => u.sequential([u.dense({ inputSize: 1, size: n })])
`

/** The operations of a process, each with its first size. */
const PROGRAMS: Readonly<Record<string, string>> = {
  'layers are made': `
const made = (name, layer) => grow(name, 2 ** 10, (n) => u.sequential([layer(n)]).dispose(), 2)
const initializer = 'pytorch'
await made('lstm', (n) => u.lstm({ inputSize: 4, hiddenSize: n, initializer }))
await made('gru', (n) => u.gru({ inputSize: 4, hiddenSize: n, initializer }))
await made('rnn', (n) => u.rnn({ inputSize: 4, hiddenSize: n, initializer }))
await made('bidirectional', (n) => u.lstm({ inputSize: 4, hiddenSize: n, initializer, bidirectional: true }))
await grow('dense', 2 ** 18, (n) => u.sequential([u.dense({ inputSize: 64, size: n })]).dispose())
await grow('embedding', 2 ** 18, (n) => u.sequential([u.embedding({ vocabularySize: n, size: 64 })]).dispose())
await grow('scan', 2 ** 10, (n) => u.graph(({ input }) => {
  const step = u.cell({ h: n }, ({ h }, x) => ({ h: u.tanh(u.linear(n)(u.concat(h, x))) }))
  return { y: u.scan(step)(input.sequence('x', { size: 4 })).output }
}).dispose(), 2)`,
  'a model is run': `
const loss = 'meanSquared'
await grow('predict', 2 ** 19, (n) => narrow().predict(x(n)))
await grow('evaluate', 2 ** 19, (n) => narrow().evaluate(data(n), { loss, batchSize: n }))
await grow('gradients', 2 ** 19, (n) => narrow().gradients(data(n), { loss }))
await grow('stream', 2 ** 22, (n) => wide(n).stream().push([1]))`,
  'no memory is left': `
const model = wide(2 ** 22)
const held = []
try { for (;;) held.push(model.parameters()) } catch (error) { console.log('parameters ' + error.code) }
await once('setParameters', () => model.setParameters(held[0]))
await once('toBytes', () => model.toBytes())
await once('predict', () => model.predict([[1]]))
await once('stream', () => model.stream().push([1]))
await once('summary', () => model.summary())
await once('dispose', () => model.dispose())
held.length = 0
globalThis.gc()
await once('afterwards', async () => u.fromBytes(wide(2 ** 10).toBytes()).predict([[1]]))`,
  'a model is trained': `
const loss = 'meanSquared'
await grow('fit', 2 ** 19, (n) => narrow().fit(data(n), { loss, epochs: 1, batchSize: n }))
await grow('carry', 2 ** 19, (n) => narrow().fit(data(n), { loss, epochs: 1, batchSize: n, carry: true }))
await grow('truncate', 2 ** 19, (n) =>
  narrow().fit(data(n, 4), { loss, epochs: 1, batchSize: n, truncate: { k1: 2, k2: 2 } }))
await grow('sqrt', 2 ** 19, (n) => narrow().fit(data(n, 64), { loss, epochs: 1, batchSize: n, memory: 'sqrt' }))
await grow('train', 2 ** 19, async (n) => {
  for await (const _ of narrow().train(data(n), { loss, epochs: 1, batchSize: n })) {}
})`,
  'every optimizer': `
const fit = (name, optimizer) => grow(name, 2 ** 24, (n) => wide(n).fit(
  { x: [[[1]]], y: { values: floats(n), shape: [1, 1, n] } }, { loss: 'meanSquared', epochs: 1, optimizer }))
await fit('sgd', u.sgd({ learningRate: 0.1, momentum: 0.9 }))
await fit('rmsprop', u.rmsprop({ learningRate: 0.1 }))
await fit('adagrad', u.adagrad({ learningRate: 0.1 }))
await fit('adam', u.adam({ learningRate: 0.1 }))
await fit('adamw', u.adamw({ learningRate: 0.1 }))`,
}

test.skipIf(process.platform !== 'linux').each(Object.entries(PROGRAMS))(
  'in little memory nothing dies: %s',
  (_, program) => {
    const { status, signal, stdout, stderr } = spawnSync(
      'bash',
      [
        '-c',
        `ulimit -v ${SPACE}; exec "$0" --expose-gc --input-type=module -e "$1"`,
        process.execPath,
        HEAD + program,
      ],
      { encoding: 'utf8', env: { ...process.env, UNROLLED_THREADS: '1' }, timeout: 120_000 },
    )
    expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: '' })
    const lines = stdout.trim().split('\n')
    expect(lines.filter((line) => !/ (own|ok|ERR_UNROLLED_SIZE)$/.test(line))).toEqual([])
    expect(lines.length).toBeGreaterThan(3)
    expect(lines).not.toContain('afterwards ERR_UNROLLED_SIZE')
  },
  120_000,
)
