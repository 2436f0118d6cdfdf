// Files of torch.save (`importPyTorch`): zip archives and those before them. For a night of them see test/support/fuzz.ts.
import { importPyTorch } from 'unrolled/pytorch'
import { type Files, fuzz } from '../support/fuzz.js'
import { changeBytes } from '../support/hostile.js'
import { changeOpcodes, opcodesOf, pickleOf } from '../support/pickles.js'
import { pytorchBytes, tagger } from '../support/pytorch.js'
import type { Random } from '../support/random.js'
import {
  archiveOf,
  bombNamed,
  changeDirectory,
  changeEntries,
  type Entries,
  entriesOf,
} from '../support/zips.js'

const archives = ['tagger', 'bf16', 'views', 'checkpoint'].map((name) =>
  entriesOf(pytorchBytes(`${name}.pt`)),
)
const legacy = pytorchBytes('legacy.pt')
const model = tagger()

function changedPickle(random: Random, bytes: Uint8Array): Uint8Array {
  const opcodes = opcodesOf(bytes)
  for (let i = random.few(); i > 0; i--) changeOpcodes(random, opcodes)
  return pickleOf(opcodes)
}

function make(random: Random): Files {
  if (random.chance(0.15)) {
    return {
      file: random.chance(0.3) ? changeBytes(random, legacy) : changedPickle(random, legacy),
    }
  }
  if (random.chance(0.01)) return { file: bombNamed('x/data.pkl') }
  const entries: Entries = random.pick(archives).map(([name, contents]) => [name, contents])
  const [inside, around] = [random.chance(0.75), random.chance(0.15)]
  for (const entry of entries) {
    if (inside && entry[0].endsWith('data.pkl')) entry[1] = changedPickle(random, entry[1])
  }
  if (around) changeEntries(random, entries)
  const archive = archiveOf(entries, random.chance(0.9) ? 0 : 6)
  if (inside || around) return { file: archive }
  return {
    file: random.chance(0.8) ? changeDirectory(random, archive) : changeBytes(random, archive),
  }
}

fuzz({
  name: 'pytorch',
  codes: ['ERR_UNROLLED_FORMAT'],
  make,
  async read({ file = new Uint8Array() }) {
    const { matched, missing, leftOver } = await importPyTorch(model, file, { strict: false })
    if (![matched, missing, leftOver].every(Array.isArray))
      throw new Error('a report without lists')
  },
})
