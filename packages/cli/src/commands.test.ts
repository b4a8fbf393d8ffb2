import { mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadModel, manifestKey, openEngine, readManifest, type Evaluation } from 'toll'
import { ndarray, tableFromRows } from 'toll/base'
import { decodeModel } from 'toll/graph'
import { auroc, confusionAt, f1Score } from 'toll/metrics'
import { openTable } from 'toll/node'
import { runShell, runToll, writeExample } from './spawn.test.suite.js'

let folder = ''
let features: number[][] = []
let labels: number[] = []
const at = (name: string) => join(folder, name)
const toll = (...args: string[]) => runToll(args, { cwd: folder })
const fitArgs = ['fit', 'example.csv', '--id', 'key', '--label', 'label', '--steps', '120', '--threads', '1']

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toll-cli-'))
  const lines = (await readFile(await writeExample(folder), 'utf8'))
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','))
  features = lines.map((cells) => cells.slice(1, 4).map(Number))
  labels = lines.map((cells) => Number(cells[4]))
  const { code, err } = await toll(...fitArgs, '-o', 'model.onnx')
  expect([code, err]).toEqual([0, expect.not.stringContaining('toll:')])
})
afterAll(() => rm(folder, { recursive: true }))

interface ScoredRow {
  readonly key: string
  readonly score: number | null
}

/** NDJSON as objects. */
function parseLines(text: string): ScoredRow[] {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ScoredRow)
}

/** What the library itself says of the example. */
async function libraryScores() {
  const engine = await openEngine({ device: 'cpu', threads: 1 })
  const model = await loadModel(at('model.onnx'), { engine })
  const scores = await model.score(tableFromRows(features, ['a', 'b', 'c']))
  await engine.close()
  return { ...scores, manifest: model.manifest }
}

