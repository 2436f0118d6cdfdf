// Reports, from a process of its own, the growth of its peak of memory by training on one batch.
import { report } from './child.js'
import { type Batch, examples, lstmModel, randomBatch, type Shape } from './lstm.js'

/** Bytes of growth, and of the batch itself, which is part of it. */
export interface Growth {
  readonly peak: number
  readonly batch: number
}

async function grow(shape: Shape): Promise<Growth> {
  const model = lstmModel(shape)
  const short = { ...shape, time: 8 }
  const before = await peakOf(model, short, randomBatch(short), 100)
  const batch = randomBatch(shape)
  const peak = await peakOf(model, shape, batch, 6)
  return { peak: peak - before, batch: batch.x.byteLength + batch.y.byteLength }
}

/** The most memory that the process holds at the end of any step. */
async function peakOf(
  model: ReturnType<typeof lstmModel>,
  shape: Shape,
  batch: Batch,
  steps: number,
): Promise<number> {
  const one = examples(shape, batch)
  const run = model.train(() => new Array(steps).fill(one), { loss: 'meanSquared' })
  let peak = 0
  for await (const event of run) {
    if (event.type === 'step') peak = Math.max(peak, process.memoryUsage.rss())
  }
  return peak
}

await report(grow)
