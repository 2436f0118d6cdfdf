// Runs this library in a process of its own: its first question decides the weights of all ways.
import { existsSync, writeFileSync } from 'node:fs'
import { adam, dense, graph, load, type Model, treeLstm, version } from 'unrolled'
import { answerLines } from '../compare/answer.js'
import { ADAM, type Count, type Sample } from '../compare/protocol.js'
import { randomNumbers } from '../compare/weights.js'
import { timeSteps } from '../steps.js'
import { type Request, SIZES, type Trees, type Way } from './protocol.js'
import { nameInTree, type TreeWork, unrolledTree } from './unrolled-tree.js'

const { UNROLLED_THREADS } = process.env

/** Works whose steps, one after another, are a step over all trees; and the names of the parameters. */
interface Work {
  readonly parts: readonly TreeWork[]
  readonly names: readonly string[]
}

function modelOf(): Model {
  const { classes, hidden: hiddenSize, input } = SIZES
  return graph(
    { x: { tree: { size: input } } },
    ({ x }) => {
      const { output } = treeLstm({ hiddenSize, children: 2 })(x)
      return { scores: dense({ size: classes })(output) }
    },
    { seed: 1 },
  ) as Model
}

async function open(way: Way, file: string, { classes, parents }: Trees): Promise<Work> {
  if (!existsSync(file)) await modelOf().save(file)
  const model = await load(file)
  const parameters = model.parameters()
  const names = Object.keys(parameters).sort()
  const size = (parents[0]?.length ?? 0) * SIZES.input
  const numbers = randomNumbers(parents.length * size, 1)
  const values = parents.map((_, row) => numbers.slice(row * size, (row + 1) * size))
  if (way === 'batched') {
    const x = { x: parents.map((of, row) => ({ parents: of, values: values[row] })) }
    const batch = { x, y: { scores: classes } }
    return { names, parts: [{ model, batch, loss: { scores: 'crossEntropy' } }] }
  }
  const parts = parents.map((of, row) =>
    unrolledTree(of, classes[row] ?? [], values[row] ?? new Float32Array()),
  )
  const given = names.map((name) => [nameInTree(name), parameters[name]])
  for (const { model } of parts) model.setParameters(Object.fromEntries(given))
  return { names: names.map(nameInTree), parts }
}

/** The loss and the gradients in the order of the parameters' names, of all parts together. */
async function numbersOf({ names, parts }: Work): Promise<Float32Array> {
  let sums: Float64Array | undefined
  for (const { model, batch, loss } of parts) {
    const found = await model.gradients(batch as never, { loss } as never)
    const gradients = names.flatMap((name) => Array.from(found.parameters[name]?.values ?? []))
    sums ??= new Float64Array(1 + gradients.length)
    for (const [i, x] of [found.loss, ...gradients].entries()) sums[i] = (sums[i] ?? 0) + x
  }
  return Float32Array.from(sums ?? [])
}

/** The time of a step: of all parts, one after another, each after one that is not counted. */
async function sample({ parts }: Work, { calls }: Count): Promise<Sample> {
  let [wall, processor] = [0, 0]
  for (const { model, batch, loss } of parts) {
    const batches = new Array(calls + 1).fill(batch)
    const run = model.train(batches as never, { loss, optimizer: adam(ADAM) } as never)
    const time = await timeSteps(run, calls)
    wall += time.wall
    processor += time.processor
  }
  return { wall, processor }
}

let work: Work | undefined
await answerLines(async (request: Request) => {
  if (request.ask === 'hello') return { version, about: `${UNROLLED_THREADS} threads` }
  if (request.ask === 'open') work = await open(request.way, request.model, request.trees)
  if (work === undefined) throw new Error('no work is open')
  if (request.ask === 'sample') return sample(work, request)
  if (request.ask === 'numbers') writeFileSync(request.file, await numbersOf(work))
  return {}
})
