// The checks check: a sound detector passes them all, and detectors that are wrong in one way each fail exactly the
// checks that name it.

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TollError, throwIfAborted, type Domains } from '../base/index.js'
import {
  normalIndices,
  type Detector,
  type FittedDetector,
  type Scored,
  type ScoreExplanation,
} from '../detectors/index.js'
import {
  abs,
  add,
  cast,
  constant,
  div,
  maxOver,
  mean,
  mul,
  neg,
  sqrt,
  square,
  sub,
  sum,
  where,
  greater,
  type Tensor,
} from '../graph/index.js'
import type { Engine } from '../runtime/index.js'
import { openEngine } from '../runtime/node/index.js'
import { checkDetector, detectorChecks } from './check-detector.js'

let engine: Engine
beforeAll(async () => {
  engine = await openEngine({ device: 'cpu', threads: 1 })
})
afterAll(() => engine.close())

/** The plain distance to the mean: what every other detector here is a spoiled copy of. */
const sound: Detector = {
  name: 'distance',
  title: 'Distance to the mean',
  idea: 'The further from the mean of the training data, the stranger.',
  reference: 'none needed',
  accepts: ['table'],
  precision: 'float64',
  takesWeights: false,
  parameters: {},
  fit: async (data, _, { signal }) => {
    throwIfAborted(signal)
    const kept = normalIndices(data)
    if (kept.length < 2)
      throw new TollError('too-few-rows', `needs 2 rows, got ${kept.length}`, { value: kept.length, limit: 2 })
    const d = data.samples.shape[1]
    const centre = Float64Array.from({ length: d }, (_, c) =>
      kept.reduce((total, row) => total + data.samples.data[row * d + c] / kept.length, 0),
    )
    return fitted((x) => distance(x, centre), { rows: kept.length })
  },
}

function distance(x: Tensor, centre: Float64Array): Tensor {
  return sqrt(sum(square(sub(x, constant(centre, [1, centre.length], 'float64'))), [1]))
}

function fitted(
  score: (x: Tensor) => Tensor,
  summary: Record<string, unknown>,
  more: Partial<FittedDetector> = {},
): FittedDetector {
  return {
    score: (x): Scored => ({ score: score(x) }),
    summary,
    containsTrainingRows: false,
    ...more,
  }
}

/** The sound detector with its scores changed in the graph. */
function rescored(change: (score: Tensor, x: Tensor) => Tensor): Detector {
  return {
    ...sound,
    fit: async (data, parameters, context) => {
      const right = await sound.fit(data, parameters, context)
      return fitted((x) => change(right.score(x).score, x), right.summary)
    },
  }
}

async function failuresOf(detector: Detector): Promise<string[]> {
  const { results } = await checkDetector(detector, { engine })
  expect(results.map(({ name }) => name)).toEqual(detectorChecks.map(({ name }) => name))
  return results.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name)
}

