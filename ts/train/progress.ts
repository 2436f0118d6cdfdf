import type { EpochRecord, StepEvent, TrainEvent } from './event.js'

/** The terminal that a progress line is written to. */
export interface ProgressOutput {
  readonly isTTY?: boolean
  write(text: string): unknown
}

const INTERVAL = 100

/** A live line of a training run: epoch, step, loss, steps a second, time left. */
export class Progress {
  readonly #output: ProgressOutput
  readonly #epochs: number
  readonly #now: () => number
  readonly #started: number
  #done = 0
  #shown = Number.NEGATIVE_INFINITY

  constructor(epochs: number, output: ProgressOutput, now: () => number = () => performance.now()) {
    this.#epochs = epochs
    this.#output = output
    this.#now = now
    this.#started = now()
  }

  /** Takes an event and, at most ten times a second, draws. */
  update(event: TrainEvent): void {
    if (this.#output.isTTY !== true) return
    if (event.type === 'epoch') {
      this.#draw(`${this.#epochWords(event.record)}\n`)
      return
    }
    this.#done += 1
    const now = this.#now()
    if (now - this.#shown < INTERVAL) return
    this.#shown = now
    this.#draw(this.#stepWords(event, (now - this.#started) / 1000))
  }

  #draw(text: string): void {
    this.#output.write(`\r\x1b[K${text}`)
  }

  #stepWords({ epoch, step, steps, loss }: StepEvent, seconds: number): string {
    const rate = this.#done / Math.max(seconds, 1e-9)
    const words = [
      `epoch ${epoch}/${this.#epochs}`,
      `step ${step}${steps === undefined ? '' : `/${steps}`}`,
      `loss ${loss.toFixed(4)}`,
      `${rate.toFixed(1)} steps/s`,
    ]
    if (steps !== undefined) {
      const left = (this.#epochs - epoch + 1) * steps - step
      words.push(`${clock(left / rate)} left`)
    }
    return words.join('  ')
  }

  #epochWords({ epoch, seconds, ...scores }: EpochRecord): string {
    const parts = Object.entries(scores).map(([name, value]) => `${name} ${value?.toFixed(4)}`)
    return [`epoch ${epoch}/${this.#epochs}`, ...parts, clock(seconds)].join('  ')
  }
}

/** Seconds as `1:05` or `2:01:05`. */
function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const [hours, ...rest] = parts
  const text = rest.map((part) => String(part).padStart(2, '0')).join(':')
  return hours === 0 ? text.replace(/^0/, '') : `${hours}:${text}`
}
