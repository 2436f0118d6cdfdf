// Measures the memory of a training step of ours, in a process of its own.
import { readFileSync, writeFileSync } from 'node:fs'
import { gru, lstm, rnn, sequential } from 'unrolled'
import { report } from '../child.js'
import type { Held, MemoryShape } from './memory.js'

const STATUS = '/proc/self/status'
const CELLS = { lstm, gru, rnn }

function status(name: string): number {
  const kibibytes = new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(STATUS, 'utf8'))?.[1]
  return 1024 * Number(kibibytes)
}

async function hold({ cell, input, hidden, batch, time }: MemoryShape): Promise<Held> {
  const model = sequential([CELLS[cell]({ inputSize: input, hiddenSize: hidden })], { seed: 1 })
  const part = (steps: number, size: number) => ({
    values: Float32Array.from({ length: batch * steps * size }, () => Math.random() - 0.5),
    shape: [batch, steps, size],
  })
  const of = (steps: number) => ({ x: part(steps, input), y: part(steps, hidden) })
  const train = async (one: ReturnType<typeof of>): Promise<number> => {
    const { memory } = await model.fit([one, one, one], { loss: 'meanSquared' })
    return memory?.tape ?? Number.NaN
  }
  const [one, short] = [of(time), of(2)]
  await train(short)
  // The peak so far is forgotten.
  writeFileSync('/proc/self/clear_refs', '5')
  const before = status('VmRSS')
  const tape = await train(one)
  return { tape, growth: status('VmHWM') - before }
}

await report(hold)