describe('fit', () => {
  test('leaves one file, the same for the same command, and says what it did', async () => {
    const { code, out } = await toll(...fitArgs, '-o', 'again.onnx', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      model: 'again.onnx',
      detector: 'toll',
      seed: 0,
      parameters: { steps: 120, beta: 10 },
      rows: { given: 400, trained: 353, anomalies: 8, heldBack: 39 },
      input: { kind: 'table', columns: ['a', 'b', 'c'] },
      notes: [],
    })
    expect(await readFile(at('again.onnx'))).toEqual(await readFile(at('model.onnx')))
    expect(
      (await readdir(folder)).filter(
        (name) => name.includes('again') || name.includes('checkpoint') || name.includes('tmp'),
      ),
    ).toEqual(['again.onnx'])
  })

  test('every parameter by its flag or by --param', async () => {
    const { code, out } = await toll(
      'fit',
      'example.csv',
      '--columns',
      'a,b',
      '-o',
      'set.onnx',
      '--json',
      '--steps',
      '3',
      '--param',
      'beta=2.5',
      '--learning-rate',
      '0.01',
      '--seed',
      '5',
      '--scale',
      'robust',
      '--hold-out',
      '0.2',
      '--threshold-quantile',
      '0.9',
      '--batch',
      '500',
    )
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      seed: 5,
      parameters: { beta: 2.5, learningRate: 0.01, batch: 500 },
      rows: { heldBack: 80 },
      threshold: { quantile: 0.9 },
    })
    expect((JSON.parse(out) as { notes: string[] }).notes).toEqual([
      'a batch is all 320 rows, fewer than the 500 asked for',
    ])
    expect(readManifest(await readFile(at('set.onnx')))).toMatchObject({
      preprocessing: { scale: 'robust' },
      input: { columns: [{ name: 'a' }, { name: 'b' }] },
    })
  })

  test('says what it did about constant columns and missing numbers', async () => {
    await writeFile(
      at('gaps.csv'),
      `a,same\n${Array.from({ length: 60 }, (_, i) => `${i === 3 ? '' : i},1`).join('\n')}\n`,
    )
    const { code, err } = await toll('fit', 'gaps.csv', '-o', 'gaps.onnx', '--steps', '2')
    expect(code).toBe(0)
    expect(err).toBe(
      'note: the same value in every row: same is left out (--types same=category keeps it)\n' +
        'note: missing numbers became the median of their column, and that they were missing counts: 1 in a\n' +
        'note: a batch is all 54 rows, fewer than the 100 asked for\n',
    )
    expect(await toll('fit', 'gaps.csv', '-o', 'gaps.onnx', '--steps', '2', '--quiet')).toEqual({
      code: 0,
      out: '',
      err: '',
    })
  })

  test('refuses to lose what it reads, and labels that the model knows', async () => {
    await writeFile(at('kept.csv'), `x,z\n${Array.from({ length: 60 }, (_, i) => `${i % 7},${i % 2}\n`).join('')}`)
    await toll('fit', 'kept.csv', '-o', 'kept.onnx', '--detector', 'mean-distance')
    await symlink(at('kept.csv'), at('kept-link.csv'))
    const before = await Promise.all(['kept.csv', 'kept.onnx'].map((name) => readFile(at(name))))
    for (const args of [
      ['score', 'kept.onnx', 'kept.csv', '-o', 'kept-link.csv'],
      ['score', 'kept.onnx', 'kept.csv', '-o', 'kept.onnx', '--format', 'csv'],
      ['score', 'kept.onnx', '--sql', "from 'kep*.csv'", '-o', './kept.csv'],
      ['fit', 'kept*.csv', '-o', 'kept.csv'],
      ['explain', 'kept.onnx', 'kept.csv', '-o', 'kept.csv'],
    ]) {
      const { code, err } = await toll(...args)
      expect([code, err]).toEqual([2, expect.stringMatching(/is read, and would be lost; name another file/)])
    }
    expect(await Promise.all(['kept.csv', 'kept.onnx'].map((name) => readFile(at(name))))).toEqual(before)
    const known = await toll('eval', 'kept.onnx', 'kept.csv', '--label', 'z')
    expect([known.code, known.err]).toEqual([2, expect.stringContaining("the model takes 'z' as an input")])
  })

  test('learns by a detector of its owner, and says what is none', async () => {
    const module = (name: string, body: string) => writeFile(at(name), body)
    const door = (name: string) => import.meta.resolve(`toll/${name}`)
    await module(
      'mine.mjs',
      `import { integer } from '${door('base')}'
       import { constant, rowNorm, sub } from '${door('graph')}'
       export const fromZero = {
         name: 'from-zero', title: 'From zero', idea: 'How far a row is from zero.', reference: 'none',
         accepts: ['table'], precision: 'float64', takesWeights: false,
         parameters: { origin: integer({ default: 0, min: 0, max: 9, doc: 'Where zero is.' }) },
         async fit(data, { origin }) {
           const d = data.samples.shape[1]
           const row = constant(new Float64Array(d).fill(origin), [1, d], 'float64')
           const score = (x) => ({ score: rowNorm(sub(x, row)) })
           return { score, summary: {}, containsTrainingRows: false }
         },
       }`,
    )
    await writeFile(at('plain.csv'), `x,z\n${Array.from({ length: 60 }, (_, i) => `${i % 7},${i % 2}\n`).join('')}`)
    const fitted = await toll('fit', 'plain.csv', '-o', 'own.onnx', '--detector', './mine.mjs', '--origin', '3')
    expect([fitted.code, fitted.out]).toEqual([0, expect.stringContaining('own.onnx: from-zero on')])
    expect(readManifest(await readFile(at('own.onnx')))).toMatchObject({
      detector: 'from-zero',
      parameters: { origin: 3 },
    })
    expect((await toll('score', 'own.onnx', 'plain.csv')).code).toBe(0)
    expect((await toll('explain', 'own.onnx', 'plain.csv', '--top', '1')).code).toBe(0)
    expect((await toll('report', 'own.onnx', 'plain.csv', '-o', 'own.html')).code).toBe(0)
    await module('none.mjs', 'export const x = 1')
    await module('broken.mjs', 'export const x = ')
    for (const [name, words] of [
      ['./none.mjs', 'exports no detector'],
      ['./broken.mjs', 'could not be loaded'],
      ['./missing.mjs', 'could not be loaded'],
    ]) {
      const { code, err } = await toll('fit', 'plain.csv', '-o', 'own2.onnx', '--detector', name)
      expect([code, err]).toEqual([2, expect.stringContaining(`toll: ${name} ${words}`)])
    }
    const unknown = await toll('fit', 'plain.csv', '-o', 'own2.onnx', '--detector', 'fancy')
    expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining('Allowed choices are toll, ')])
  })

  test('weights and two named classes', async () => {
    const lines = Array.from({ length: 60 }, (_, i) => `${i},${i % 10 === 0 ? 'odd' : 'usual'},${i % 2}\n`)
    await writeFile(at('named.csv'), `x,kind,w\n${lines.join('')}`)
    const { code, out } = await toll(
      'fit',
      'named.csv',
      '-o',
      'named.onnx',
      '--steps',
      '2',
      '--label',
      'kind',
      '--anomaly',
      'odd',
      '--weight',
      'w',
      '--json',
    )
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ rows: { given: 60, anomalies: 6 }, input: { columns: ['x'] } })
  })
})

