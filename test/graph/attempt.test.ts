import { expect, test } from 'vitest'
import { graphOf } from '../../ts/compose/graph.js'
import type { GraphJson } from '../../ts/graph/json.js'
import {
  add,
  cell,
  concat,
  dense,
  linear,
  lstm,
  mix,
  type Numeric,
  parameter,
  rnnCell,
  type Sequence,
  scan,
  subtract,
  tanh,
  type Vector,
} from '../../ts/index.js'

/** A graph of one output; `build` may fail where it catches. */
function built(build: (x: Sequence<2>, v: Vector<3>, other: Sequence<2>) => Numeric): GraphJson {
  return graphOf(({ input }) => ({
    y: build(
      input.sequence('x', { size: 2 }),
      input.vector('v', { size: 3 }),
      input.sequence('other', { size: 2, axis: 'other' }),
    ),
  }))
}

function failing(call: () => unknown): void {
  expect(call).toThrow()
}

const good = cell({ h: 4 }, ({ h }, x) => ({ h: tanh(linear(4)(concat(h, x))) }))

test('a step that throws leaves nothing in the graph', () => {
  const plain = built((x) => scan(good)(x).output)
  const after = built((x, v) => {
    const bad = cell({ h: 4 }, ({ h }, xt) => {
      linear(4)(concat(h, xt))
      linear(4)(v)
      parameter(7)
      throw new Error('mine')
    })
    failing(() => scan(bad)(x))
    return scan(good)(x).output
  })
  expect(after).toEqual(plain)
})

test('neither does one in a scan in a scan, nor a name that was given', () => {
  const plain = built((x) => scan(good, { name: 'S' })(x).output)
  const after = built((x, v) => {
    const inner = cell({ k: 2 }, () => {
      linear(2, { name: 'ctx' })(v)
      throw new Error('mine')
    })
    const outer = cell({ h: 4 }, ({ h }) => {
      scan(inner, { name: 'inner' })(x)
      return { h }
    })
    failing(() => scan(outer, { name: 'S' })(x))
    return scan(good, { name: 'S' })(x).output
  })
  expect(after).toEqual(plain)
})

test('a step that throws in its second call leaves what the first one made', () => {
  let calls = 0
  const twice = cell({ h: 4 }, ({ h }, x) => {
    calls += 1
    const next = tanh(linear(4)(concat(h, x)))
    if (calls === 2) throw new Error('mine')
    return { h: next }
  })
  const shared = scan(twice)
  const graph = built((x) => {
    const a = shared(x).output
    failing(() => shared(x))
    return add(a, shared(x).output)
  })
  calls = 2
  expect(graph).toEqual(built((x) => add(shared(x).output, shared(x).output)))
})

test('nor do layers and sums that are refused', () => {
  const plain = built((x) => lstm({ hiddenSize: 4 })(dense({ size: 2 })(x)).output)
  const after = built((x, v, other) => {
    failing(() => lstm({ hiddenSize: 4 })(x, { initial: { h: v as never } }))
    failing(() => mix(x, other, 0.5))
    failing(() => mix(x, other, x))
    failing(() => subtract(x, other))
    return lstm({ hiddenSize: 4 })(dense({ size: 2 })(x)).output
  })
  expect(after).toEqual(plain)
})

test('nor does the step of a recurrent layer', () => {
  const graph = graphOf(({ input }) => {
    const h = input.vector('h', { size: 3 })
    parameter(3, { name: 'P.weight_hh' })
    failing(() => rnnCell(3, { name: 'P' })({ h }, h))
    return { h }
  })
  expect(graph.parameters.map(({ name }) => name)).toEqual(['P.weight_hh'])
})

test('a value of a part that was taken back is no value', () => {
  const call = () =>
    built((x, v) => {
      let kept: Numeric = v
      const bad = cell({ h: 4 }, () => {
        kept = linear(4)(v)
        throw new Error('mine')
      })
      failing(() => scan(bad)(x))
      linear(4, { name: 'another' })(v)
      return kept
    })
  expect(call).toThrow('expected a value of a graph')
})

test('free names are those of a graph without the failure', () => {
  const after = built((x) => {
    linear(1)(x)
    const several = cell({ h: 4 }, () => {
      linear(1)(x as never)
      throw new Error('mine')
    })
    failing(() => scan(several)(x))
    return linear(1)(x)
  })
  expect(after.parameters.map(({ name }) => name)).toEqual([
    'linear.weight',
    'linear.bias',
    'linear_1.weight',
    'linear_1.bias',
  ])
})

test('the final state of a layer that runs both ways outlives a step that asked for it and threw', () => {
  const both = (x: Sequence<2>) => lstm({ hiddenSize: 2, bidirectional: true })(x)
  const plain = built((x) => both(x).state.h)
  const after = built((x) => {
    const { state } = both(x)
    const bad = cell({ h: 4 }, ({ h }) => {
      add(h, state.h)
      throw new Error('mine')
    })
    failing(() => scan(bad)(x))
    return state.h
  })
  expect(after).toEqual(plain)
})
