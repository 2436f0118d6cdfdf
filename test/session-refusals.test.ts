import { describe, expect, test } from 'vitest'
import {
  attending,
  backwards,
  bothWays,
  plain,
  rowsOf,
  sources,
  twoContexts,
} from './support/sessions.js'

describe('what does not fit is refused', () => {
  const refusals: [string, () => unknown, string, string][] = [
    [
      'no context',
      () => attending().stream(),
      'ARGUMENT',
      "stream: expected values for input 'source' at the start, received none",
    ],
    [
      'none for many rows',
      () => attending().session(3),
      'ARGUMENT',
      "session: expected values for input 'source' at the start",
    ],
    [
      'an unknown context',
      () => attending().stream({ sauce: [1] } as never),
      'ARGUMENT',
      'stream context: unknown input "sauce"; did you mean source?',
    ],
    [
      'a step as context',
      () => attending().session({ source: [[1]], target: [[1]] }),
      'ARGUMENT',
      "session: expected input 'target' step by step, received it at the start",
    ],
    [
      'a context of another kind',
      () => attending().session({ source: 'ab' as never }),
      'KIND',
      'session contexts.source: expected an array of rows',
    ],
    [
      'rows of another number',
      () => twoContexts().session({ a: [[1], [2]], b: [[1]] }),
      'SHAPE',
      "input 'b': expected 2 rows",
    ],
    [
      'no rows',
      () => attending().session({ source: [] }),
      'ARGUMENT',
      'session: expected at least 1 row, received 0',
    ],
    ['half a row', () => attending().session(1.5), 'ARGUMENT', 'session: expected a whole number'],
    [
      'too many rows',
      () => plain().session(70_000),
      'SIZE',
      'session: expected at most 65536 rows',
    ],
    [
      'nothing',
      () => attending().session(undefined as never),
      'ARGUMENT',
      'session: expected the number of rows or contexts by name',
    ],
    [
      'contexts for a model without',
      () => plain().session({} as never),
      'ARGUMENT',
      'session: expected the number of rows',
    ],
    [
      'an unknown axis',
      () => plain().stream({}, { axis: 'space' }),
      'ARGUMENT',
      'stream: expected one of the axes ["time"] to step along',
    ],
    [
      'an unknown option',
      () => plain().session(1, { axes: 'time' } as never),
      'ARGUMENT',
      'session: unknown option "axes"',
    ],
    [
      'an axis that is no name',
      () => plain().session(1, { axis: 3 } as never),
      'ARGUMENT',
      'session axis: expected a name',
    ],
    [
      'a reader backwards',
      () => backwards().session(1),
      'ARGUMENT',
      "node 'gru.l0' reads backwards in time",
    ],
    [
      'tokens read both ways',
      () => bothWays().session(1),
      'ARGUMENT',
      "input 't', which node 'shift' shifts and node 'embedding' reads as it is",
    ],
  ]

  test.each(refusals)('%s', async (_, call, code, message) => {
    const refused = expect(new Promise((settle) => settle(call()))).rejects
    await refused.toMatchObject({
      code: `ERR_UNROLLED_${code}`,
      message: expect.stringContaining(message),
    })
  })

  test('steps and orders, and the session goes on', async () => {
    const model = attending()
    const session = await model.session({ source: sources })
    await session.step([0, 0, 0, 0])
    const before = session.state
    const gone = Int32Array.of(0, 1)
    structuredClone(gone, { transfer: [gone.buffer] })
    const shared = new Int32Array(new SharedArrayBuffer(8))
    const hostile = new Proxy([0, 1], {
      get: (list, key) => (key === '1' ? { valueOf: () => 0 } : Reflect.get(list, key)),
    })
    const { proxy, revoke } = Proxy.revocable([0], {})
    revoke()
    const orders: [unknown, string, string][] = [
      [[], 'ARGUMENT', 'reorder: expected at least 1 row'],
      [[4], 'VALUE', 'reorder[0]: expected a row from 0 to 3, received 4'],
      [[0, -1], 'VALUE', 'reorder[1]'],
      [[0.5], 'VALUE', 'reorder[0]'],
      [[undefined], 'VALUE', 'reorder[0]'],
      ['01', 'KIND', 'reorder: expected an array of rows'],
      [Float32Array.of(0), 'KIND', 'reorder: expected an array of rows'],
      [new Array(70_000).fill(0), 'SIZE', 'reorder: expected at most 65536 rows'],
      [gone, 'STATE', 'reorder: expected an array with a buffer of its own'],
      [shared, 'KIND', 'reorder: expected an array with a buffer of its own'],
      [hostile, 'VALUE', 'reorder[1]'],
      [proxy, 'KIND', 'reorder: expected an array of rows'],
    ]
    for (const [order, code, message] of orders) {
      expect(() => session.reorder(order as never), message).toThrow(
        expect.objectContaining({
          code: `ERR_UNROLLED_${code}`,
          message: expect.stringContaining(message),
        }),
      )
    }
    const bad: [unknown, string, string][] = [
      [[0, 0, 0], 'SHAPE', 'step.target: expected 4 rows, received 3'],
      [[0, 0, 0, 6], 'VALUE', "input 'target'"],
      [[0, 0, 0, 1.5], 'VALUE', 'step[3]: expected a whole id from 0'],
      [{ target: [0, 0, 0, 0], source: sources }, 'ARGUMENT', 'step: unknown name "source"'],
      [undefined, 'ARGUMENT', 'step'],
      [proxy, 'KIND', 'step'],
    ]
    for (const [step, code, message] of bad) {
      await expect(session.step(step as never), message).rejects.toMatchObject({
        code: `ERR_UNROLLED_${code}`,
        message: expect.stringContaining(message),
      })
    }
    const states: [unknown, string][] = [
      [3, 'session state: expected an object of states'],
      [{ ...before, other: [[1]] }, 'session state: unknown state "other"'],
      [(await plain().session(4)).state, 'session state: unknown state'],
      [(await model.session({ source: [[1]] })).state, 'expected 4 rows, received 1'],
    ]
    for (const [state, message] of states) {
      expect(() => {
        session.state = state as never
      }, message).toThrow(message)
    }
    expect(session.state).toEqual(before)
    expect(session.rows).toBe(4)
  })

  test('a getter of the step that disposes the session', async () => {
    const session = await attending().session({ source: sources })
    const step = {
      get target() {
        session.dispose()
        return [0, 0, 0, 0]
      },
    }
    await expect(session.step(step)).rejects.toThrow('the session has been disposed')
  })

  test('NaN in a step', async () => {
    const session = await plain().session(1)
    await expect(session.step([[Number.NaN, 1]])).rejects.toMatchObject({
      code: 'ERR_UNROLLED_NON_FINITE',
    })
    const fresh = await plain().session(1)
    expect(rowsOf((await session.step([[1, 1]])).output)).toEqual(
      rowsOf((await fresh.step([[1, 1]])).output),
    )
  })
})
