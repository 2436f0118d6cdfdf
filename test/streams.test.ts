import { concat, dense, embedding, graph, gru, last, lstm, sequential } from 'unrolled'
import { describe, expect, test } from 'vitest'
import { steps } from './support/networks.js'

describe('streams', () => {
  test('state can be kept, set and forked', async () => {
    const model = sequential([
      embedding({ vocabularySize: 4, size: 3 }),
      gru({ hiddenSize: 5 }),
      dense({ size: 4 }),
    ])
    const stream = model.stream()
    stream.push(1)
    const kept = stream.state
    const next = Array.from(stream.push(2).output)
    stream.state = kept
    expect(Array.from(stream.push(2).output)).toEqual(next)
    const fork = stream.fork()
    expect(fork.push(3)).toEqual(stream.push(3))
    fork.push(0)
    expect(Array.from(fork.push(1).output)).not.toEqual(Array.from(stream.push(1).output))
    stream.reset()
    expect(Array.from(stream.push(1).output)).toEqual(Array.from(model.stream().push(1).output))
    expect(() => stream.push(4)).toThrow(expect.objectContaining({ code: 'ERR_UNROLLED_VALUE' }))
    expect(() => stream.push(2 ** 32 + 1)).toThrow(
      'push: expected a whole id from 0, received 4294967297',
    )
    expect(() => stream.push(1.5)).toThrow('push: expected a whole id from 0, received 1.5')
    stream.dispose()
    stream.dispose()
    expect(() => stream.push(1)).toThrow('the stream has been disposed')
  })

  test('a state that is left out starts at zero', () => {
    const model = sequential([lstm({ inputSize: 2, hiddenSize: 3 })])
    const [stream, zeros] = [model.stream(), new Float32Array(3)]
    stream.push([1, 2])
    const { 'lstm.l0:c': c } = stream.state
    if (c === undefined) throw new Error('no state of the cell')
    stream.push([3, 4])
    stream.state = { 'lstm.l0:c': c }
    expect(stream.state['lstm.l0:c']?.values).toEqual(c.values)
    expect(stream.state['lstm.l0:h']?.values).toEqual(zeros)
  })

  test('a last step as an output is the latest step', () => {
    const model = sequential([gru({ inputSize: 2, hiddenSize: 3 }), last()])
    const stream = model.stream()
    expect(stream.push([1, 2]).output).toHaveLength(3)
    expect(() => stream.push([1])).toThrow('push: expected 2 numbers, received an array of 1')
  })

  test('several inputs and outputs go by name, and outputs are the callers to keep', async () => {
    const model = graph(({ input }) => {
      const word = input.tokens('word', { vocabularySize: 5 })
      const signal = input.sequence('signal', { size: 2 })
      const level = input.sequence('level', { size: 1 })
      const all = concat(embedding({ vocabularySize: 5, size: 3 })(word), signal, level)
      const { output } = lstm({ hiddenSize: 4 })(all)
      return { next: dense({ size: 2 })(output), level: dense({ size: 1 })(output) }
    })
    const [word, signal] = [[4, 0, 3], steps(3, 2)]
    const level = [0.5, -1, 2]
    const whole = await model.predict({ word: [word], signal: [signal], level: [level] })
    const stream = model.stream()
    const pushed = word.map((id, t) =>
      stream.push({
        level: level[t] ?? 0,
        word: id,
        signal: Float32Array.from(signal[t] ?? []),
      }),
    )
    expect(pushed.map(({ next }) => Array.from(next))).toEqual(whole.next.toNested()[0])
    expect(pushed.map(({ level }) => Array.from(level))).toEqual(whole.level.toNested()[0])
    const bad: [never, string][] = [
      [{ word: 1, signal: [1, 2] } as never, 'push.level: expected 1 numbers, received undefined'],
      [{ word: 1, signal: [1], level: 1 } as never, 'push.signal: expected 2 numbers'],
      [{ word: 1, signal: [1, 2], level: 1, x: 2 } as never, 'push: unknown input "x"'],
      [[1, 2] as never, 'push: expected steps by name (word, signal, level)'],
    ]
    for (const [step, message] of bad) expect(() => stream.push(step)).toThrow(message)
    expect(() => stream.push({ word: 5, signal: [1, 2], level: 1 })).toThrow("input 'word'")
    const same = { word: 1, signal: [1, 2], level: 1 }
    const fork = stream.fork()
    expect(() => stream.push({ ...same, level: Number.NaN })).toThrow(
      expect.objectContaining({ code: 'ERR_UNROLLED_NON_FINITE' }),
    )
    expect(stream.push(same)).toEqual(fork.push(same))
  })
})
