import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runShell, runToll, writeExample } from './spawn.test.suite.js'

let folder = ''
const at = (name: string) => join(folder, name)
const toll = (args: readonly string[]) => runToll(args, { cwd: folder })
const fit = (source: string, ...more: string[]) => ['fit', source, '-o', 'new.onnx', '--steps', '3', ...more]

const idx = (...bytes: number[]) => Uint8Array.from([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, ...bytes])
const npy = (shape: string) => {
  const header = `{'descr': '<f8', 'fortran_order': False, 'shape': ${shape}, }\n`
  return Buffer.concat([
    Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]),
    Buffer.from(header),
    Buffer.alloc(40),
  ])
}
const files: Readonly<Record<string, string | Uint8Array>> = {
  'empty.csv': '',
  'header.csv': 'a,b\n',
  'days.csv': `a,day\n${['2020-01-01', '2020-01-02', '2020-13-45'].map((day, i) => `${i},${day}`).join('\n')}\n`,
  'text.csv': 'a,city,day\n1,Ulm,2020-01-01\n2,Bonn,2020-01-02\n',
  'cell.csv': 'a,b\n1,2\n3,oops\n5,6\n',
  'infinite.csv': 'a,b\n1,2\n3,inf\n5,6\n',
  'one.csv': 'a,b\n1,2\n',
  'ragged.csv': 'a,b\n1,2\n3,4,5\n',
  'twice.csv': 'a,a\n1,2\n',
  'bare.csv': '0,1,0\n1,2,3\n',
  'number.csv': 'a,7\n1,2\n',
  'nothing.csv': 'a,b\n1,\n2,\n3,\n',
  'huge.csv': `a,b\n${Array.from({ length: 60 }, (_, i) => `${Math.sin(i)},${Math.cos(i) * 1e308}`).join('\n')}\n`,
  'three.csv': 'a,kind\n1,x\n2,y\n3,z\n4,x\n',
  'which.csv': 'a,kind\n1,x\n2,y\n3,y\n4,x\n',
  'ones.csv': 'a,label\n1,1\n2,1\n3,1\n',
  'gap.csv': 'a,label\n1,1\n2,\n3,0\n',
  'renamed.csv': 'a,b,see\n1,2,3\n',
  'cut-idx3-ubyte': idx(1, 2, 3),
  'whole-idx3-ubyte': idx(1, 2, 3, 4, 5, 6, 7, 8),
  'cut.npy': npy('(20, 3)'),
  'cut.npz': Uint8Array.from([0x50, 0x4b, 3, 4, 20, 0, 0, 0]),
  'cut.mat': Buffer.from('MATLAB 5.0 MAT-file, cut'.padEnd(100)),
  'cut.csv.gz': gzipSync('a,b\n1,2\n3,4\n').subarray(0, 20),
  'picture.npy': Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  'text.onnx': 'not a model\n',
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toll-bad-'))
  await writeExample(folder)
  for (const [name, content] of Object.entries(files)) await writeFile(at(name), content)
  expect((await toll(['fit', 'example.csv', '-o', 'model.onnx', '--columns', 'a,b,c', '--steps', '20'])).code).toBe(0)
  const model = await readFile(at('model.onnx'))
  await writeFile(at('cut.onnx'), model.subarray(0, 5000))
  const newer = Buffer.from(model)
  const place = newer.indexOf('{"format":2,')
  newer[place + 10] = '9'.charCodeAt(0)
  // A checksum of another kind.
  newer.write('toll.other!', newer.lastIndexOf('toll.sha256'))
  await writeFile(at('newer.onnx'), newer)
})
afterAll(() => rm(folder, { recursive: true }))

type Case = readonly [args: readonly string[], exit: 1 | 2, code: string, message: RegExp]