describe('score', () => {
  test('CSV in the order of the rows, with the scores of the library', async () => {
    const { score, isAnomaly, parts, pValue } = await libraryScores()
    const { code, out, err } = await toll(
      'score',
      'model.onnx',
      'example.csv',
      '--id',
      'key',
      '--id',
      'label',
      '--threads',
      '1',
    )
    expect(code).toBe(0)
    const lines = features.map((_, i) =>
      [
        `k${i}`,
        labels[i],
        score[i],
        parts.reconstruction_error[i],
        parts.latent_norm[i],
        pValue![i],
        isAnomaly[i] === 1,
        '',
      ].join(','),
    )
    expect(out).toBe(`key,label,score,reconstruction_error,latent_norm,p_value,is_anomaly,error\n${lines.join('\n')}\n`)
    expect(err).toBe(`400 rows, ${isAnomaly.reduce((a, b) => a + b, 0)} anomalies\n`)
  })

  test('Parquet, NDJSON and CSV files hold the same rows', async () => {
    const { score } = await libraryScores()
    for (const name of ['s.parquet', 's.ndjson', 's.csv']) {
      const { code, out } = await toll('score', 'model.onnx', 'example.csv', '-o', name, '--threads', '1', '--json')
      expect([name, code, JSON.parse(out)]).toMatchObject([
        name,
        0,
        { output: name, rows: 400, imputed: 0, invalid: 0 },
      ])
      await using source = await openTable(at(name))
      expect(source.columns.map((column) => column.name)).toEqual([
        'row',
        'score',
        'reconstruction_error',
        'latent_norm',
        'p_value',
        'is_anomaly',
        'error',
      ])
      const { columns } = await source.read({ columns: ['row', 'score'] })
      expect([...columns[0].values]).toEqual(features.map((_, i) => i + 1))
      expect([...columns[1].values]).toEqual([...score])
    }
  })

  test('finds columns by name, from standard input too', async () => {
    const { score } = await libraryScores()
    const input = `c,extra,b,a\n${features
      .slice(0, 5)
      .map(([a, b, c]) => `${c},z,${b},${a}`)
      .join('\n')}\n`
    const { code, out, err } = await runToll(
      ['score', 'model.onnx', '-', '--format', 'ndjson', '--threads', '1', '--quiet'],
      { cwd: folder, input },
    )
    expect([code, err]).toEqual([0, ''])
    expect(parseLines(out).map((row) => row.score)).toEqual([...score.slice(0, 5)])
  })

  test('rows that cannot be scored carry their error, the others are scored as ever', async () => {
    const { score } = await libraryScores()
    const [, ...rows] = (await readFile(at('example.csv'), 'utf8')).trim().split('\n')
    const broken = ['key,a,b,c,label', rows[0], 'bad,oops,1,2,0', rows[1], 'inf,1,inf,2,0', 'gap,,1,2,0', rows[2]]
    await writeFile(at('broken.csv'), `${broken.join('\n')}\n`)
    const { code, out } = await toll(
      'score',
      'model.onnx',
      'broken.csv',
      '-o',
      'broken.ndjson',
      '--id',
      'key',
      '--threads',
      '1',
      '--json',
    )
    expect([code, JSON.parse(out)]).toMatchObject([0, { rows: 6, imputed: 1, invalid: 2 }])
    const scored = parseLines(await readFile(at('broken.ndjson'), 'utf8'))
    expect(scored.map(({ key }) => key)).toEqual(['k0', 'bad', 'k1', 'inf', 'gap', 'k2'])
    expect([scored[0].score, scored[2].score, scored[5].score]).toEqual([...score.slice(0, 3)])
    expect(scored[1]).toMatchObject({
      score: null,
      is_anomaly: null,
      error: "broken.csv, row 2: column 'a' holds 'oops', which is not a finite number",
    })
    expect(scored[3]).toMatchObject({
      score: null,
      latent_norm: null,
      error: expect.stringContaining("row 4: column 'b' holds 'infinity'"),
    })
    expect(scored[4]).toMatchObject({ score: expect.any(Number), error: null })

    await writeFile(at('kept.csv'), 'old')
    const strict = await toll('score', 'model.onnx', 'broken.csv', '-o', 'kept.csv', '--strict')
    expect([strict.code, strict.out]).toEqual([1, ''])
    expect(strict.err).toMatch(
      /^toll: broken\.csv, row 2: column 'a' holds 'oops', which is not a finite number; .*\n$/,
    )
    expect(await readFile(at('kept.csv'), 'utf8')).toBe('old')
  })

  test('stops quietly when the reader has seen enough', async () => {
    const header = 'a,b,c'
    await writeFile(at('long.csv'), `${header}\n${'1,2,5\n'.repeat(200_000)}`)
    const { out, err } = await runShell('toll score model.onnx long.csv | head -n 1; echo ${PIPESTATUS[0]}', folder)
    expect([out, err]).toEqual(['row,score,reconstruction_error,latent_norm,p_value,is_anomaly,error\n0\n', ''])
  })
})

