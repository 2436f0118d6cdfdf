import { join } from 'node:path'
import { adam, type Examples, linearDecay, load, type Model, type TrainOptions } from 'unrolled'
import type { Work } from './job.js'
import { type Place, readPlace, savePlace } from './place.js'
import { Progress } from './progress.js'
import { seedOf } from './random.js'

/** A training that can stop and go on. */
export interface Plan<M extends Model> {
  /** Names its files and its lines. */
  readonly name: string
  readonly epochs: number
  /** The learning rate of Adam, its share at the last step, and steps to warm up at each start. */
  readonly learningRate: number
  readonly minimum: number
  readonly warmup: number
  readonly options: Pick<TrainOptions, 'loss' | 'clip'>
  /** The batches of an epoch, counted from 1; the same at each start. */
  batches(epoch: number): readonly BatchOf<M>[]
  /** Measures the model after an epoch, in percent or nats. */
  measure(model: M): Promise<Readonly<Record<string, number>>>
  /** Tells by the measures if the training has reached its goal; it goes through all epochs by default. */
  enough?(measures: Readonly<Record<string, number>>): boolean
}

/** Batches of a model. */
export type BatchOf<M> = M extends Model<infer I, infer O> ? Examples<I, O> : never

/** A trained model and its way. */
export interface Learned<M> {
  readonly model: M
  readonly place: Omit<Place, 'model'>
}

const START = { epochs: 0, step: 0, seconds: 0, starts: 0, done: false, curve: [] }

/**
 * Trains a model, from its saved place where there is one, and saves it after each epoch. The optimizer's running
 * means are not saved: a start warms up to the rate of its place.
 *
 * Rejects with the signal's reason after an abort, with the place saved; the batch under way is taken again.
 */
export async function learn<M extends Model>(
  work: Work,
  fresh: () => M,
  plan: Plan<M>,
): Promise<Learned<M>> {
  const saved = readPlace(work.folder, plan.name)
  const model = saved === undefined ? fresh() : await load<M>(join(work.folder, saved.model))
  const begun: Omit<Place, 'model'> = saved ?? START
  if (begun.done) return { model, place: begun }
  const place = await train(work, model, plan, { ...begun, starts: begun.starts + 1 })
  return { model, place }
}

/** Runs what is left; gives the place at the end. */
async function train<M extends Model>(
  work: Work,
  model: M,
  plan: Plan<M>,
  begun: Omit<Place, 'model'>,
): Promise<Omit<Place, 'model'>> {
  const { name, epochs } = plan
  const steps = plan.batches(1).length
  const total = steps * epochs
  const line = new Progress(work, name, { steps, epochs })
  const started = performance.now()
  const seconds = () => begun.seconds + (performance.now() - started) / 1000
  let place = begun
  const save = (next: Omit<Place, 'model'>): void => {
    place = { ...next, seconds: seconds() }
    savePlace(work.folder, name, model.toBytes(), place)
  }
  for await (const event of running(work, model, plan, begun, total)) {
    if (event.type === 'step') {
      place = { ...place, step: place.step + 1 }
      line.step(place, event.loss, event.learningRate)
    } else {
      const epoch = place.epochs + 1
      const measures = await plan.measure(model)
      const done = epoch === epochs || plan.enough?.(measures) === true
      const point = { epoch, loss: event.record.loss, measures }
      save({ ...place, epochs: epoch, step: 0, done, curve: [...place.curve, point] })
      line.epoch(point)
      if (done) break
    }
    // After the last step of an epoch there is the epoch's end to wait for.
    if (work.signal.aborted && place.step < steps) break
  }
  if (work.signal.aborted && !place.done) {
    save(place)
    work.say(`${name}: saved in epoch ${place.epochs + 1}, after step ${place.step}`)
  }
  work.signal.throwIfAborted()
  return place
}

function running<M extends Model>(
  work: Work,
  model: M,
  plan: Plan<M>,
  { epochs, step }: Omit<Place, 'model'>,
  total: number,
) {
  const { learningRate, minimum } = plan
  const behind = (total / plan.epochs) * epochs + step
  const share = 1 - ((1 - minimum) * behind) / total
  const left = total - behind
  const warmup = Math.min(plan.warmup, left - 1)
  let epoch = epochs
  const batches = (): readonly BatchOf<M>[] => {
    epoch += 1
    return plan.batches(epoch).slice(epoch === epochs + 1 ? step : 0)
  }
  return model.train(batches, {
    ...plan.options,
    optimizer: adam({ learningRate: learningRate * share }),
    schedule: linearDecay({ warmup, steps: left, minimum: minimum / share }),
    epochs: plan.epochs - epochs,
    seed: seedOf(work.seed, behind),
  })
}
