import { expect, test } from 'vitest'
import { ProgressLine } from '../../examples/moby-dick/progress.js'

test('the time that is left counts the steps of this program, not those before it', () => {
  const lines: string[] = []
  const output = { isTTY: false, write: (text: string) => lines.push(text) }
  const line = new ProgressLine(output as unknown as NodeJS.WriteStream)
  const rate = { epoch: 2, loss: Math.LN2, characters: 2000, seconds: 10 }
  line.update({ ...rate, step: 300, steps: 400, taken: 50 })
  expect(lines).toEqual([
    'epoch 2  step 300/400  loss 0.693  1.000 bits/char  200 chars/s  20 s left\n',
  ])
})
