import { dense, embedding, graph, last, sequential } from 'unrolled'
import { expect, test } from 'vitest'

test('inputs as data give the graph that their functions give', () => {
  const byName = graph(
    {
      ids: { tokens: { vocabularySize: 9, axis: 'words' } },
      id: { token: { vocabularySize: 4 } },
      steps: { sequence: { size: 2 } },
      numbers: { vector: { size: 3 } },
    },
    ({ ids, id, steps, numbers }) => ({
      a: last()(embedding({ size: 2 })(ids)),
      b: embedding({ size: 2 })(id),
      c: dense({ size: 1 })(steps),
      d: dense({ size: 1 })(numbers),
    }),
  )
  const byHand = graph(({ input }) => {
    const ids = input.tokens('ids', { vocabularySize: 9, axis: 'words' })
    const id = input.token('id', { vocabularySize: 4 })
    const steps = input.sequence('steps', { size: 2 })
    const numbers = input.vector('numbers', { size: 3 })
    return {
      a: last()(embedding({ size: 2 })(ids)),
      b: embedding({ size: 2 })(id),
      c: dense({ size: 1 })(steps),
      d: dense({ size: 1 })(numbers),
    }
  })
  expect(byName.graph).toEqual(byHand.graph)
})

test('a chain begins with a vector, or with one id a row', async () => {
  const probe = sequential([dense({ size: 2 })], { input: { vector: { size: 3 } }, seed: 5 })
  const same = graph(
    { input: { vector: { size: 3 } } },
    ({ input }) => ({ output: dense({ size: 2 })(input) }),
    { seed: 5 },
  )
  expect(probe.graph).toEqual(same.graph)
  const { output } = await probe.predict([[1, 2, 3]])
  expect(output.shape).toEqual([1, 2])
  expect(output.values).toEqual((await same.predict([[1, 2, 3]])).output.values)
  const caption = sequential([embedding({ size: 4 })], { input: { token: { vocabularySize: 9 } } })
  expect((await caption.predict({ token: [8, 0] })).output.shape).toEqual([2, 4])
})

test.each([
  [{ x: {} }, 'input x: expected one kind with its options, received an object'],
  [
    { x: { vector: { size: 1 }, token: { vocabularySize: 1 } } },
    'input x: expected one kind with its options, received an object',
  ],
  [{ x: { vektor: { size: 1 } } }, 'input x: unknown kind "vektor"; did you mean vector?'],
  [{ x: { vector: { sise: 1 } } }, 'input x: unknown option "sise"; did you mean size?'],
  [{ x: { vector: 3 } }, 'input x: expected an object of options, received 3'],
  [{ x: undefined }, 'input x: expected an object of kinds, received undefined'],
])('inputs that are none: %j', (inputs, message) => {
  const declare = () => {
    throw new Error('must not be reached')
  }
  expect(() => graph(inputs as never, declare)).toThrow(message)
})

test('a graph of inputs alone', () => {
  expect(() => graph({ x: { vector: { size: 1 } } }, undefined as never)).toThrow(
    'graph: expected inputs and a function, received undefined',
  )
})
