import { readFileSync, writeFileSync } from 'node:fs'
import { startWatch } from '../measure.js'
import { answerLines } from './answer.js'
import type { Count, Hello, Learned, Request, Sample, Work } from './protocol.js'

/** A model in the hands of a library, on the numbers of its work. */
export interface Contender {
  readonly note?: string
  outputs(): Promise<Float32Array>
  /** The loss and its gradients, ordered as the weights; the model is as before. */
  gradients(): Promise<Learned & { readonly gradients: Float32Array }>
  /** One call, or several where they cannot be told apart: the time is theirs together. */
  sample(count: Count): Promise<Sample>
  close(): void
}

/** A library under test, in a process of its own. */
export interface Engine {
  hello(): Promise<Hello>
  /** The reason why there is no such work, or nothing. */
  refuse(work: Work): string | undefined
  open(work: Work, numbers: Numbers): Promise<Contender>
}

/** The numbers of a work, from its files. */
export interface Numbers {
  readonly weights: Float32Array
  readonly x: Float32Array
  readonly y: Float32Array
}

/** Answers the requests on stdin, one after another, until it ends. */
export async function serve(engine: Engine): Promise<void> {
  // Libraries print; stdout is for answers.
  console.log = console.error
  console.info = console.error
  let contender: Contender | undefined
  const current = (): Contender => {
    if (contender === undefined) throw new Error('no work is open')
    return contender
  }
  const answer = async (request: Request): Promise<object> => {
    switch (request.ask) {
      case 'hello':
        return engine.hello()
      case 'open': {
        contender?.close()
        contender = undefined
        const refused = engine.refuse(request.work)
        if (refused !== undefined) return { refused }
        contender = await engine.open(request.work, readNumbers(request.work))
        return contender.note === undefined ? {} : { note: contender.note }
      }
      case 'outputs':
        writeFileSync(request.file, await current().outputs())
        return {}
      case 'gradients': {
        const { loss, gradients } = await current().gradients()
        writeFileSync(request.file, gradients)
        return { loss }
      }
      case 'sample':
        return current().sample(request)
    }
  }
  await answerLines(answer)
}

function readNumbers({ weights, x, y }: Work): Numbers {
  return { weights: readFloats(weights), x: readFloats(x), y: readFloats(y) }
}

/** The f32 numbers of a file, in memory of their own. */
export function readFloats(file: string): Float32Array {
  const bytes = readFileSync(file)
  const numbers = new Float32Array(bytes.byteLength / 4)
  new Uint8Array(numbers.buffer).set(bytes)
  return numbers
}

/** The time of `calls` calls one after another, each, after one that is not counted if `warm`. */
export async function timeCalls(
  { calls, warm }: Count,
  call: () => Promise<unknown>,
): Promise<Sample> {
  if (warm) await call()
  const watch = startWatch()
  for (let done = 0; done < calls; done++) await call()
  const { wall, processor } = watch()
  return { wall: wall / calls, processor: processor / calls }
}

/** Does as `timeCalls`, for calls that do not wait. */
export async function timeLoop({ calls, warm }: Count, call: () => void): Promise<Sample> {
  if (warm) call()
  const watch = startWatch()
  for (let done = 0; done < calls; done++) call()
  const { wall, processor } = watch()
  return { wall: wall / calls, processor: processor / calls }
}

/** `[a, b, size]` as `[b, a, size]`. */
export function swapped(from: Float32Array, a: number, b: number, size: number): Float32Array {
  const to = new Float32Array(from.length)
  for (let i = 0; i < a; i++) {
    for (let j = 0; j < b; j++) {
      const start = (i * b + j) * size
      to.set(from.subarray(start, start + size), (j * a + i) * size)
    }
  }
  return to
}
