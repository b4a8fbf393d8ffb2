// scikit-learn on the same machine: a child process that fits and scores when asked. Absent where no python3 has
// sklearn.

import { fileURLToPath } from 'node:url'
import { openPython } from './python.js'

export interface LearnerRequest {
  readonly detector: string
  readonly fit: readonly [number, number]
  readonly score: number
  readonly parameters: Readonly<Record<string, number | string>>
  readonly threads: number
}

export interface Learner {
  readonly version: string
  /** Seconds of the fit, and of fit and score together. */
  time(request: LearnerRequest): Promise<{ fit: number; seconds: number }>
  close(): void
}

export async function openLearner(): Promise<Learner | undefined> {
  const python = await openPython('sklearn', fileURLToPath(new URL('../sklearn_peer.py', import.meta.url)))
  return (
    python && {
      version: String(python.greeting.sklearn),
      time: async (request) => (await python.ask(request)) as { fit: number; seconds: number },
      close: () => python.close(),
    }
  )
}
