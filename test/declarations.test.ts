import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import * as unrolled from 'unrolled'
import { expect, test } from 'vitest'

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** What a project has that compiles for Node without the types of Node or the DOM. */
const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts'],
  types: [],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  strict: true,
  noEmit: true,
}

const declarations = path('../index.d.ts')

test('the types need no library beyond es2022', () => {
  const program = ts.createProgram([declarations], options)
  const found = ts.getPreEmitDiagnostics(program).map(({ messageText }) => messageText)
  expect(found).toEqual([])
}, 60_000)

test('what is declared as a value exists as one', () => {
  const program = ts.createProgram([declarations], options)
  const checker = program.getTypeChecker()
  const file = program.getSourceFile(declarations)
  const symbol = file && checker.getSymbolAtLocation(file)
  const values = (symbol === undefined ? [] : checker.getExportsOfModule(symbol)).filter((it) => {
    const typeOnly = it.declarations?.some(
      (node) => ts.isExportSpecifier(node) && (node.isTypeOnly || node.parent.parent.isTypeOnly),
    )
    const target = it.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(it) : it
    return !typeOnly && (target.flags & ts.SymbolFlags.Value) !== 0
  })
  const names = values.map(({ name }) => name)
  expect(names.length).toBeGreaterThan(40)
  expect(names.sort()).toEqual(Object.keys(unrolled).sort())
}, 60_000)

test('models, results, streams and sessions are instances of their classes', async () => {
  const { Model, Result, Session, Stream, dense, sequential } = unrolled
  const model = sequential([dense({ inputSize: 1, size: 1 })])
  expect(model).toBeInstanceOf(Model)
  expect(model.stream()).toBeInstanceOf(Stream)
  expect(await model.session(2)).toBeInstanceOf(Session)
  expect((await model.predict([[1]])).output).toBeInstanceOf(Result)
})

test('a class that is called by hand says what to call', () => {
  const { Model, Result, Session, Stream } = unrolled
  const make = (Class: typeof Model | typeof Result | typeof Session | typeof Stream) => () =>
    Reflect.construct(Class, [])
  expect(make(Model)).toThrow('Model: expected a model by sequential, graph or load')
  expect(make(Stream)).toThrow('Stream: expected a stream by model.stream()')
  expect(make(Session)).toThrow('Session: expected a session by model.session()')
  expect(make(Result)).toThrow('Result: expected a result by predict')
})
