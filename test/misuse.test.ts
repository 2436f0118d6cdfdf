import { describe, expect, it } from 'vitest'
import {
  dense,
  fromBytes,
  graph,
  last,
  load,
  lstm,
  rnn,
  sequential,
  type UnrolledError,
} from '../ts/index.js'

const words = { x: [[[1], [2]], [[3]]], y: [0, 1] }

function model() {
  return sequential([lstm({ inputSize: 1, hiddenSize: 3 }), last(), dense({ size: 2 })])
}

async function refusal(run: () => unknown): Promise<UnrolledError> {
  try {
    await run()
  } catch (error) {
    return error as UnrolledError
  }
  throw new Error('nothing was refused')
}

describe('metrics of ones own', () => {
  it('may be asynchronous', async () => {
    const metric = { name: 'three', compute: async () => 3 }
    const scores = await model().evaluate(words, { loss: 'crossEntropy', metrics: [metric] })
    expect(scores).toMatchObject({ three: 3 })
  })

  it.each([['text'], [undefined], [3n]])('give numbers, not %s', async (value) => {
    const metric = { name: 'mine', compute: () => value as unknown as number }
    const options = { loss: 'crossEntropy', metrics: [metric] } as const
    const error = await refusal(() => model().evaluate(words, options))
    expect(error.code).toBe('ERR_UNROLLED_ARGUMENT')
    expect(error.message).toContain('mine')
  })

  it('reject with their own error', async () => {
    const own = new Error('own')
    const metric = { name: 'mine', compute: () => Promise.reject(own) }
    const options = { loss: 'crossEntropy', metrics: [metric] } as const
    expect(await refusal(() => model().evaluate(words, options))).toBe(own)
  })

  it('have different names', async () => {
    const metric = { name: 'mine', compute: () => 1 }
    const options = { loss: 'crossEntropy', metrics: [metric, metric] } as const
    expect((await refusal(() => model().evaluate(words, options))).message).toContain('mine')
  })
})

describe('properties that are code', () => {
  it('cannot lose what they set, nor set anything during training', async () => {
    const one = sequential([dense({ inputSize: 1, size: 1 })])
    const weight = () => one.parameters()['dense.weight']?.values
    const bias = (during: () => void) => ({
      'dense.bias': {
        get values() {
          during()
          return Float32Array.of(5)
        },
      },
    })
    one.setParameters(bias(() => one.setParameters({ 'dense.weight': Float32Array.of(42) })))
    expect(weight()).toEqual(Float32Array.of(42))
    const run = one.train({ x: [[1]], y: [[1]] }, { loss: 'meanSquared' })
    const begin = bias(() => void run.next())
    expect((await refusal(() => one.setParameters(begin))).code).toBe('ERR_UNROLLED_STATE')
    await run.return()
  })

  it('cannot begin a second run', async () => {
    const one = model()
    const others: Promise<unknown>[] = []
    const options = {
      loss: 'crossEntropy',
      get epochs() {
        if (others.length === 0) others.push(one.fit(words, { loss: 'crossEntropy', epochs: 50 }))
        return 1
      },
    } as const
    expect((await refusal(() => one.fit(words, options))).code).toBe('ERR_UNROLLED_STATE')
    await Promise.all(others)
  })
})

describe('refusals', () => {
  it.each([['f16'], ['BF16'], [16], [null]])('a precision of %s', async (word) => {
    const precision = word as 'f32'
    const layers = [lstm({ inputSize: 1, hiddenSize: 3 })] as const
    const bytes = sequential(layers).toBytes()
    const calls = {
      sequential: () => sequential(layers, { precision }),
      graph: () => graph(({ input }) => ({ y: input.vector('x', { size: 1 }) }), { precision }),
      load: () => load('model.safetensors', { precision }),
      fromBytes: () => fromBytes(bytes, { precision }),
    }
    for (const [name, call] of Object.entries(calls)) {
      const error = await refusal(call)
      expect(error.code).toBe('ERR_UNROLLED_ARGUMENT')
      const expected = word === null ? 'a value' : "'f32' or 'bf16', received"
      expect(error.message).toContain(`${name} precision: expected ${expected}`)
    }
  })

  it.each([[undefined], [3], [new URL('file:///tmp/x')]])('saving to %s', async (path) => {
    const error = await refusal(() => model().save(path as unknown as string))
    expect(error.code).toBe('ERR_UNROLLED_ARGUMENT')
  })

  it('more layers than memory holds', async () => {
    const error = await refusal(() => rnn({ inputSize: 1, hiddenSize: 1, numLayers: 2 ** 40 }))
    expect(error.message).toContain('numLayers')
  })

  it('a misspelled key of packed data', async () => {
    const packed = { values: new Float32Array(4), shape: [2, 2, 1], length: [1, 2] }
    const error = await refusal(() => model().predict(packed as never))
    expect(error.message).toContain('lengths')
  })

  it('a batch that no memory holds, with the model as before', async () => {
    const wide = sequential([dense({ inputSize: 1, size: 1 << 20 }), last()])
    const x = { values: new Float32Array(1e6), shape: [1, 1e6, 1] }
    expect((await refusal(() => wide.predict(x))).code).toBe('ERR_UNROLLED_SIZE')
    const { output } = await wide.predict([[[0]]])
    expect(output.shape).toEqual([1, 1 << 20])
    wide.dispose()
  })

  it('memory that shrinks between two steps', async () => {
    const buffer = Reflect.construct(ArrayBuffer, [64, { maxByteLength: 64 }]) as ArrayBuffer
    const x = { values: new Float32Array(buffer), shape: [8, 2, 1] }
    const y = { values: new Int32Array(8), shape: [8] }
    const net = model()
    const run = async () => {
      const options = { loss: 'crossEntropy', batchSize: 1, epochs: 4 } as const
      for await (const event of net.train({ x, y }, options)) {
        if (event.type === 'step') Reflect.get(buffer, 'resize').call(buffer, 32)
      }
    }
    expect((await refusal(run)).code).toBe('ERR_UNROLLED_VALUE')
    await net.fit(words, { loss: 'crossEntropy' })
  })
})
