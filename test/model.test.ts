import {
  add,
  cell,
  concat,
  dense,
  embedding,
  graph,
  gru,
  linear,
  lstm,
  mean,
  multiply,
  relu,
  rnn,
  scan,
  sequential,
  shift,
  softmax,
  tanh,
} from 'unrolled'
import { describe, expect, test } from 'vitest'
import { numbers, steps, tagger } from './support/networks.js'

describe('a step by hand', () => {
  test('a plain recurrent layer of one unit', async () => {
    const model = sequential([rnn({ inputSize: 1, hiddenSize: 1 })])
    model.setParameters({
      'rnn.weight_ih_l0': Float32Array.of(0.5),
      'rnn.weight_hh_l0': Float32Array.of(-2),
      'rnn.bias_ih_l0': Float32Array.of(0.25),
      'rnn.bias_hh_l0': Float32Array.of(0),
    })
    const { output, state } = await model.predict([[1, 2]])
    const first = Math.tanh(0.5 * 1 + 0.25)
    const second = Math.tanh(0.5 * 2 + 0.25 - 2 * first)
    expect(output.toNested()[0]?.[0]?.[0]).toBeCloseTo(first, 6)
    expect(output.toNested()[0]?.[1]?.[0]).toBeCloseTo(second, 6)
    expect(state['rnn.l0:h']?.toNested()[0]?.[0]).toBeCloseTo(second, 6)
  })

  test('an LSTM whose gates are set open keeps a sum', async () => {
    const model = sequential([lstm({ inputSize: 1, hiddenSize: 1, forgetBias: 0 })])
    model.setParameters({
      'lstm.weight_ih_l0': Float32Array.of(0, 0, 1, 0),
      'lstm.weight_hh_l0': new Float32Array(4),
      'lstm.bias_ih_l0': Float32Array.of(100, 100, 0, 100),
    })
    const { state } = await model.predict([[0.1, 0.2, -0.3, 0.4]])
    const c = Math.tanh(0.1) + Math.tanh(0.2) + Math.tanh(-0.3) + Math.tanh(0.4)
    expect(state['lstm.l0:c']?.values[0]).toBeCloseTo(c, 6)
    expect(state['lstm.l0:h']?.values[0]).toBeCloseTo(Math.tanh(c), 6)
  })

  test('softmax adds up to one, relu cuts at zero, a sum is a sum', async () => {
    const model = graph(({ input }) => {
      const x = input.vector('x', { size: 3 })
      return { soft: softmax(x), cut: relu(x), twice: add(x, x), square: multiply(x, x) }
    })
    const { soft, cut, twice, square } = await model.predict({ x: [[1, -2, 3]] })
    expect(soft.values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 6)
    expect(cut.toNested()).toEqual([[1, 0, 3]])
    expect(twice.toNested()).toEqual([[2, -4, 6]])
    expect(square.toNested()).toEqual([[1, 4, 9]])
  })
})

