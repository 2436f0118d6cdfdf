import { expect, test } from 'vitest'
import { Progress } from '../../ts/train/progress.js'

const memory = { tape: 4, gradients: 3, optimizer: 2, weights: 1 }
const step = {
  type: 'step',
  epoch: 1,
  steps: 10,
  learningRate: 0.1,
  norm: 1,
  skipped: false,
  memory,
} as const

/** Draws on a terminal of text, with a clock of our own. */
function drawn(isTTY: boolean) {
  const lines: string[] = []
  const clock = { now: 0 }
  const output = { isTTY, write: (text: string) => lines.push(text) }
  return { lines, clock, progress: new Progress(2, output, () => clock.now) }
}

test('a line with epoch, step, loss, speed and time left, ten times a second', () => {
  const { lines, clock, progress } = drawn(true)
  clock.now = 500
  progress.update({ ...step, step: 1, loss: 0.25 })
  clock.now = 550
  progress.update({ ...step, step: 2, loss: 0.24 })
  clock.now = 1500
  progress.update({ ...step, step: 3, loss: 0.23 })
  const record = { epoch: 1, loss: 0.5, validationLoss: 0.75, seconds: 75 }
  progress.update({ type: 'epoch', record, stopped: undefined, memory })
  expect(lines.map((line) => line.replace('\r\x1b[K', ''))).toEqual([
    'epoch 1/2  step 1/10  loss 0.2500  2.0 steps/s  0:10 left',
    'epoch 1/2  step 3/10  loss 0.2300  2.0 steps/s  0:09 left',
    'epoch 1/2  loss 0.5000  validationLoss 0.7500  1:15\n',
  ])
})

test('nothing where there is no terminal', () => {
  const { lines, progress } = drawn(false)
  progress.update({ ...step, step: 1, loss: 1 })
  expect(lines).toEqual([])
})
