import type { UnrolledError } from '../index.js'
import { GLOBALS, type Made, OrderedDict, Persistent } from './globals.js'
import { damaged, type Reader, refusal } from './reader.js'

// Reads a pickle without running it: a machine of the opcodes that state dicts are made of. Nothing is looked up but the
// names of `globals.ts`, and nothing called but what stands there.

/** The most opcodes of a pickle: those of about 8,000 tensors. */
const MOST = 1 << 18

/** The most items that calls are given in all: one list may stand in every call, and is read in each. */
const MOST_GIVEN = 2 * MOST

/** A value on the stack. */
export type Item = unknown

/** A mark below the items of a call, list or dict. */
const MARK = Symbol('mark')

/** Reads one pickle, to its end. */
export function readPickle(reader: Reader): Item {
  const machine = new Machine(reader)
  for (let count = 0; count < MOST; count++) {
    const done = machine.step()
    if (done) return machine.pop()
  }
  throw refusal(reader, `a pickle of at most ${MOST} operations`, 'more')
}

class Machine {
  readonly #reader: Reader
  readonly #stack: Item[] = []
  readonly #memo = new Map<number, Item>()
  #given = 0

  constructor(reader: Reader) {
    this.#reader = reader
  }

  pop(): Item {
    const top = this.#stack.length - 1
    if (top < 0 || this.#stack[top] === MARK) throw damaged(this.#reader)
    return this.#stack.pop()
  }

  /** Runs an opcode; `true` at the end. */
  step(): boolean {
    const at = this.#reader.at
    const code = this.#reader.byte()
    if (code === 0x2e) return true
    const run = OPCODES.get(code)
    if (run === undefined) throw unknown(this.#reader, code, at)
    run(this, this.#reader)
    return false
  }

  push(item: Item): void {
    this.#stack.push(item)
  }

  mark(): void {
    this.#stack.push(MARK)
  }

  /** Takes the items above the last mark, and the mark. */
  marked(): Item[] {
    const at = this.#stack.lastIndexOf(MARK)
    if (at < 0) throw damaged(this.#reader)
    const items = this.#stack.splice(at)
    return items.slice(1)
  }

  /** Takes so many items. */
  take(count: number): Item[] {
    return Array.from({ length: count }, () => this.pop()).reverse()
  }

  /** Reads the item that stays on top. */
  top(): Item {
    const item = this.pop()
    this.push(item)
    return item
  }

  keep(index: number): void {
    this.#memo.set(index, this.top())
  }

  memoize(): void {
    this.keep(this.#memo.size)
  }

  recall(index: number): void {
    if (!this.#memo.has(index)) throw damaged(this.#reader)
    this.push(this.#memo.get(index))
  }

  append(items: readonly Item[]): void {
    const list = this.top()
    if (!Array.isArray(list) || Object.isFrozen(list)) throw damaged(this.#reader)
    for (const item of items) list.push(item)
  }

  set(items: readonly Item[]): void {
    const dict = this.top()
    if (!(dict instanceof Map) || items.length % 2 === 1) throw damaged(this.#reader)
    for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1])
  }

  global(module: Item, name: Item): void {
    // The words of tuples within tuples would grow without end.
    if (typeof module !== 'string' || typeof name !== 'string') throw damaged(this.#reader)
    const full = `${module}.${name}`
    const made = GLOBALS.get(full)
    if (made === undefined) {
      const expected = 'a state dict of tensors, saved by torch.save(model.state_dict(), path)'
      throw refusal(this.#reader, expected, `global ${JSON.stringify(full.slice(0, 100))}`)
    }
    this.push(made)
  }

  reduce(): void {
    const [called, given] = this.take(2)
    if (typeof called !== 'function' || !isTuple(given)) throw damaged(this.#reader)
    this.#count(given)
    this.push((called as Made)(given, this.#reader))
  }

  /** Counts the items of a call, and those of the lists among them. */
  #count(given: readonly Item[]): void {
    this.#given += given.length
    for (const item of given) if (Array.isArray(item)) this.#given += item.length
    if (this.#given > MOST_GIVEN) {
      throw refusal(this.#reader, `calls of at most ${MOST_GIVEN} items`, 'more')
    }
  }

  /** Gives a dict its attributes, which are PyTorch's versions of modules: not read. */
  build(): void {
    this.pop()
    if (!(this.top() instanceof OrderedDict)) {
      throw refusal(this.#reader, 'a state dict of tensors', 'an object with a state of its own')
    }
  }
}

/** Makes a tuple: a list that nothing can be appended to. */
function tuple(items: Item[]): readonly Item[] {
  return Object.freeze(items)
}

function isTuple(item: Item): item is readonly Item[] {
  return Array.isArray(item) && Object.isFrozen(item)
}

function unknown(reader: Reader, code: number, at: number): UnrolledError {
  const named = REFUSED.get(code)
  const opcode = named ?? `0x${code.toString(16).padStart(2, '0')}`
  return refusal(reader, 'the pickle of a state dict', `opcode ${opcode} at byte ${at}`)
}

/** Opcodes that build objects of classes, by name. */
const REFUSED: ReadonlyMap<number, string> = new Map([
  [0x69, 'INST'],
  [0x6f, 'OBJ'],
  [0x81, 'NEWOBJ'],
  [0x92, 'NEWOBJ_EX'],
  [0x50, 'PERSID'],
  [0x82, 'EXT1'],
  [0x83, 'EXT2'],
  [0x84, 'EXT4'],
])

type Run = (machine: Machine, reader: Reader) => void

const OPCODES: ReadonlyMap<number, Run> = new Map<number, Run>([
  // PROTO, FRAME: nothing follows from them.
  [0x80, (_, reader) => reader.byte()],
  [0x95, (_, reader) => reader.take(8)],
  [0x28, (machine) => machine.mark()],
  [0x30, (machine) => machine.pop()],
  [0x4e, (machine) => machine.push(null)],
  [0x88, (machine) => machine.push(true)],
  [0x89, (machine) => machine.push(false)],
  // BININT, BININT1, BININT2, LONG1.
  [0x4a, (machine, reader) => machine.push(reader.uint(4) | 0)],
  [0x4b, (machine, reader) => machine.push(reader.byte())],
  [0x4d, (machine, reader) => machine.push(reader.uint(2))],
  [0x8a, (machine, reader) => machine.push(long(reader))],
  // BINFLOAT, big endian.
  [0x47, (machine, reader) => machine.push(reader.view(8).getFloat64(0))],
  // BINUNICODE, SHORT_BINUNICODE; of Python 2 BINSTRING, SHORT_BINSTRING.
  [0x58, (machine, reader) => machine.push(reader.text(reader.uint(4)))],
  [0x8c, (machine, reader) => machine.push(reader.text(reader.byte()))],
  [0x54, (machine, reader) => machine.push(reader.text(reader.uint(4)))],
  [0x55, (machine, reader) => machine.push(reader.text(reader.byte()))],
  // Empty ones, tuples of what is marked and of 1 to 3.
  [0x7d, (machine) => machine.push(new Map())],
  [0x5d, (machine) => machine.push([])],
  [0x29, (machine) => machine.push(tuple([]))],
  [0x74, (machine) => machine.push(tuple(machine.marked()))],
  [0x85, (machine) => machine.push(tuple(machine.take(1)))],
  [0x86, (machine) => machine.push(tuple(machine.take(2)))],
  [0x87, (machine) => machine.push(tuple(machine.take(3)))],
  // APPEND, APPENDS, SETITEM, SETITEMS.
  [0x61, (machine) => machine.append(machine.take(1))],
  [0x65, (machine) => machine.append(machine.marked())],
  [0x73, (machine) => machine.set(machine.take(2))],
  [0x75, (machine) => machine.set(machine.marked())],
  // BINPUT, LONG_BINPUT, MEMOIZE, BINGET, LONG_BINGET.
  [0x71, (machine, reader) => machine.keep(reader.byte())],
  [0x72, (machine, reader) => machine.keep(reader.uint(4))],
  [0x94, (machine) => machine.memoize()],
  [0x68, (machine, reader) => machine.recall(reader.byte())],
  [0x6a, (machine, reader) => machine.recall(reader.uint(4))],
  // GLOBAL, STACK_GLOBAL, REDUCE, BUILD, BINPERSID.
  [0x63, (machine, reader) => machine.global(reader.line(), reader.line())],
  [
    0x93,
    (machine) => {
      const [module, name] = machine.take(2)
      machine.global(module, name)
    },
  ],
  [0x52, (machine) => machine.reduce()],
  [0x62, (machine) => machine.build()],
  [0x51, (machine) => machine.push(new Persistent(machine.pop()))],
])

/** Reads a long number; PyTorch's are sizes and seeds. */
function long(reader: Reader): number {
  const bytes = reader.take(reader.byte())
  let value = 0n
  for (const byte of [...bytes].reverse()) value = (value << 8n) | BigInt(byte)
  return Number(BigInt.asIntN(8 * Math.max(1, bytes.length), value))
}