describe('laws', () => {
  test('a row alone has the bits it has inside a ragged batch', async () => {
    const model = tagger()
    const rows = [steps(7, 3), steps(4, 3, 2), [], steps(1, 3, 3)]
    const together = await model.predict(rows)
    for (const [row, x] of rows.entries()) {
      const alone = await model.predict([x])
      expect(together.output.toNested()[row]).toEqual(alone.output.toNested()[0])
      for (const name of ['lstm.l1:h', 'lstm.l0:c']) {
        const [all, one] = [together.state[name], alone.state[name]]
        expect(all?.toNested()[row]).toEqual(one?.toNested()[0])
      }
    }
  })

  test('a sequence in two pieces has the bits of the whole, streamed too', async () => {
    const model = tagger()
    const x = steps(9, 3)
    const whole = await model.predict([x])
    const first = await model.predict([x.slice(0, 4)])
    const second = await model.predict([x.slice(4)], { state: first.state })
    const [expected = []] = whole.output.toNested()
    const pieces = [...(first.output.toNested()[0] ?? []), ...(second.output.toNested()[0] ?? [])]
    expect(pieces).toEqual(expected)
    expect(second.state['lstm.l1:c']?.values).toEqual(whole.state['lstm.l1:c']?.values)
    const stream = model.stream()
    expect(x.map((step) => Array.from(stream.push(step).output))).toEqual(expected)
    expect(stream.state['lstm.l1:h']?.values).toEqual(whole.state['lstm.l1:h']?.values)
  })

  test('stacked layers are layers in a row', async () => {
    const piped = sequential(
      [
        lstm({ inputSize: 3, hiddenSize: 5, name: 'a' }),
        lstm({ hiddenSize: 5, name: 'b' }),
        dense({ size: 2 }),
      ],
      { seed: 3 },
    )
    const stacked = tagger()
    const values = Object.entries(stacked.parameters()).map(([name, { values }]) => {
      const layer = name.endsWith('_l0') ? 'a.' : name.endsWith('_l1') ? 'b.' : ''
      return [layer === '' ? name : name.replace('lstm.', layer).replace(/l1$/, 'l0'), values]
    })
    piped.setParameters(Object.fromEntries(values))
    const x = [steps(5, 3), steps(2, 3, 4)]
    expect((await piped.predict(x)).output).toEqual((await stacked.predict(x)).output)
  })

  test('reverse is the reversed sequence, reversed; both ways are the two side by side', async () => {
    const model = graph(
      ({ input }) => {
        const x = input.sequence('x', { size: 3 })
        const both = gru({ hiddenSize: 4, bidirectional: true })(x)
        return { both: both.output, h: both.state.h }
      },
      { seed: 5 },
    )
    const forward = sequential([gru({ inputSize: 3, hiddenSize: 4 })])
    const parameters = Object.entries(model.parameters())
    const direction = (reverse: boolean) =>
      Object.fromEntries(
        parameters
          .filter(([name]) => name.endsWith('_reverse') === reverse)
          .map(([name, { values }]) => [name.replace('_reverse', ''), values]),
      )
    const rows = [steps(6, 3), steps(3, 3, 2)]
    const { both, h } = await model.predict({ x: rows })
    forward.setParameters(direction(false))
    const ahead = await forward.predict(rows)
    forward.setParameters(direction(true))
    const back = await forward.predict(rows.map((row) => row.toReversed()))
    for (const [row, result] of both.toNested().entries()) {
      const other = back.output.toNested()[row]?.toReversed()
      expect(result).toEqual(
        ahead.output.toNested()[row]?.map((step, t) => [...step, ...(other?.[t] ?? [])]),
      )
      expect(h.toNested()[row]).toEqual([
        ...(ahead.state['gru.l0:h']?.toNested()[row] ?? []),
        ...(back.state['gru.l0:h']?.toNested()[row] ?? []),
      ])
    }
  })

  test("an rnn written as a cell of one's own has the rnn's numbers", async () => {
    const own = cell({ h: 4 }, ({ h }, x) => ({
      h: tanh(add(linear(4, { name: 'in' })(x), linear(4, { name: 'rec' })(h))),
    }))
    const written = graph(({ input }) => ({
      y: scan(own)(input.sequence('x', { size: 3 })).output,
    }))
    const ready = sequential([rnn({ inputSize: 3, hiddenSize: 4 })], { seed: 9 })
    const from = ready.parameters()
    const names = {
      'in.weight': 'weight_ih',
      'in.bias': 'bias_ih',
      'rec.weight': 'weight_hh',
      'rec.bias': 'bias_hh',
    }
    const values = Object.entries(names).map(([own, torch]) => [
      `scan.${own}`,
      from[`rnn.${torch}_l0`]?.values ?? new Float32Array(0),
    ])
    written.setParameters(Object.fromEntries(values))
    const x = [steps(6, 3), steps(2, 3)]
    expect((await written.predict({ x })).y).toEqual((await ready.predict(x)).output)
  })

  test.each([undefined, 'ctx'])(
    'a scan called twice shares a layer on a vector from outside (%s)',
    async (name) => {
      const model = graph(({ input }) => {
        const x = input.sequence('x', { size: 2 })
        const v = input.vector('v', { size: 3 })
        const own = cell({ h: 4 }, ({ h }, xt) => ({
          h: tanh(add(linear(4)(concat(h, xt)), linear(4, { ...(name && { name }) })(v))),
        }))
        const twice = scan(own, { name: 'S' })
        return { a: twice(x).output, b: twice(x).output }
      })
      const context = name ?? 'linear_1'
      expect(Object.keys(model.parameters())).toEqual([
        'S.linear.weight',
        'S.linear.bias',
        `S.${context}.weight`,
        `S.${context}.bias`,
      ])
      const outside = graph(({ input }) => {
        const x = input.sequence('x', { size: 2 })
        const context = linear(4, { name: 'context' })(input.vector('v', { size: 3 }))
        const own = cell({ h: 4 }, ({ h }, xt) => ({
          h: tanh(add(linear(4)(concat(h, xt)), context)),
        }))
        return { y: scan(own)(x).output }
      })
      const [weight, bias, contextWeight, contextBias] = Object.values(model.parameters())
      if (!weight || !bias || !contextWeight || !contextBias) throw new Error('four parameters')
      outside.setParameters({
        'scan.linear.weight': weight,
        'scan.linear.bias': bias,
        'context.weight': contextWeight,
        'context.bias': contextBias,
      })
      const data = {
        x: [steps(5, 2), steps(1, 2)],
        v: [
          [1, -2, 0.5],
          [0.25, 3, -1],
        ],
      }
      const { a, b } = await model.predict(data)
      const { y } = await outside.predict(data)
      expect(a.values).toEqual(y.values)
      expect(b.values).toEqual(y.values)
    },
  )

  test('initial states are the states that a run is given', async () => {
    const given = graph(
      ({ input }) => {
        const [h, c] = [input.vector('h', { size: 4 }), input.vector('c', { size: 4 })]
        const x = input.sequence('x', { size: 2 })
        return { y: lstm({ hiddenSize: 4 })(x, { initial: { h, c } }).output }
      },
      { seed: 2 },
    )
    const own = sequential([lstm({ inputSize: 2, hiddenSize: 4 })], { seed: 2 })
    const [h, c] = [[numbers(4, 2)], [numbers(4, 3)]]
    const x = [steps(3, 2)]
    const { y } = await given.predict({ x, h, c })
    const { output } = await own.predict(x, { state: { 'lstm.l0:h': h, 'lstm.l0:c': c } })
    expect(y).toEqual(output)
  })

  test('a model that reads backwards refuses a state to go on from', async () => {
    const layer = gru({ inputSize: 2, hiddenSize: 3, bidirectional: true })
    const model = sequential([layer])
    const x = [steps(3, 2)]
    const { state } = await model.predict(x)
    await expect(model.predict(x, { state })).rejects.toMatchObject({
      code: 'ERR_UNROLLED_ARGUMENT',
      message: expect.stringMatching(
        /^predict state: expected none, since node '.*' reads backwards in time, received an object$/,
      ),
    })
  })

  test('empty batches and empty sequences give empty results', async () => {
    const model = tagger()
    expect((await model.predict([])).output.shape).toEqual([0, 0, 2])
    const { output, state } = await model.predict([[], []])
    expect(output.shape).toEqual([2, 0, 2])
    expect(state['lstm.l0:h']?.values).toEqual(new Float32Array(10))
  })
})

