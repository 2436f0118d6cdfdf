import { zipSync } from 'fflate'
import { dense, sequential, UnrolledError } from 'unrolled'
import { importPyTorch } from 'unrolled/pytorch'
import { describe, expect, test } from 'vitest'
import { pytorchBytes, tagger } from '../support/pytorch.js'

/** An archive with a pickle of one's own, and one storage of 8 bytes. */
const archive = (pickle: string | Uint8Array): Uint8Array => {
  const stored = (bytes: Uint8Array) => [bytes, { level: 0 }] as [Uint8Array, { level: 0 }]
  return zipSync({
    'x/data.pkl': stored(
      typeof pickle === 'string' ? Uint8Array.from(Buffer.from(pickle, 'latin1')) : pickle,
    ),
    'x/data/0': stored(new Uint8Array(8)),
  })
}

/** Reads, and gives the words of the refusal; within a second, on machines that are shared. */
async function refusal(bytes: Uint8Array): Promise<string> {
  const model = tagger()
  const before = performance.now()
  const outcome = await importPyTorch(model, bytes, { strict: false }).then(
    (report) => JSON.stringify(report),
    (error: unknown) => error,
  )
  expect(performance.now() - before).toBeLessThan(1000)
  if (typeof outcome === 'string') return `accepted: ${outcome}`
  expect(outcome).toBeInstanceOf(UnrolledError)
  return (outcome as Error).message
}

const text = (words: string): string => `X${String.fromCharCode(words.length, 0, 0, 0)}${words}`
const int = (number: number): string =>
  `J${Buffer.from(Int32Array.of(number).buffer).toString('latin1')}`
/** 2^60 as a long number. */
const HUGE = `\x8a\x08${'\0'.repeat(7)}\x10`
const LARGE = `\x8a\x08${'\0'.repeat(6)}\x04\0`

/** The pickle of a tensor `dense.bias` with a shape, strides, an offset and a storage. */
const tensor = ({
  shape = int(2),
  strides = int(1),
  offset = int(0),
  count = int(2),
  storage = 'FloatStorage',
  id = '',
  marks = '',
}): string =>
  `\x80\x02}(${text('dense.bias')}ctorch._utils\n_rebuild_tensor_v2\n((${
    id || `${text('storage')}ctorch\n${storage}\n${text('0')}${text('cpu')}${count}`
  }tQ${offset}(${shape}t(${strides}t\x89ccollections\nOrderedDict\n)R${marks}tRu.`

describe('code is refused by its name', () => {
  test.each([
    ['os.system', 'cos\nsystem\n(X\x04\0\0\0truetR.', 'global "os.system"'],
    ['builtins.eval', 'cbuiltins\neval\n(X\x01\0\0\x001tR.', 'global "builtins.eval"'],
    ['of protocol 4', '\x80\x04\x8c\x05posix\x8c\x06system\x93.', 'global "posix.system"'],
    ['names that are no texts', '\x80\x04K\x01K\x02\x93.', 'a damaged one'],
    ['a name of Object', 'cconstructor\nprototype\n.', 'global "constructor.prototype"'],
    ['a loader within', 'ctorch.storage\n_load_from_bytes\n.', '"torch.storage._load_from_bytes"'],
    ['TorchScript', 'c__torch__.M\nM\n.', 'global "__torch__.M.M"'],
    ['INST', '(ios\nsystem\n.', 'opcode INST at byte 1'],
    ['OBJ', '(ccollections\nOrderedDict\no.', 'opcode OBJ'],
    ['NEWOBJ', 'ccollections\nOrderedDict\n)\x81.', 'opcode NEWOBJ'],
    ['BUILD', '}}b.', 'an object with a state of its own'],
    ['EXT1', '\x82\x01.', 'opcode EXT1'],
    ['PERSID', 'P0\n.', 'opcode PERSID'],
    ['an opcode that nobody knows', '\xff.', 'opcode 0xff at byte 0'],
    ['a call of a dict', '})R.', 'a damaged one'],
    ['a call of a type', 'ctorch\nFloatStorage\n)R.', 'a damaged one'],
  ])('%s', async (_, pickle, words) => {
    expect(await refusal(archive(pickle))).toContain(words)
  })
})