describe('the checks', () => {
  it('have names that differ and promises that are sentences', () => {
    expect(new Set(detectorChecks.map(({ name }) => name)).size).toBe(detectorChecks.length)
    for (const { promise } of detectorChecks) expect(promise).toMatch(/^[A-Z].*\.$/)
  })

  it('stand in the documentation, every one in its words', () => {
    const page = readFileSync(
      join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..', 'docs', 'your-own-detector.md'),
      'utf8',
    )
    const rows = [...page.matchAll(/^\| `([\w-]+)` \| (.*) \|$/gm)].map(([, name, promise]) => ({ name, promise }))
    expect(rows).toEqual(detectorChecks.map(({ name, promise }) => ({ name, promise })))
  })

  it('pass a detector that is right', async () => {
    expect((await checkDetector(sound, { engine })).failures).toEqual([])
  })

  it('catch scores that are NaN', async () => {
    // NaN becomes infinity in a model, so that it shows as a score that is not finite.
    const nan = rescored((score) => where(greater(score, 2), constant(NaN, [], 'float64'), score))
    expect(await failuresOf(nan)).toEqual(expect.arrayContaining(['finite', 'absurd-numbers']))
  })

  it('catch scores that depend on the batch', async () => {
    const ranked = rescored((score) => sub(score, mean(score)))
    expect(await failuresOf(ranked)).toEqual(expect.arrayContaining(['batches']))
    const scaled = rescored((score) => div(score, maxOver(score)))
    expect(await failuresOf(scaled)).toEqual(expect.arrayContaining(['batches']))
  })

  it('catch scores that have collapsed', async () => {
    const collapsed = await failuresOf(rescored((score) => mul(score, 0)))
    expect(collapsed).toEqual(['distinct', 'outliers', 'direction'])
  })

  it('catch scores that fall with strangeness', async () => {
    expect(await failuresOf(rescored(neg))).toEqual(['outliers', 'direction', 'absurd-numbers'])
  })

  it('catch a division by the spread of a constant column', async () => {
    const dividing: Detector = {
      ...sound,
      fit: async (data, parameters, context) => {
        const right = await sound.fit(data, parameters, context)
        const [n, d] = data.samples.shape
        const range = Float64Array.from({ length: d }, (_, c) => {
          const column = Array.from({ length: n }, (_, row) => data.samples.data[row * d + c])
          return Math.max(...column) - Math.min(...column)
        })
        return fitted((x) => right.score(div(x, constant(range, [1, d], 'float64'))).score, right.summary)
      },
    }
    expect(await failuresOf(dividing)).toEqual(expect.arrayContaining(['finite', 'constant-column']))
  })

  it('catch single precision where double was promised', async () => {
    const narrow: Detector = {
      ...sound,
      fit: async (data, parameters, context) => {
        const right = await sound.fit(data, parameters, context)
        return fitted((x) => right.score(cast(cast(x, 'float32'), 'float64')).score, right.summary)
      },
    }
    expect(await failuresOf(narrow)).toEqual(['offset'])
  })

  it('catch randomness that is not seeded', async () => {
    const jitter: Detector = {
      ...sound,
      fit: async (data, parameters, context) => {
        const right = await sound.fit(data, parameters, context)
        const factor = 1 + Math.random()
        return fitted((x) => mul(right.score(x).score, factor), right.summary)
      },
    }
    expect(await failuresOf(jitter)).toEqual(['same-seed', 'fit-twice', 'labels', 'offset'])
  })

  it('catch a fit that remembers the fit before', async () => {
    let fits = 0
    const remembering: Detector = {
      ...sound,
      fit: async (data, parameters, context) => {
        const right = await sound.fit(data, parameters, context)
        const factor = 1 + fits++
        return fitted((x) => mul(right.score(x).score, factor), right.summary)
      },
    }
    expect(await failuresOf(remembering)).toEqual(['same-seed', 'fit-twice', 'labels', 'offset'])
  })

  it('catch inputs that are changed', async () => {
    const sorting: Detector = {
      ...sound,
      fit: async (data, parameters, context) => {
        const right = await sound.fit(data, parameters, context)
        data.samples.data.sort()
        return right
      },
    }
    expect(await failuresOf(sorting)).toEqual(['inputs-kept'])
  })

  it('catch parameters that are changed', async () => {
    const clamping: Detector = {
      ...sound,
      parameters: { k: { kind: 'integer', default: 500, min: 1, doc: 'Neighbours.' } } satisfies Domains,
      fit: (data, parameters, context) => {
        parameters.k = Math.min(parameters.k as number, data.samples.shape[0])
        return sound.fit(data, parameters, context)
      },
    }
    expect(await failuresOf(clamping)).toEqual(['parameters-kept'])
  })

  it('catch a fit that does not stop', async () => {
    const deaf: Detector = {
      ...sound,
      fit: (data, parameters, context) => sound.fit(data, parameters, { ...context, signal: undefined }),
    }
    expect(await failuresOf(deaf)).toEqual(['abort'])
    const hasty: Detector = {
      ...sound,
      fit: (data, parameters, context) => {
        throwIfAborted(context.signal)
        context.onProgress?.({ step: 1, steps: 2, values: {} })
        return sound.fit(data, parameters, { ...context, signal: undefined })
      },
    }
    expect(await failuresOf(hasty)).toEqual(['abort'])
  })

  it('catch checkpoints that are promised and not kept', async () => {
    expect(await failuresOf({ ...sound, keepsCheckpoints: true })).toEqual(['checkpoints'])
  })

  it('catch progress that goes back', async () => {
    const stumbling: Detector = {
      ...sound,
      fit: (data, parameters, context) => {
        for (const step of [2, 1]) context.onProgress?.({ step, steps: 2, values: {} })
        return sound.fit(data, parameters, context)
      },
    }
    expect(await failuresOf(stumbling)).toEqual(['progress'])
  })

  it('catch labels that are ignored', async () => {
    const greedy: Detector = {
      ...sound,
      fit: ({ samples }, parameters, context) => sound.fit({ samples }, parameters, context),
    }
    expect(await failuresOf(greedy)).toEqual(['labels', 'one-row'])
  })

  it('catch weights that are taken and ignored', async () => {
    expect(await failuresOf({ ...sound, takesWeights: true })).toEqual(['weights'])
  })

  it('catch errors that are not typed', async () => {
    const careless: Detector = {
      ...sound,
      fit: async (data, parameters, context) => {
        if (normalIndices(data).length < 4) throw new RangeError('too few')
        return sound.fit(data, parameters, context)
      },
    }
    expect(await failuresOf(careless)).toEqual(['one-row', 'few-rows'])
  })

  it('catch a summary that is no JSON, and training rows that are kept in silence', async () => {
    const hoarding: Detector = {
      ...sound,
      fit: async (data, parameters, context) => {
        const right = await sound.fit(data, parameters, context)
        const rows = Float64Array.from(data.samples.data)
        return fitted((x) => add(right.score(x).score, mul(mean(constant(rows, undefined, 'float64')), 1e-9)), {
          loss: NaN,
        })
      },
    }
    expect(await failuresOf(hoarding)).toEqual(expect.arrayContaining(['summary', 'training-rows']))
  })

  it('catch components that are not what is declared', async () => {
    const failures = await failuresOf({ ...sound, components: () => ['distance'] })
    expect(failures).toEqual(expect.arrayContaining(['components', 'finite', 'save-and-load']))
    const narrow: Detector = {
      ...sound,
      components: () => ['narrow'],
      fit: async (data, parameters, context) => {
        const right = await sound.fit(data, parameters, context)
        const score = (x: Tensor): Scored => {
          const distance = right.score(x).score
          return { score: distance, components: { narrow: cast(distance, 'float32') } }
        }
        return { ...right, score }
      },
    }
    expect(await failuresOf(narrow)).toEqual(['components'])
  })

  /** The sound detector in two terms: how far a row is in the first column, by gradients, and in the others. */
  const explained = (change: (explanation: ScoreExplanation) => ScoreExplanation = (it) => it): Detector => ({
    ...sound,
    exceptions: { offset: 'the origin is where normal rows are' },
    components: () => ['first', 'others'],
    details: () => ['samples', 'residual'],
    explanation: ({ samples, residual }) =>
      change({
        samples,
        base: 'first column of a typical row',
        terms: [
          { name: 'first', title: 'the first column', output: 'first', weight: 2, by: 'gradients' },
          { name: 'others', title: 'the others', output: 'others', weight: 1, by: 'squares', residual },
        ],
      }),
    fit: async (data, parameters, context) => ({
      ...(await sound.fit(data, parameters, context)),
      score: (x) => {
        const d = x.shape[1] as number
        const mask = constant(
          Float64Array.from({ length: d }, (_, c) => Number(c > 0)),
          [1, d],
          'float64',
        )
        const residual = mul(x, mask)
        const [first, others] = [abs(sum(sub(x, residual), [1])), sqrt(sum(square(residual), [1]))]
        return {
          score: add(mul(first, 2), others),
          components: { first, others },
          details: { samples: x, residual },
        }
      },
    }),
  })

  it('pass a detector that says what makes its score, and catch one that says it wrongly', async () => {
    expect(await failuresOf(explained())).toEqual([])
    const heavier = explained((it) => ({ ...it, terms: it.terms.map((term) => ({ ...term, weight: 1 })) }))
    expect(await failuresOf(heavier)).toEqual(['explanation'])
    const shorter = explained((it) => ({ ...it, terms: it.terms.slice(0, 1) }))
    expect(await failuresOf(shorter)).toEqual(['explanation'])
    const unknown = explained((it) => ({ ...it, terms: it.terms.map((term) => ({ ...term, output: 'third' })) }))
    expect(await failuresOf(unknown)).toEqual(['explanation'])
  })

  it('catch a parameter whose default lies outside its domain', async () => {
    const odd: Detector = {
      ...sound,
      parameters: { k: { kind: 'integer', default: 0, min: 1, doc: 'Neighbours.' } } satisfies Domains,
    }
    expect((await failuresOf(odd))[0]).toBe('declaration')
  })
})

