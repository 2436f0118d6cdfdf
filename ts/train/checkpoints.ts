import { join } from 'node:path'
import { Described, mismatch } from '../errors.js'
import { nativePath } from '../native/binding.js'
import type { NativeTensor, NativeTrainer } from '../native/contract.js'
import { guardAsync } from '../native/errors.js'
import { type EarlyStopping, isEarlyStoppingRecord } from './early-stopping.js'
import { fieldsOf, fromExactJson, toExactJson } from './exact.js'
import type { ResolvedOptions } from './resolve.js'
import { isRunRecord, type RunRecord, type RunState } from './run-state.js'

const VERSION = 1

/** The names of the tensors of a run that the core does not know: the best weights, and the states of the metrics. */
const BEST = 'best'
const MEASURED = 'measured:'

/** The parts of a run that a checkpoint keeps. */
export interface Kept {
  readonly options: ResolvedOptions
  readonly earlyStopping: EarlyStopping | undefined
  /** Options, and facts of the data, that decide the bits of the steps to come. */
  readonly decisive: Readonly<Record<string, unknown>>
  /** Called with the path of the newest checkpoint: none where the run begins, and each that was written. */
  saved(file: string | undefined): void
}

/** Writes the checkpoints of a run, and goes on from one. */
export class Checkpoints {
  readonly #trainer: NativeTrainer
  readonly #run: Kept
  readonly #state: RunState
  /** The place of the run that is on disk, or where it began. */
  #saved: string
  #time = performance.now()
  #failed = false

  constructor(trainer: NativeTrainer, run: Kept, state: RunState) {
    this.#trainer = trainer
    this.#run = run
    this.#state = state
    this.#saved = this.#place
  }

  /** Makes the folder, and restores the run from the checkpoint to resume, if there is one. */
  async begin(): Promise<void> {
    const { checkpoint, resume } = this.#run.options
    if (checkpoint === undefined && resume === undefined) return this.#run.saved(undefined)
    const folder = checkpoint && nativePath(checkpoint.path)
    const file = resume === undefined || resume === 'latest' ? undefined : nativePath(resume)
    const found = await guardAsync(() => this.#trainer.begin(folder, resume !== undefined, file))
    // A run that is refused leaves the checkpoint of the run before.
    this.#run.saved(undefined)
    if (found !== null) {
      this.#read(`checkpoint '${found.path}'`, found.text, found.tensors)
      await guardAsync(() => this.#trainer.restore())
      if (folder !== undefined) this.#run.saved(found.path)
    }
  }

  #read(where: string, text: string, tensors: readonly NativeTensor[]): void {
    const { version, run, decisive, earlyStopping: memory } = fieldsOf(fromExactJson(text))
    if (version !== VERSION || !isRunRecord(run)) {
      throw mismatch('ERR_UNROLLED_FORMAT', where, `a run of version ${VERSION}`, version)
    }
    this.#checkSame(where, fieldsOf(decisive))
    this.#checkEpochs(where, run)
    const { earlyStopping } = this.#run
    if (earlyStopping !== undefined && isEarlyStoppingRecord(memory)) {
      earlyStopping.restore(memory, tensors.find(({ name }) => name === BEST)?.values)
    }
    const measured = tensors.filter(({ name }) => name.startsWith(MEASURED))
    const states = measured.map((state) => ({ ...state, name: state.name.slice(MEASURED.length) }))
    this.#state.restore(run, states)
    this.#saved = this.#place
  }

  /** Refuses options under which the steps to come would not be those of the run that was stopped. */
  #checkSame(where: string, before: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of Object.entries(this.#run.decisive)) {
      const [now, then] = [toExactJson(value ?? null), toExactJson(before[name] ?? null)]
      if (now === then) continue
      const expected = `${name} ${then} as in the ${where}`
      throw mismatch('ERR_UNROLLED_ARGUMENT', 'fit resume', expected, new Described(now))
    }
  }

  /** Refuses fewer epochs than the run has begun, whose end would lie in their midst. */
  #checkEpochs(where: string, { epoch, step }: RunRecord): void {
    const begun = step > 0 ? epoch : epoch - 1
    const { epochs } = this.#run.options
    if (begun <= epochs) return
    const expected = `at least ${begun}, the epoch of the ${where}`
    throw mismatch('ERR_UNROLLED_ARGUMENT', 'fit epochs', expected, epochs)
  }

  /** Tells if a checkpoint is due after so many steps. */
  due(total: number): boolean {
    const every = this.#run.options.checkpoint?.every
    if (every === undefined || every === 'epoch') return false
    if (typeof every === 'number') return total % every === 0
    return performance.now() - this.#time >= every.seconds * 1000
  }

  /** Tells if a checkpoint is due after an epoch. */
  dueAfterEpoch(total: number): boolean {
    return this.#run.options.checkpoint?.every === 'epoch' || this.due(total)
  }

  /** Writes the run as it is, at rest, unless that is on disk. */
  async save(): Promise<void> {
    const { checkpoint } = this.#run.options
    if (checkpoint === undefined || this.#failed || this.#state.torn || this.#saved === this.#place)
      return
    this.#failed = true
    const { path, keep } = checkpoint
    const { options, earlyStopping } = this.#run
    const text = toExactJson({
      version: VERSION,
      decisive: this.#run.decisive,
      run: this.#state.record,
      earlyStopping: earlyStopping?.record,
    })
    const step = this.#state.place.total
    const settings = { step, keep, text, carry: options.carry }
    await guardAsync(() => this.#trainer.save(settings, this.#tensors()))
    this.#failed = false
    this.#saved = this.#place
    this.#time = performance.now()
    this.#run.saved(join(path, `checkpoint-${step}.safetensors`))
  }

  #tensors(): NativeTensor[] {
    const best = this.#run.earlyStopping?.weights
    const states = this.#state.states.map((state) => ({ ...state, name: MEASURED + state.name }))
    return best === undefined
      ? states
      : [{ name: BEST, shape: [best.length], values: best }, ...states]
  }

  get #place(): string {
    const { epoch, step, total } = this.#state.place
    return `${epoch} ${step} ${total}`
  }
}