describe('numbers that lie are refused before anything is allocated', () => {
  test.each([
    ['2^60 elements', { shape: HUGE }, 'a damaged one'],
    ['2^60 numbers of a storage', { count: HUGE }, 'another persistent id'],
    ['2^50 elements', { shape: LARGE }, 'tensors inside of their storages'],
    ['2^50 numbers of a storage', { shape: LARGE, count: LARGE }, 'tensors of the parameters'],
    ['2^50 elements that share one number', { shape: LARGE, strides: int(0) }, 'shapes'],
    ['an offset outside', { offset: int(1) }, 'one that ends at 2'],
    ['a negative offset', { offset: int(-1) }, 'a damaged one'],
    ['negative strides', { strides: int(-1) }, 'a damaged one'],
    ['strides that leave the storage', { strides: int(2) }, 'one that ends at 2'],
    ['fewer strides', { strides: '' }, 'a damaged one'],
    ['an unknown storage', { storage: 'ComplexFloatStorage' }, '"torch.ComplexFloatStorage"'],
    ['a persistent id of another kind', { id: text('module') }, 'another persistent id'],
    ['a storage of no type', { id: `${text('storage')}NNNN` }, 'another persistent id'],
    ['an empty persistent id', { id: 'N0' }, 'another persistent id'],
  ])('%s', async (_, parts, words) => {
    const message = await refusal(archive(tensor(parts)))
    expect(message.startsWith('accepted')).toBe(false)
    expect(message).toContain(words)
  })

  // `torch._neg_view`: the storage has the numbers with the other sign.
  test('marks that change the numbers as they are read', async () => {
    const given = tensor({ marks: `}${text('neg')}\x88s` })
    expect(await refusal(archive(given))).toContain('tensors without marks')
    expect(await refusal(archive(given))).toContain('one marked "neg"')
    expect(await refusal(archive(tensor({ marks: `}${text('neg')}\x89s` })))).toContain('shapes')
  })

  test('more numbers than the storage has', async () => {
    const given = tensor({ shape: int(5), count: int(5) })
    expect(await refusal(archive(given))).toContain('20 bytes of storage "0", received 8')
  })
})

test('memo, nesting and length cost what their bytes do', async () => {
  expect(await refusal(archive('h\x05.'))).toContain('a damaged one')
  expect(await refusal(archive('.'))).toContain('a damaged one')
  expect(await refusal(archive(']'.repeat(120_000) + 'a'.repeat(119_999)))).toContain('truncated')
  expect(await refusal(archive('}'.repeat(2_000_000)))).toContain('at most 262144 operations')
  // Lists of the one before, twice: 2^1000 items to whoever walks them.
  const doubled = Array.from({ length: 1000 }, () => 'q\x00](h\x00h\x00e').join('')
  expect(await refusal(archive(`]${doubled}.`))).toContain('a state dict, received another value')
  // A tuple of the one before, twice: 2^60 to whoever writes them as words.
  const paired = `)${Array.from({ length: 60 }, () => 'q\x00h\x00\x86').join('')}`
  expect(await refusal(archive(`}${paired}K\x01s.`))).toContain('a dict of a key that is no text')
  expect(await refusal(archive(`${paired}${text('a')}\x93.`))).toContain('a damaged one')
  expect(await refusal(archive('}K\x07K\x01s.'))).toContain('a dict of 7')
  // A dict that holds itself.
  expect(await refusal(archive('}q\x00X\x01\0\0\0ah\x00s.'))).toContain('a dict of "a"')
  expect(await refusal(archive(`}${text('__proto__')}}s.`))).toContain('a dict of "__proto__"')
})