describe('exceptions', () => {
  const reason = 'scores are ranks by design'
  const collapsed: Detector = {
    ...rescored((score) => mul(score, 0)),
    exceptions: { distinct: reason, outliers: reason, direction: reason },
  }

  it('exempt from a check, and say why', async () => {
    const { failures, results } = await checkDetector(collapsed, { engine })
    expect(failures).toEqual([])
    expect(results.find(({ name }) => name === 'distinct')).toMatchObject({ outcome: 'exempt', reason })
  })

  it('fail where they are needless', async () => {
    const { failures } = await checkDetector({ ...sound, exceptions: { offset: reason } }, { engine })
    expect(failures).toEqual([`offset: passes, so that its exception ('${reason}') is needless: remove it`])
  })

  it('are refused for checks that do not exist', async () => {
    await expect(checkDetector({ ...sound, exceptions: { ofset: reason } }, { engine })).rejects.toMatchObject({
      code: 'argument',
      message: expect.stringMatching(/'ofset', which is no check; checks: declaration, /),
    })
  })

  it('do not stand in for a missing reason', async () => {
    expect(await failuresOf({ ...collapsed, exceptions: { ...collapsed.exceptions, direction: ' ' } })).toEqual([
      'declaration',
    ])
  })
})

describe('checkDetector', () => {
  it('refuses a detector of images alone, and stops when asked to', async () => {
    await expect(checkDetector({ ...sound, accepts: ['image'] }, { engine })).rejects.toMatchObject({
      code: 'argument',
    })
    await expect(checkDetector(sound, { engine, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
    })
  })
})
