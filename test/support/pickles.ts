/** Pickles in opcodes, so that a fuzzer changes one and the rest stays in step. */
import { encode, NAMES, oddNumber } from './hostile.js'
import type { Random } from './random.js'

/** The bytes behind an opcode: a count of them, a length of so many bytes before a text, or lines. */
const ARGUMENTS: Readonly<Record<string, number | `text${1 | 4 | 8}` | `line${1 | 2}`>> = {
  '\x80': 1,
  '\x95': 8,
  J: 4,
  K: 1,
  M: 2,
  G: 8,
  q: 1,
  r: 4,
  h: 1,
  j: 4,
  '\x82': 1,
  '\x83': 2,
  '\x84': 4,
  X: 'text4',
  T: 'text4',
  B: 'text4',
  '\x8b': 'text4',
  '\x8a': 'text1',
  '\x8c': 'text1',
  U: 'text1',
  C: 'text1',
  '\x8d': 'text8',
  c: 'line2',
  i: 'line2',
  P: 'line1',
  I: 'line1',
  L: 'line1',
  F: 'line1',
  S: 'line1',
  V: 'line1',
  p: 'line1',
  g: 'line1',
}

/** Opcodes of nothing but their letter: stack, memo, calls, lists, dicts, sets and the end. */
const BARE = '()]}NtaeuslRbQ012.od\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94\x97\x98\xff'

const GLOBALS = [
  'os\nsystem\n',
  'builtins\neval\n',
  'torch\nFloatStorage\n',
  'torch\nDoubleStorage\n',
  'torch\nComplexFloatStorage\n',
  'torch._utils\n_rebuild_tensor_v2\n',
  'torch._utils\n_rebuild_parameter\n',
  'torch.storage\n_load_from_bytes\n',
  'collections\nOrderedDict\n',
  'constructor\nprototype\n',
  '__proto__\n\n',
] as const

type Opcode = string

const latin = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

/** The end of the opcode at `at`. */
function endOf(text: string, at: number): number {
  const argument = ARGUMENTS[text[at] ?? ''] ?? 0
  if (typeof argument === 'number') return at + 1 + argument
  const width = Number(argument.slice(4))
  if (argument.startsWith('line')) {
    let end = at + 1
    for (let line = 0; line < width; line++) end = text.indexOf('\n', end) + 1 || text.length
    return end
  }
  let length = 0
  for (let i = width; i > 0; i--) length = length * 256 + text.charCodeAt(at + i)
  return Math.min(text.length, at + 1 + width + length)
}

/** Cuts pickles, one behind the other, into their opcodes; what follows the last stays as it is. */
export function opcodesOf(bytes: Uint8Array): Opcode[] {
  const text = latin(bytes)
  const opcodes: Opcode[] = []
  for (let at = 0; at < text.length; ) {
    const end = Math.max(at + 1, endOf(text, at))
    opcodes.push(text.slice(at, end))
    at = end
  }
  return opcodes
}

export const pickleOf = (opcodes: readonly Opcode[]): Uint8Array =>
  Uint8Array.from(Buffer.from(opcodes.join(''), 'latin1'))

const little = (value: number, width: number): string =>
  latin(
    new Uint8Array(new BigUint64Array([BigInt.asUintN(64, BigInt(Math.round(value) || 0))]).buffer),
  ).slice(0, width)

/** A number as BININT, BININT1, LONG1 or the text of protocol 0. */
function number(random: Random, value: number): Opcode {
  switch (random.below(4)) {
    case 0:
      return `J${little(value, 4)}`
    case 1:
      return `K${little(value, 1)}`
    case 2:
      return `I${value}\n`
    default:
      return `\x8a\x08${little(value, 8)}`
  }
}

function text(random: Random, words: string): Opcode {
  const bytes = encode(words)
  const length = random.chance(0.9) ? bytes.length : oddNumber(random, bytes.length)
  return `X${little(length, 4)}${latin(bytes)}`
}

/** An opcode in the place of another: of its kind mostly. */
function another(random: Random, old: Opcode, all: readonly Opcode[]): Opcode {
  const code = old[0] ?? '.'
  const argument = ARGUMENTS[code]
  if (random.chance(0.2)) return random.pick(BARE.split(''))
  if (random.chance(0.2)) return random.pick(all)
  if (code === 'c') return `c${random.pick(GLOBALS)}`
  if ('JKM\x8aI'.includes(code)) return number(random, oddNumber(random, old.charCodeAt(1)))
  if (code === 'X' || code === 'U') {
    const others = all.filter((it) => it.startsWith(code))
    return random.chance(0.5) ? random.pick(others) : text(random, random.pick(NAMES))
  }
  if (typeof argument === 'number')
    return code + little(oddNumber(random, old.charCodeAt(1)), argument)
  return random.pick(BARE.split(''))
}

/** The most bytes of one opcode many times. */
const MOST_REPEATED = 2 ** 20

/** Changes opcodes: replaced, left out, doubled, put in, moved, repeated many times. */
export function changeOpcodes(random: Random, opcodes: Opcode[]): void {
  const at = random.below(opcodes.length)
  const old = opcodes[at] ?? '.'
  switch (random.below(8)) {
    case 0:
      opcodes.splice(at, 1)
      break
    case 1:
      opcodes.splice(at, 0, random.chance(0.5) ? old : another(random, old, opcodes))
      break
    case 2: {
      const run = opcodes.splice(at, random.below(30))
      opcodes.splice(random.below(opcodes.length + 1), 0, ...run)
      break
    }
    case 3:
      if (random.chance(0.2)) {
        const opcode = another(random, old, opcodes)
        const times = Math.ceil(Math.min(random.pick([10, 3000]), MOST_REPEATED / opcode.length))
        opcodes.splice(at, 1, opcode.repeat(times))
      } else opcodes.splice(at, 0, `c${random.pick(GLOBALS)}`)
      break
    default:
      opcodes[at] = another(random, old, opcodes)
  }
}