describe('eval and inspect', () => {
  test('eval says that rows are those of the fit, and only then', async () => {
    const evaluate = (...more: string[]) =>
      toll('eval', 'model.onnx', ...more, '--label', 'label', '--replicates', '50')
    expect((await evaluate('example.csv')).err).toMatch(/^warning: these are the rows that the model was fitted to/)
    expect(JSON.parse((await evaluate('example.csv', '--json')).out)).toMatchObject({
      warnings: [{ code: 'training-rows' }],
    })
    const [header, first, ...others] = (await readFile(at('example.csv'), 'utf8')).split('\n')
    const changed = header
      .split(',')
      .map((name, i) => (name === 'a' ? '0.125' : first.split(',')[i]))
      .join(',')
    await writeFile(at('changed.csv'), [header, changed, ...others].join('\n'))
    expect((await evaluate('changed.csv')).err).toBe('')
  })

  test('eval agrees with the measures of the library', async () => {
    const { score, manifest } = await libraryScores()
    const { code, out } = await toll(
      'eval',
      'model.onnx',
      'example.csv',
      '--label',
      'label',
      '--replicates',
      '50',
      '--threads',
      '1',
      '--json',
    )
    expect(code).toBe(0)
    const { measures, counts, rows, threshold } = JSON.parse(out) as Evaluation
    const expected = confusionAt(score, labels, manifest.threshold.value)
    expect(measures.auroc.value).toBe(auroc(score, labels))
    expect(measures.f1).toMatchObject({ value: f1Score(expected), level: 0.95, replicates: 50 })
    expect(measures.f1.low).toBeLessThanOrEqual(measures.f1.value)
    expect(Object.keys(measures)).toEqual(['auroc', 'averagePrecision', 'f1', 'precision', 'recall'])
    expect(counts).toEqual({ ...expected })
    expect(rows).toEqual({ normal: 392, anomalies: 8, invalid: 0, imputedNumbers: 0 })
    expect(threshold).toEqual(manifest.threshold)
    const text = await toll(
      'eval',
      'model.onnx',
      'example.csv',
      '--label',
      'label',
      '--replicates',
      '50',
      '--threads',
      '1',
    )
    expect(text.out).toContain(`AUROC                       ${auroc(score, labels).toFixed(4)}`)
    expect(text.out).toContain('Intervals: 95 %, 50 bootstrap replicates')
  })

  test('inspect prints the manifest, as JSON the whole of it', async () => {
    const bytes = await readFile(at('model.onnx'))
    const manifest = readManifest(bytes)
    const json = await toll('inspect', 'model.onnx', '--json')
    expect(JSON.parse(json.out)).toEqual(JSON.parse(decodeModel(bytes).metadata[manifestKey]))
    const { code, out } = await toll('inspect', 'model.onnx', '--full')
    expect(code).toBe(0)
    for (const part of [
      'table of 3 columns',
      'beta 10',
      'quantile 0.99 of 39 held-back scores',
      '400 given, 353 trained on, 39 held back, 8 labelled anomalies',
      manifest.dataFingerprint,
    ]) {
      expect(out).toContain(part)
    }
    expect(out).toMatch(/^a +number +0 +-\d/m)
  })
})

