import type { TrainEvent } from 'unrolled'
import { startWatch, type Time } from './measure.js'

/** The time of a step of a run of `calls` steps, after one that makes the storage and is never counted. */
export async function timeSteps(events: AsyncIterable<TrainEvent>, calls: number): Promise<Time> {
  let watch = startWatch()
  let time = watch()
  let steps = 0
  for await (const event of events) {
    if (event.type !== 'step') continue
    if (steps === 0) watch = startWatch()
    steps += 1
    time = watch()
  }
  return { wall: time.wall / calls, processor: time.processor / calls }
}
