// Runs this library in a process of its own: its first question decides the weights of both sides.
import { writeFileSync } from 'node:fs'
import {
  adam,
  attention,
  beam,
  dense,
  encoderDecoder,
  graph,
  linear,
  type Model,
  multiply,
  parameter,
  type Sequence,
  version,
} from 'unrolled'
import { answerLines } from '../compare/answer.js'
import { ADAM, type Count, type Sample } from '../compare/protocol.js'
import { timeCalls } from '../compare/serve.js'
import { randomNumbers } from '../compare/weights.js'
import { timeSteps } from '../steps.js'
import { type Request, SIZES, type Task, type Texts, type Widths } from './protocol.js'

const { UNROLLED_THREADS } = process.env

/** A model and its batch. */
interface Work {
  readonly model: Model
  readonly task: Task
  readonly texts: Texts
  readonly batch: { readonly x: object; readonly y: object }
  readonly loss: object
}

function translator({ hidden: hiddenSize, embedding: embeddingSize }: Widths, seed: number): Model {
  const { vocabulary: vocabularySize } = SIZES
  return encoderDecoder({
    source: { vocabularySize },
    target: { vocabularySize, start: 0 },
    hiddenSize,
    embeddingSize,
    bidirectional: true,
    attention: 'additive',
    seed,
  }) as Model
}

/** Scaled dot attention of one sequence to another, between linear maps or with a learned factor for each number. */
function attender(task: Task, { hidden: size }: Widths): Model {
  const side = (axis: string) => ({ sequence: { size, axis } })
  return graph({ q: side('target'), m: side('source') }, ({ q, m }) => {
    const map = (name: string, x: Sequence): Sequence =>
      task === 'alone'
        ? multiply(parameter(size, { name, initializer: 1 }), x)
        : linear(size, { bias: false, name })(x)
    const look = attention({ score: 'scaled' })
    const { context } = look(map('query', q), { keys: map('keys', m), values: map('values', m) })
    return { y: task === 'alone' ? context : dense({ size, bias: false, name: 'out' })(context) }
  }) as Model
}

function attends(task: Task): boolean {
  return task === 'attend' || task === 'alone'
}

async function open(request: Request & { readonly ask: 'open' }): Promise<Work> {
  const { task, widths, seed, model: file, texts } = request
  const model = attends(task) ? attender(task, widths) : translator(widths, seed)
  await model.save(file)
  const { source, target } = texts
  const numbers = (rows: readonly (readonly number[])[], seed: number) => {
    const [{ hidden }, { most }] = [widths, SIZES]
    const values = randomNumbers(rows.length * most * hidden, seed)
    return rows.map((row, i) => values.slice(i * most * hidden, (i * most + row.length) * hidden))
  }
  const batch = attends(task)
    ? { x: { q: numbers(target, 1), m: numbers(source, 2) }, y: { y: numbers(target, 3) } }
    : { x: { source, target }, y: { scores: target } }
  const loss = attends(task) ? { y: 'meanSquared' } : { scores: 'crossEntropy' }
  return { model, task, texts, batch, loss }
}

/** Tokens row by row, or the loss and the gradients in the order of the parameters' names. */
async function numbersOf(work: Work): Promise<Float32Array> {
  const { model, batch, loss } = work
  if (work.task === 'greedy' || work.task === 'beam') {
    return Float32Array.from((await generated(work)).flatMap(({ tokens }) => tokens))
  }
  const found = await model.gradients(batch as never, { loss } as never)
  const names = Object.keys(model.parameters()).sort()
  const gradients = names.map((name) => found.parameters[name]?.values ?? new Float32Array(0))
  return Float32Array.from([found.loss, ...gradients.flatMap((values) => Array.from(values))])
}

function generated({ model, task, texts: { source } }: Work) {
  const { steps: maxSteps, beams: width } = SIZES
  const search = task === 'beam' ? beam({ width }) : 'greedy'
  return model.generate({ source } as never, { maxSteps, search } as never)
}

async function sample(work: Work, count: Count): Promise<Sample> {
  if (work.task === 'greedy' || work.task === 'beam') {
    return timeCalls(count, () => generated(work))
  }
  const { model, batch, loss } = work
  const batches = new Array(count.calls + 1).fill(batch)
  const run = model.train(batches as never, { loss, optimizer: adam(ADAM) } as never)
  return timeSteps(run, count.calls)
}

let work: Work | undefined
await answerLines(async (request: Request) => {
  if (request.ask === 'hello') return { version, about: `${UNROLLED_THREADS} threads` }
  if (request.ask === 'open') work = await open(request)
  if (work === undefined) throw new Error('no work is open')
  if (request.ask === 'sample') return sample(work, request)
  if (request.ask === 'numbers') writeFileSync(request.file, await numbersOf(work))
  return {}
})
