import { type Deployment, type Skill } from '../costs/figures.ts';
import { type Priced } from '../costs/join.ts';
import { longDuration } from '../report/format.ts';
import { type Answers } from './answers.ts';
import { type Candidate } from './candidates.ts';
import { costOf, outagesOf } from './measured-outage.ts';

/** Why something is out, and which answer says so; `offer`: it cannot be had, whatever is answered. */
export interface Objection {
  readonly answer: keyof Answers | 'offer';
  readonly why: string;
}

export interface Judgement {
  readonly objections: readonly Objection[];
  /** what speaks for it, answer by answer */
  readonly reasons: readonly string[];
  /** what to look into before relying on it */
  readonly cautions: readonly string[];
}

type Verdict = { readonly objection: Objection } | { readonly reason?: string; readonly caution?: string };

const SKILLS: readonly Skill[] = ['basic', 'administration', 'advanced'];

/** Below this an asynchronous standby of Patroni's may have lost more: the log of the last ttl counts besides its bound. */
export const ASYNC_LOSS_MS = 20_000;
/** min-replicas-max-lag 10: what Redis may lose at most where its master was cut off. */
const REDIS_LOSS_MS = 10_000;

/** What the answers say to a candidate, but for the budget, which is for all databases together. */
export function judge(candidate: Candidate, answers: Answers, measured: readonly Priced[]): Judgement {
  const verdicts = [
    existence(candidate),
    skill(candidate, answers),
    residency(candidate, answers),
    loss(candidate, answers),
    outage(candidate, answers, measured),
    size(candidate, answers),
    price(candidate),
  ];
  return {
    objections: verdicts.flatMap((one) => ('objection' in one ? [one.objection] : [])),
    reasons: verdicts.flatMap((one) => ('objection' in one || one.reason === undefined ? [] : [one.reason])),
    cautions: verdicts.flatMap((one) =>
      'objection' in one || one.caution === undefined ? [] : [one.caution],
    ),
  };
}

const against = (answer: Objection['answer'], why: string): Verdict => ({ objection: { answer, why } });

function existence({ offer }: Candidate): Verdict {
  if (!offer?.gone) return {};
  return against('offer', `${offer.gone.why} (looked up ${offer.gone.source.read})`);
}

function skill({ deployment }: Candidate, { skills }: Answers): Verdict {
  if (SKILLS.indexOf(deployment.skill) > SKILLS.indexOf(skills))
    return against('skills', `it needs ${deployment.skills}; the team has ${skills}`);
  return { reason: `It needs ${deployment.skills}.` };
}

function residency({ deployment }: Candidate, answers: Answers): Verdict {
  if (deployment.ownMachines) return { reason: 'Data stay on machines of your own.' };
  if (answers.residency === 'own')
    return against('residency', 'data are stored outside of your own machines');
  return answers.residency === 'region'
    ? { caution: 'Name the region in the order, and have it in the contract: backups and support count too.' }
    : {};
}

function loss({ deployment }: Candidate, { rpoMs }: Answers): Verdict {
  const { possible, how } = deployment.zeroLoss;
  if (possible) {
    if (rpoMs < boundOf(deployment)) return { reason: `Nothing acknowledged is lost with ${how}.` };
    return {
      reason: `An RPO of ${longDuration(rpoMs)} is met by its asynchronous replication, as set up below.`,
    };
  }
  if (rpoMs === 0) return against('rpoMs', how);
  return { caution: `No bound of what a failover loses is promised: ${how}. Ask, or measure it.` };
}

function boundOf({ library }: Deployment): number {
  return library === 'pg' ? ASYNC_LOSS_MS : REDIS_LOSS_MS;
}

/** What was measured counts instead of what is documented, where it is known to stand for the same. */
function outage(candidate: Candidate, { rtoMs }: Answers, measured: readonly Priced[]): Verdict {
  const { deployment, offer } = candidate;
  const own = outagesOf(candidate, measured);
  const sure = own.filter(({ doubt }) => doubt === undefined);
  const broken = own.find(({ ms, against: counts }) => counts && ms > rtoMs);
  const allowed = `no more than ${longDuration(rtoMs)} is allowed`;
  if (broken) return against('rtoMs', `${costOf(broken.ms)}; ${allowed}`);
  if (sure.length > 0) return { reason: `${sentence(costOf(Math.max(...sure.map(({ ms }) => ms))))}.` };
  const [doubtful] = own;
  const caution =
    doubtful && `${sentence(costOf(doubtful.ms))}, which does not count here: ${doubtful.doubt}.`;
  const documented = offer?.failoverSeconds ?? deployment.failoverSeconds;
  if (!documented)
    return {
      caution: [caution, 'How long its failover lasts is not documented: measure one before relying on it.']
        .filter((part) => part !== undefined)
        .join(' '),
    };
  const worst = documented.high * 1_000;
  const source = `${documented.source.name}, ${documented.source.read}`;
  if (worst > rtoMs)
    return against('rtoMs', `its failover may last ${longDuration(worst)} (${source}); ${allowed}`);
  return {
    reason: `Its failover lasts ${longDuration(worst)} at most (${source}).`,
    ...(caution !== undefined && { caution }),
  };
}

function size({ deployment, offer }: Candidate, { storageGb, memoryGb }: Answers): Verdict {
  const redis = deployment.library === 'redis';
  const [wanted, start, most] = redis
    ? [memoryGb, offer?.startMemoryGb, offer?.maxMemoryGb]
    : [storageGb, offer?.startStorageGb, offer?.maxStorageGb];
  const answer = redis ? 'memoryGb' : 'storageGb';
  if (most !== undefined && wanted > most)
    return against(answer, `it grows to ${most} GB only; ${wanted} GB are needed`);
  if (start !== undefined && wanted > start)
    return { caution: `The price is that of ${start} GB; ${wanted} GB cost more.` };
  return {};
}

const sentence = (text: string): string => `${text[0]?.toUpperCase()}${text.slice(1)}`;

function price({ offer }: Candidate): Verdict {
  if (!offer || offer.gone) return {};
  const notes = (offer.notes ?? []).map(({ text }) => text).join('; ');
  return notes === '' ? {} : { caution: `${sentence(notes)}.` };
}
