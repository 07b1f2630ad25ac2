import { describe, expect, it } from 'vitest';
import { ErrorReply, type Reply } from '../wire/reply.ts';
import { readView, summarize, toObservations, viewQuestions, type SentinelView } from './sentinel-view.ts';

const about = { sentinel: 's1:26379', master: 'mymaster', at: 5 };
const master = ['name', 'mymaster', 'ip', 'a', 'port', '1', 'config-epoch', '3', 'num-slaves', '2'];
const answers: Reply[] = [
  master,
  ['b', '1'],
  [
    ['ip', 'b', 'port', '1', 'runid', 'x'],
    ['ip', 'c', 'port', '1'],
    ['ip', '', 'port', '0'],
  ],
  [['ip', 's2', 'port', '26379', 'runid', 'id2']],
];

function view(sentinel: string, host: string, epoch: number): SentinelView {
  const known = { replicas: [], sentinels: [], replicaCount: 0, quorum: undefined };
  return { sentinel, at: 1, master: { host, port: 1 }, epoch, ...known };
}

function named(...views: SentinelView[]): string {
  const nomination = toObservations(views).find((one) => one.kind === 'nomination');
  return nomination?.kind === 'nomination' ? `${nomination.endpoint.host} ${nomination.epoch}` : 'nobody';
}

describe('the view of one sentinel', () => {
  it('takes the address by name: MASTER shows the old one beside the new epoch for a while', () => {
    const read = readView(answers, about);
    expect([read.master, read.epoch]).toEqual([{ host: 'b', port: 1 }, 3]);
    expect(viewQuestions('m').map((words) => words[1])).toEqual([
      'MASTER',
      'GET-MASTER-ADDR-BY-NAME',
      'REPLICAS',
      'SENTINELS',
      'CKQUORUM',
    ]);
  });

  it('lists replicas and sentinels, and leaves out what has no address', () => {
    const read = readView(answers, about);
    expect(read.replicas.map((one) => one.host)).toEqual(['b', 'c']);
    expect(read.sentinels).toEqual([{ endpoint: { host: 's2', port: 26379 }, runId: 'id2' }]);
  });

  const wrong: [what: string, epoch: string, address: string[]][] = [
    ['an epoch that no other could exceed', '1e300', ['b', '1']],
    ['an epoch below none', '-1', ['b', '1']],
    ['no epoch', '', ['b', '1']],
    ['a port that there is not', '3', ['b', '65536']],
    ['a host that is no name', '3', ['b c', '1']],
  ];
  it.each(wrong)('is none with %s', (_what, epoch, address) => {
    expect(() => readView([['config-epoch', epoch], address], about)).toThrow(
      /gave no address and config-epoch/,
    );
  });

  it.each([
    ['ERR No such master with that name', 'HA_CONFIG', /REDIS_SENTINEL_MASTER_NAME is 'mymaster'/],
    [
      "ERR unknown command 'SENTINEL', with args",
      'HA_CONFIG',
      /REDIS_SENTINELS names s1:26379, which is no sentinel/,
    ],
    ['NOAUTH Authentication required.', 'HA_AUTH', /REDIS_SENTINEL_PASSWORD/],
    [
      "NOPERM this user has no permissions to run the 'sentinel' command",
      'HA_AUTH',
      /REDIS_SENTINEL_USERNAME/,
    ],
  ] as const)('says what is wrong: %s', (message, code, text) => {
    const read = (): unknown => readView([new ErrorReply(message), null, [], []], about);
    expect(read).toThrow(text);
    expect(read).toThrow(expect.objectContaining({ code, outcome: 'notSent' }));
  });

  it('believes no view without an address or an epoch', () => {
    expect(() => readView([master, null, [], []], about)).toThrow(/no address/);
    expect(() => readView([['name', 'mymaster'], ['b', '1'], [], []], about)).toThrow(/config-epoch/);
  });
});

describe('the views of several', () => {
  it('follow the highest epoch, be it of a minority', () => {
    expect(named(view('1', 'a', 3), view('2', 'a', 3), view('3', 'b', 4))).toBe('b 4');
  });

  it('follow more votes under one epoch', () => {
    expect(named(view('1', 'a', 4), view('2', 'b', 4), view('3', 'b', 4))).toBe('b 4');
  });

  it('name nobody where there are none', () => {
    expect(named()).toBe('nobody');
  });

  it('list every member that any of them knows', () => {
    const [listing] = toObservations([readView(answers, about), view('2', 'a', 1)]);
    expect(listing?.kind === 'listing' && listing.endpoints.map((one) => one.host).toSorted()).toEqual([
      'a',
      'b',
      'c',
    ]);
  });
});

describe('what the sentinels together know', () => {
  const OK = 'OK 3 usable Sentinels. Quorum and failover authorization can be reached';
  const NONE = new ErrorReply('NOQUORUM 1 usable Sentinels. Not enough available Sentinels');
  const NOPERM = new ErrorReply('NOPERM this user has no permissions');
  const read = (...quorums: (Reply | undefined)[]): SentinelView[] =>
    quorums.map((quorum) => readView([...answers, ...(quorum === undefined ? [] : [quorum])], about));

  it.each([
    ['all see a quorum', read(OK, OK, OK), { answered: 3, quorum: true, quorumSays: OK, replicas: 2 }],
    ['one is cut off from the others', read(NONE, OK, OK), { answered: 3, quorum: true, quorumSays: OK }],
    ['none sees one', read(NONE), { answered: 1, quorum: false, quorumSays: NONE.message }],
    ['none may be asked', read(NOPERM, NOPERM), { answered: 2 }],
    ['none answers', [], { answered: 0, replicas: 0 }],
  ])('%s', (_what, views, summary) => {
    expect(summarize(views, 3)).toMatchObject({ known: 3, ...summary });
    expect('quorum' in summarize(views, 3)).toBe('quorum' in summary);
  });
});