test('a list that stands in many calls costs as often as it is read', async () => {
  const pair = 'K\x01N\x86q\x000'
  const pairs = `](${'h\x00'.repeat(20_000)}e\x85q\x010`
  const dict = 'ccollections\nOrderedDict\nq\x020'
  const dicts = `${pair}${pairs}${dict}${'h\x02h\x01R0'.repeat(2000)}}.`
  expect(await refusal(archive(dicts))).toContain('calls of at most 524288 items')
  const sizes = `(${'K\x01'.repeat(20_000)}tq\x000`
  const storage = `(${text('storage')}ctorch\nFloatStorage\n${text('0')}${text('cpu')}K\x02tQ`
  const given = `(${storage}K\x00h\x00h\x00tq\x010ctorch._utils\n_rebuild_tensor_v2\nq\x020`
  const tensors = `${sizes}${given}${'h\x02h\x01R0'.repeat(2000)}}.`
  expect(await refusal(archive(tensors))).toContain('calls of at most 524288 items')
})

test('what is no file of PyTorch is refused', async () => {
  expect(await refusal(new Uint8Array(0))).toContain('a file of torch.save')
  expect(await refusal(new Uint8Array(512).fill(0x80))).toContain('bytes that begin otherwise')
  expect(await refusal(zipSync({ 'a.txt': new Uint8Array(3) }))).toContain('an entry data.pkl')
  expect(await refusal(tagger().toBytes())).toContain('safetensors, which model.load reads')
})

describe('the place of a state dict', () => {
  const dict = (entries: Readonly<Record<string, string>>) =>
    `}(${Object.entries(entries)
      .flatMap(([name, value]) => [text(name), value])
      .join('')}u`
  const inner = tensor({}).slice(2, -1)
  const loss = inner.slice(2 + text('dense.bias').length, -1)
  const model = () => sequential([dense({ inputSize: 1, size: 2 })])
  const keyed = (pickle: string, key?: string) =>
    importPyTorch(model(), archive(`${pickle}.`), { strict: false, ...(key && { key }) })

  test('is a key, or keys with dots between them', async () => {
    const nested = dict({ net: dict({ encoder: inner }), 'net.encoder.ema': inner })
    for (const key of ['net.encoder', 'net.encoder.ema']) {
      const { matched } = await keyed(nested, key)
      expect(matched.map(({ source }) => source)).toEqual(['dense.bias'])
    }
    await expect(keyed(nested, 'net.decoder')).rejects.toThrow(
      '"net.decoder", received a dict of "encoder"',
    )
    await expect(keyed(nested, 'net')).rejects.toThrow(
      'choose it by key, received a dict of "encoder"',
    )
  })

  test('is asked for, though a loss stands beside it as a tensor', async () => {
    const words = 'choose it by key, received a dict of "loss", "model"'
    await expect(keyed(dict({ loss, model: inner }))).rejects.toThrow(words)
  })

  test('may have a state of any kind beside its tensors', async () => {
    const { matched } = await keyed(dict({ 'dense.bias': loss, 'dense._extra_state': inner }))
    expect(matched).toHaveLength(1)
  })
})

describe.each(['tagger.pt', 'legacy.pt'])('%s, damaged', (name) => {
  const bytes = pytorchBytes(name)
  const model = tagger()

  /** Tells what became of damaged bytes: an error of a type, or a report. */
  async function outcome(damaged: Uint8Array): Promise<string> {
    try {
      await importPyTorch(model, damaged, { strict: false })
      return 'report'
    } catch (error) {
      return error instanceof UnrolledError ? 'typed' : String(error)
    }
  }

  test('cut off at any byte', async () => {
    for (let length = 0; length < bytes.length; length += name === 'tagger.pt' ? 3 : 1) {
      expect(await outcome(bytes.subarray(0, length))).toBe('typed')
    }
  })

  test('with bits that flip', async () => {
    let state = 16
    for (let trial = 0; trial < 1000; trial++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      const bit = state % (8 * bytes.length)
      const damaged = bytes.slice()
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(['typed', 'report']).toContain(await outcome(damaged))
    }
  })
})
