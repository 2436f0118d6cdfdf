// Graphs that are no graphs: each refusal says the place, what is expected there and what is received, in words of this library.
import { dense, fromGraph, type GraphJson, lstm, sequential, UnrolledError } from 'unrolled'
import { describe, expect, test } from 'vitest'

const { graph } = sequential([lstm({ inputSize: 2, hiddenSize: 3 }), dense({ size: 2 })])

function words(given: unknown): string {
  try {
    fromGraph(given as GraphJson).dispose()
  } catch (error) {
    if (error instanceof UnrolledError) return error.message
    throw error
  }
  return 'taken'
}

/** The graph with one place changed. */
function changed(path: readonly string[], value: unknown): unknown {
  const copy: unknown = structuredClone(graph)
  const last = path.at(-1) ?? ''
  const holder = path.slice(0, -1).reduce((it, key) => Reflect.get(it as object, key), copy)
  // As JSON.parse does it: a name of Object.prototype is a field.
  Object.defineProperty(holder, last, { value, enumerable: true, configurable: true })
  return copy
}

const at = (path: string, value: unknown): unknown => changed(path.split('.'), value)

const scan = 'nodes.1.op.scan'
const cases: readonly [path: string, value: unknown, message: string][] = [
  ['version', 2, 'graph.version: expected 1, received 2'],
  ['version', undefined, "graph: expected a field 'version', received none"],
  ['parameters', undefined, "graph: expected a field 'parameters', received none"],
  ['parameters', null, 'graph.parameters: expected an array, received null'],
  ['parameters', {}, 'graph.parameters: expected an array, received an object'],
  ['parameters.0', 7, 'graph.parameters[0]: expected an object, received 7'],
  ['parameters.0.name', -1, 'graph.parameters[0].name: expected a string, received -1'],
  [
    'parameters.1.shape.0',
    -1,
    'graph.parameters[1].shape[0]: expected a whole number from 0, received -1',
  ],
  [
    'parameters.1.shape.1',
    1.5,
    'graph.parameters[1].shape[1]: expected a whole number from 0, received 1.5',
  ],
  [
    'parameters.1.shape.0',
    1e300,
    'graph.parameters[1].shape[0]: expected a whole number from 0, received 1e+300',
  ],
  [
    'parameters.0.shape',
    [2],
    "init of parameter 'lstm.weight_ih_l0' of shape [2]: expected a matrix, received rank 1",
  ],
  ['parameters.0.init', 'x', "graph.parameters[0].init: expected one of 'zeros', 'constant', "],
  [
    'parameters.1.init',
    {},
    'graph.parameters[1].init: expected a name or an object of one, received an object without one',
  ],
  [
    'parameters.1.init',
    { orthogonal: { blocks: 4 }, zeros: 1 },
    'graph.parameters[1].init: expected a name or an object of one, received an object of several',
  ],
  [
    'parameters.1.init.orthogonal',
    4,
    'graph.parameters[1].init.orthogonal: expected an object, received 4',
  ],
  [
    'parameters.2.init.blocks.values.1',
    null,
    'graph.parameters[2].init.blocks.values[1]: expected a number, received null',
  ],
  ['nodes', 'x', 'graph.nodes: expected an array, received "x"'],
  ['nodes.0', null, 'graph.nodes[0]: expected an object, received null'],
  ['nodes.0.op', 7, 'graph.nodes[0].op: expected a name or an object of one, received 7'],
  ['nodes.0.op', 'x'.repeat(99), "graph.nodes[0].op: expected one of 'input', 'state', "],
  [
    'nodes.0.op',
    { __proto__: null, constructor: {} },
    "graph.nodes[0].op: expected one of 'input', 'state', ",
  ],
  [
    'nodes.0.op.input.sequence.size',
    2 ** 53,
    "node 'input': expected a size of at most 16777216, received 9007199254740992",
  ],
  [
    `${scan}.body.nodes.3.op.linear.rows`,
    [1],
    'graph.nodes[1].op.scan.body.nodes[3].op.linear.rows: expected an array of 2, received an array of 1',
  ],
  [
    `${scan}.body.nodes.5.op`,
    'scan',
    'graph.nodes[1].op.scan.body.nodes[5].op: expected an object, received a name alone',
  ],
  [
    `${scan}.body.nodes.5.inputs.0`,
    'sum',
    "scan 'lstm.l0': node 'sum': expected no cycle without a delay, received one ",
  ],
  [`${scan}.reverse`, 'no', 'graph.nodes[1].op.scan.reverse: expected a boolean, received "no"'],
  [
    'nodes.2.inputs',
    ['x'],
    "graph: node 'dense': expected a wire from one of the nodes, received 'x'",
  ],
  [
    'nodes.2.inputs',
    ['dense'],
    "graph: node 'dense': expected no cycle without a delay, received one ",
  ],
  [
    'nodes.2.__proto__',
    1,
    "graph.nodes[2]: expected the fields 'name', 'op', 'inputs' alone, received '__proto__' as well",
  ],
  [
    'nodes.2.x',
    1,
    "graph.nodes[2]: expected the fields 'name', 'op', 'inputs' alone, received 'x' as well",
  ],
  ['outputs', [], 'graph: expected at least one output, received none'],
  [
    'outputs.0.from',
    '__proto__',
    "graph: output 'output': expected a wire from one of the nodes, received '__proto__'",
  ],
]

test.each(cases)('%s of %j', (path, value, message) => {
  const told = words(at(path, value))
  expect(told.slice(0, message.length)).toBe(message)
  expect(told.length).toBeLessThan(1000)
})

test.each([
  [{}, "graph: expected a field 'version', received none"],
  [{ version: 1 }, "graph: expected a field 'parameters', received none"],
  [null, 'fromGraph: expected a graph as plain data, received null'],
  [[1], 'fromGraph: expected a graph as plain data, received an array of 1'],
  [new Map(), 'fromGraph: expected a graph as plain data, received an object of Map'],
  [new Float64Array(3), 'fromGraph: expected a graph as plain data, received Float64Array(3)'],
])('%o in place of a graph', (given, message) => {
  expect(words(given)).toBe(message)
})

const FORM = /^[^:]+(: .+)*: expected .+, received .+$/s
/** Words of Rust and of its libraries. */
const FOREIGN =
  /`|\b(serde|struct|usize|u32|f64|enum|tuple|variant|malformed|Some|None)\b|line \d|column \d/

describe('every place of a graph, changed in every way, is taken or refused in words of this library', () => {
  const values = [
    undefined,
    null,
    -1,
    1.5,
    1e300,
    2 ** 53,
    'x',
    [],
    {},
    [1],
    [null],
    { x: 1 },
    true,
  ]
  const walk = (holder: object, path: readonly string[]): [string[], unknown][] =>
    Object.entries(holder).flatMap(([key, value]) => {
      const here = [...path, key]
      const inside = typeof value === 'object' && value !== null ? walk(value, here) : []
      const named = Array.isArray(holder) ? [] : ['x', '__proto__', 'a\n`b`'.repeat(40)]
      const more = named.map((name): [string[], unknown] => [[...path, name], 1])
      return [...values.map((it): [string[], unknown] => [here, it]), ...more, ...inside]
    })

  test('here', () => {
    const told = walk(graph, []).map(([path, value]) => words(changed(path, value)))
    expect(told.length).toBeGreaterThan(1000)
    const refused = told.filter((it) => it !== 'taken')
    expect(refused.length).toBeGreaterThan(told.length / 2)
    expect(
      refused.filter((it) => !FORM.test(it) || FOREIGN.test(it.replaceAll('`b`', ''))),
    ).toEqual([])
  })
})