const data: readonly Case[] = [
  [fit('nope.csv'), 1, 'not-found', /cannot read nope\.csv: no such file/],
  [fit('*.nope'), 1, 'not-found', /no file matches '\*\.nope'/],
  [fit('.'), 1, 'data', /\. is a folder without pictures .*; of tables name the files/],
  [fit('empty.csv'), 1, 'format', /empty\.csv is empty/],
  [fit('header.csv'), 1, 'format', /has a header but no rows/],
  [fit('example.csv', '--delimiter', ';'), 1, 'format', /splits at ','; set the delimiter to ',' \(--delimiter\)/],
  [fit('text.csv', '--types', 'city=number'), 1, 'data', /text\.csv, row 1: column 'city' holds 'Ulm'/],
  [
    fit('text.csv', '--types', 'city'),
    2,
    'argument',
    /--types takes name=kind, kind being one of number, boolean, category, time, got 'city'/,
  ],
  [
    fit('text.csv', '--types', 'town=category'),
    1,
    'not-found',
    /text\.csv has no column 'town' to learn from; it has a, city, day/,
  ],
  [fit('days.csv'), 1, 'data', /days\.csv, row 3: column 'day' holds '2020-13-45'/],
  [
    fit('cell.csv'),
    1,
    'data',
    new RegExp(
      "cell\\.csv, row 2: column 'b' holds 'oops'.*" +
        '\\(--missing TEXT; toll fit also takes --exclude COLUMN and --types COLUMN=category\\)',
    ),
  ],
  [fit('infinite.csv'), 1, 'data', /infinite\.csv, row 2: column 'b' holds 'infinity'/],
  [fit('one.csv'), 1, 'data', /one\.csv: fitting needs at least 2 rows, got 1/],
  [fit('ragged.csv'), 1, 'format', /line 3: expected 2 values, found 3/],
  [fit('twice.csv'), 1, 'format', /columns 1 and 2 are both called 'a'/],
  [
    fit('bare.csv'),
    1,
    'format',
    /columns 1 and 3 are both called '0'; rename one \(--no-header if that line is data\)/,
  ],
  [fit('number.csv'), 1, 'data', /the header holds the number 7.*\(--header or --no-header\)/],
  [
    fit('huge.csv'),
    1,
    'data',
    new RegExp(
      'huge\\.csv: column b holds numbers beyond 1e\\+150, which cannot be scaled; ' +
        'correct them, or leave the column out \\(--exclude b\\)',
    ),
  ],
  [
    fit('nothing.csv', '--columns', 'b'),
    1,
    'data',
    /no column is left to learn from: b \(empty\).*--types COLUMN=category; --delimiter CHAR/,
  ],
  [
    fit('three.csv', '--label', 'kind'),
    1,
    'data',
    /label column 'kind': labels must be two classes, got 3 \(x, y, z\).*--anomaly VALUE/,
  ],
  [
    fit('which.csv', '--label', 'kind'),
    1,
    'data',
    /do not say which is the anomaly; name it \(--anomaly VALUE or --normal VALUE\)/,
  ],
  [fit('ones.csv', '--label', 'label'), 1, 'data', /labels must be two classes, got 1/],
  [fit('gap.csv', '--label', 'label'), 1, 'data', /row 2 has no label/],
  [fit('example.csv', '--label', 'nope'), 1, 'not-found', /has no column 'nope'; it has key, a, b, c, label/],
  [fit('example.csv', '--columns', 'a,z'), 1, 'not-found', /has no column 'z'/],
  [fit('example.csv', '--exclude', 'key,a,b,c,label'), 1, 'data', /no columns are left/],
  [
    fit('example.csv', '--columns', 'a,b', '--learning-rate', '1e30', '--no-checkpoint'),
    1,
    'diverged',
    /at step 2 of 3; try a lower learning rate/,
  ],
  [fit('cut-idx3-ubyte'), 1, 'format', /cut-idx3-ubyte: .*byte/],
  [fit('cut.npy'), 1, 'format', /cut\.npy: .*byte/],
  [fit('cut.npz'), 1, 'format', /cut\.npz: /],
  [fit('cut.mat'), 1, 'format', /cut\.mat/],
  [fit('cut.csv.gz'), 1, 'format', /cut\.csv\.gz: .*gzip data is damaged or cut off/],
  [fit('picture.npy'), 1, 'format', /picture\.npy should be .* but seems to be png data/],
  [fit('example.csv', '--input-format', 'parquet'), 1, 'format', /should be PARQUET but seems to be text data/],
  [fit('model.onnx'), 1, 'format', /should be CSV but seems to be (onnx|binary) data/],
  [
    ['score', 'model.onnx', 'renamed.csv'],
    1,
    'not-found',
    /renamed\.csv lacks column c, which the model was trained on; it has a, b, see/,
  ],
  [['score', 'model.onnx', 'cut-idx3-ubyte', '--input-format', 'csv'], 1, 'format', /seems to be (idx|binary) data/],
  [
    ['score', 'model.onnx', 'whole-idx3-ubyte'],
    1,
    'shape',
    /whole-idx3-ubyte: this model scores tables with named columns, got images/,
  ],
  [['score', 'nope.onnx', 'example.csv'], 1, 'not-found', /cannot read nope\.onnx: no such file/],
  [['score', 'text.onnx', 'example.csv'], 1, 'format', /text\.onnx: .*(damaged|another kind)/],
  [['score', 'cut.onnx', 'example.csv'], 1, 'format', /cut\.onnx: /],
  [
    ['inspect', 'newer.onnx'],
    1,
    'version',
    /newer\.onnx: the model has format 9, this version of toll reads up to 2; update toll/,
  ],
  [['inspect', 'example.csv'], 1, 'format', /example\.csv: .*(damaged|another kind)/],
  [
    ['eval', 'model.onnx', 'example.csv', '--label', 'key'],
    1,
    'data',
    /label column 'key': labels must be two classes/,
  ],
  [['eval', 'model.onnx', 'example.csv', '--label', 'a'], 2, 'argument', /the model takes 'a' as an input/],
  [['datasets', 'path', 'nope'], 1, 'not-found', /data set 'nope' does not exist; known: mnist/],
]