describe('arrays', () => {
  /** An idx file of bytes; every third image is bright. */
  const images = (n: number, side: number) =>
    Uint8Array.from([
      0,
      0,
      8,
      3,
      0,
      0,
      0,
      n,
      0,
      0,
      0,
      side,
      0,
      0,
      0,
      side,
      ...Array.from(
        { length: n * side * side },
        (_, i) => (Math.floor(i / side / side) % 3 === 0 ? 200 : 50) + ((i * 7) % 31),
      ),
    ])

  test('images and their labels from idx files', async () => {
    await writeFile(at('pictures-idx3-ubyte'), images(60, 8))
    await writeFile(
      at('labels-idx1-ubyte'),
      Uint8Array.from([0, 0, 8, 1, 0, 0, 0, 60, ...Array.from({ length: 60 }, (_, i) => Number(i % 3 === 0))]),
    )
    const fit = await toll(
      'fit',
      'pictures-idx3-ubyte',
      '-o',
      'pictures.onnx',
      '--label',
      'labels-idx1-ubyte',
      '--steps',
      '3',
      '--json',
    )
    expect([fit.code, JSON.parse(fit.out)]).toMatchObject([
      0,
      { input: { kind: 'image', shape: [1, 8, 8] }, rows: { given: 60, anomalies: 20, trained: 40 } },
    ])
    const score = await toll('score', 'pictures.onnx', 'pictures-idx3-ubyte', '--quiet')
    expect(
      score.out
        .trim()
        .split('\n')
        .map((line) => line.split(',')[0]),
    ).toEqual(['row', ...Array.from({ length: 60 }, (_, i) => String(i + 1))])
    const evaluation = await toll(
      'eval',
      'pictures.onnx',
      'pictures-idx3-ubyte',
      '--label',
      'labels-idx1-ubyte',
      '--json',
      '--replicates',
      '10',
    )
    expect(JSON.parse(evaluation.out)).toMatchObject({ rows: { normal: 40, anomalies: 20 } })
  })

  test('a matrix is a table of columns x0, x1, ...', async () => {
    const { data } = ndarray(Float64Array.from(features.flat()), [features.length, 3])
    const header = "{'descr': '<f8', 'fortran_order': False, 'shape': (400, 3), }".padEnd(117) + '\n'
    await writeFile(
      at('rows.npy'),
      Buffer.concat([
        Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]),
        Buffer.from(header),
        Buffer.from(data.buffer),
      ]),
    )
    const fit = await toll('fit', 'rows.npy', '-o', 'rows.onnx', '--steps', '2', '--exclude', 'x1', '--json')
    expect([fit.code, JSON.parse(fit.out)]).toMatchObject([
      0,
      { rows: { given: 400 }, input: { columns: ['x0', 'x2'] } },
    ])
    expect((await toll('score', 'rows.onnx', 'rows.npy')).out.split('\n').length).toBe(402)
  })
})

describe('the rest', () => {
  test('datasets are listed and found', async () => {
    const list = await toll('datasets', 'list', '--json')
    expect((JSON.parse(list.out) as { datasets: { name: string }[] }).datasets.map(({ name }) => name)).toEqual([
      'mnist',
      'fashion-mnist',
      'cifar-10',
      'cifar-100',
      'arrhythmia',
      'toll-splits',
    ])
    const found = await toll('datasets', 'path', 'mnist')
    expect(
      found.out
        .trim()
        .split('\n')
        .map((path) => path.split('/').at(-1)!.replace(/\.gz$/, '')),
    ).toEqual([
      'train-images-idx3-ubyte',
      'train-labels-idx1-ubyte',
      't10k-images-idx3-ubyte',
      't10k-labels-idx1-ubyte',
    ])
    const absent = await runToll(['datasets', 'path', 'cifar-100'], { cwd: folder, env: { TOLL_CACHE: at('cache') } })
    expect([absent.code, absent.err]).toEqual([1, expect.stringContaining('toll datasets get cifar-100')])
  })

  test('help has examples for every command', async () => {
    const commands = [
      [],
      ['fit'],
      ['score'],
      ['eval'],
      ['threshold'],
      ['drift'],
      ['inspect'],
      ['compare'],
      ['datasets'],
      ['datasets', 'get'],
      ['datasets', 'list'],
      ['datasets', 'path'],
    ]
    const helps = await Promise.all(commands.map((command) => toll(...command, '--help')))
    helps.forEach(({ code, out, err }, i) => {
      expect([commands[i], code, err]).toEqual([commands[i], 0, ''])
      expect(out).toMatch(new RegExp(`Examples:\n  \\$ .*toll ${commands[i].join(' ')}`))
    })
    expect((await toll('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})
