import type { Work } from './job.js'
import type { Place, Point } from './place.js'

/** The length of a training. */
export interface Length {
  /** Steps of an epoch. */
  readonly steps: number
  readonly epochs: number
}

/** Prints a line every ten seconds, and one for each epoch. */
export class Progress {
  readonly #work: Work
  readonly #name: string
  readonly #length: Length
  readonly #started = performance.now()
  #shown = performance.now()
  #count = 0
  #loss = Number.NaN

  constructor(work: Work, name: string, length: Length) {
    this.#work = work
    this.#name = name
    this.#length = length
  }

  step({ epochs, step }: Pick<Place, 'epochs' | 'step'>, loss: number, rate: number): void {
    this.#count += 1
    this.#loss = Number.isNaN(this.#loss) ? loss : this.#loss + (loss - this.#loss) / 50
    const now = performance.now()
    if (now - this.#shown < 10_000) return
    this.#shown = now
    const { steps } = this.#length
    const left = (steps * this.#length.epochs - steps * epochs - step) / this.#count
    this.#work.say(
      [
        `${this.#name}: epoch ${epochs + 1}/${this.#length.epochs}`,
        `step ${step}/${steps}`,
        `loss ${this.#loss.toFixed(3)}`,
        `rate ${rate.toExponential(1)}`,
        `at most ${clock((left * (now - this.#started)) / 1000)} left`,
      ].join('  '),
    )
  }

  epoch({ epoch, loss, measures }: Point): void {
    const words = Object.entries(measures).map(([name, value]) => `${name} ${value.toFixed(3)}`)
    const at = `${this.#name}: epoch ${epoch}/${this.#length.epochs} done`
    this.#work.say([at, `loss ${loss.toFixed(3)}`, ...words].join('  '))
  }
}

/** Seconds as `h:mm:ss`. */
export function clock(seconds: number): string {
  const whole = Math.ceil(seconds)
  const two = (part: number) => String(part % 60).padStart(2, '0')
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60))}:${two(whole)}`
}