const use: readonly Case[] = [
  [fit('example.csv', '--beta', '-1'), 2, 'argument', /--beta must be a finite number at least 0, got '-1'/],
  [
    fit('example.csv', '--seed', '4294967296'),
    2,
    'argument',
    /--seed must be an integer at least 0 and at most 4294967295/,
  ],
  [fit('example.csv', '--latent', '0'), 2, 'argument', /--latent must be an integer at least 1/],
  [fit('example.csv', '--param', 'batch=1'), 2, 'argument', /--param batch must be an integer at least 2/],
  [fit('example.csv', '--param', 'nope=1'), 2, 'argument', /has no parameter 'nope'; it has beta, latent/],
  [
    fit('example.csv', '--hold-out', '0.95'),
    2,
    'argument',
    /--hold-out must be a finite number at least 0 and at most 0\.9/,
  ],
  [fit('example.csv', '--threads', '0'), 2, 'argument', /--threads must be/],
  [fit('example.csv', '--device', 'tpu'), 2, 'argument', /--device must be one of auto, cpu, webgpu, cuda, reference/],
  [
    fit('example.csv', '--columns', 'a,b', '--scale', 'contrast'),
    2,
    'argument',
    /'scale' must be one of standard, robust, minmax, quantile, none/,
  ],
  [fit('example.csv', '--frobnicate'), 2, 'argument', /unknown option '--frobnicate'; see "toll fit --help"/],
  [['fit', 'example.csv'], 2, 'argument', /required option '-o, --output <file>' not specified/],
  [['fit', '-o', 'new.onnx'], 2, 'argument', /a SOURCE is missing/],
  [['score'], 2, 'argument', /missing required argument 'MODEL'/],
  [['score', 'model.onnx', 'example.csv', '-o', 'scores.txt'], 2, 'argument', /cannot tell the format of scores\.txt/],
  [
    ['score', 'model.onnx', 'example.csv', '--id', 'score'],
    2,
    'argument',
    /two columns called 'score'; rename the key/,
  ],
  [['eval', 'model.onnx', 'example.csv'], 2, 'argument', /required option '--label <column>' not specified/],
  [['datasets'], 2, 'argument', /the name of a command is missing; see "toll datasets --help"/],
  [['datasets', 'frobnicate'], 2, 'argument', /unknown command 'frobnicate'; see "toll datasets --help"/],
  [['frobnicate'], 2, 'argument', /unknown command 'frobnicate'/],
]

describe.each([...data, ...use].map((entry) => [entry[0].join(' '), entry] as const))(
  'toll %s',
  (_, [args, exit, code, message]) => {
    // Half of the cases by either form of the error, so that both are seen for every exit code.
    const json = args.length % 2 === 0 && !args.includes('frobnicate')
    test(`exit ${exit}, one line${json ? ' of JSON' : ''}, nothing written`, async () => {
      const before = await readdir(folder)
      const { code: left, out, err } = await toll(json ? [...args, '--json'] : args)
      expect([left, err]).toEqual([exit, json ? '' : expect.stringMatching(/^(note: .*\n)*toll: [^\n]*\n$/)])
      if (json) expect(JSON.parse(out)).toEqual({ error: { code, message: expect.stringMatching(message) } })
      else expect([out, err]).toEqual(['', expect.stringMatching(message)])
      expect(await readdir(folder)).toEqual(before)
    })
  },
)

describe.skipIf(process.platform !== 'linux')('a disk that is full', () => {
  test('scores', async () => {
    for (const line of [
      'toll score model.onnx example.csv -o /dev/full',
      'toll score model.onnx example.csv --quiet > /dev/full',
      'toll inspect model.onnx > /dev/full',
    ]) {
      const { code, out, err } = await runShell(line, folder)
      expect([line, code, out, err]).toEqual([
        line,
        1,
        '',
        expect.stringMatching(/^toll: cannot write .*no space is left on the device.*\n$/),
      ])
    }
  })

  test('a model after training: no half file', async () => {
    const before = await readdir(folder)
    // Files of at most 40 KiB, less than a model.
    const { code, err } = await runShell(
      'ulimit -f 40; toll fit example.csv -o full.onnx --columns a,b --steps 3 --no-checkpoint',
      folder,
    )
    expect([code, err]).toEqual([1, expect.stringMatching(/toll: cannot write full\.onnx: /)])
    expect(await readdir(folder)).toEqual(before)
  })
})

test('a loss that becomes NaN leaves the last good checkpoint and no model', async () => {
  const { code, err } = await toll([
    'fit',
    'example.csv',
    '--columns',
    'a,b',
    '-o',
    'nan.onnx',
    '--learning-rate',
    '1e30',
    '--checkpoint-every',
    '1',
  ])
  expect([code, err]).toEqual([
    1,
    expect.stringMatching(
      /^toll: .* at step 2 of 2000; .*; the last good checkpoint is kept at nan\.onnx\.checkpoint\n$/,
    ),
  ])
  expect((await readdir(folder)).filter((name) => name.includes('nan.onnx'))).toEqual(['nan.onnx.checkpoint'])
})