describe('graphs of many kinds of node', () => {
  test('an encoder and a decoder with teacher forcing learn to copy', async () => {
    const model = graph(
      ({ input }) => {
        const source = input.tokens('source', { vocabularySize: 5 })
        const target = input.tokens('target', { vocabularySize: 5, axis: 'target' })
        const encoded = gru({ hiddenSize: 24, name: 'encoder' })(embedding({ size: 8 })(source))
        const words = embedding({ size: 8, name: 'words' })(shift({ start: 0 })(target))
        const context = concat(words, encoded.state.h)
        const decoder = gru({ hiddenSize: 24, name: 'decoder' })
        const decoded = decoder(context, { initial: { h: encoded.state.h } })
        return { next: dense({ size: 5 })(decoded.output) }
      },
      { seed: 4 },
    )
    const rows = Array.from({ length: 64 }, (_, row) => [
      1 + (row & 3),
      1 + ((row >> 2) & 3),
      1 + (row >> 4),
    ])
    const data = { x: { source: rows, target: rows }, y: rows }
    const options = { loss: 'crossEntropy', metrics: ['accuracy'] } as const
    await model.fit(data, {
      ...options,
      epochs: 40,
      batchSize: 16,
      optimizer: 'adamw',
      clip: { norm: 1 },
    })
    expect((await model.evaluate(data, options)).accuracy).toBeGreaterThan(0.6)
  })

  test('losses of several outputs, by name', async () => {
    const model = graph(({ input }) => {
      const x = input.sequence('x', { size: 2 })
      const { output } = gru({ hiddenSize: 6 })(x)
      return { tags: dense({ size: 3 })(output), mood: dense({ size: 1 })(mean()(output)) }
    })
    const x = [steps(4, 2), steps(2, 2, 3)]
    const y = {
      tags: [
        [0, 1, 2, 1],
        [2, 2],
      ],
      mood: [[1], [0]],
    }
    const loss = { tags: 'crossEntropy', mood: 'binaryCrossEntropy' } as const
    const { epochs } = await model.fit({ x, y }, { loss, epochs: 30, optimizer: 'rmsprop' })
    expect(epochs.at(-1)?.loss).toBeLessThan(epochs[0]?.loss ?? 0)
    const alone = await model.evaluate(
      { x: { x }, y: { tags: y.tags } },
      { loss: { tags: 'crossEntropy' } },
    )
    expect(alone.loss).toBeGreaterThan(0)
  })
})
