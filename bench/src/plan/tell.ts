import { deploymentOf, type Deployment } from '../costs/figures.ts';
import { span } from '../report/format.ts';
import { libraryLabel } from '../report/labels.ts';
import { QUESTIONS, type Answers } from './answers.ts';
import { candidatesFor } from './candidates.ts';
import { nearest, type Plan, type StorePlan, type Weighed } from './decide.ts';
import { setupFor } from './settings.ts';

/** A plan as Markdown, which reads well at a terminal too. */
export function tellPlan(plan: Plan): string {
  const { answers, stores } = plan;
  return [
    `# Plan for ${stores.map(({ library }) => libraryLabel(library)).join(' and ')}`,
    `A month's bill is in ${answers.budget.currency}, 1 EUR taken as ${answers.usdPerEur} USD; ${answers.hourCost > 0 ? `with work at ${answers.hourCost} an hour, the setup spread over a year` : 'work is not counted'}.`,
    ...stores.map((store) => tellStore(store, answers)),
  ].join('\n\n');
}

function tellStore(store: StorePlan, answers: Answers): string {
  const { library, recommended, alternatives, ruledOut } = store;
  return [
    `## ${libraryLabel(library)}: ${recommended ? recommended.candidate.title : 'nothing fits'}`,
    ...(recommended ? tellChoice(recommended, answers) : [tellNothing(store)]),
    tellDocument(store, answers),
    ...(alternatives.length > 0
      ? [
          list(
            'Would do as well',
            alternatives.map((one) => `${one.candidate.title}: ${bill(one, answers)}`),
          ),
        ]
      : []),
    ...(ruledOut.length > 0
      ? [
          list(
            'Ruled out',
            ruledOut.map(
              ({ candidate, objections }) =>
                `${candidate.title}: ${objections.map(({ answer, why }) => `${why} (${flagOf(answer)})`).join('; ')}`,
            ),
          ),
        ]
      : []),
  ].join('\n\n');
}

function tellChoice(weighed: Weighed, answers: Answers): string[] {
  const { candidate, reasons, cautions } = weighed;
  const { environment, servers, app, tryIt } = setupFor(candidate, answers);
  return [
    list('Why', [`It costs ${bill(weighed, answers)}.`, ...reasons]),
    ...(cautions.length > 0 ? [list('Look into', cautions)] : []),
    `Environment:\n\n\`\`\`sh\n${Object.entries(environment)
      .map(([name, value]) => `${name}=${value}`)
      .join('\n')}\n\`\`\``,
    list('Set up', [...servers, ...app]),
    `An app that uses it: \`examples/inbox\`.${tryIt === undefined ? '' : ` See it at work on this machine: \`${tryIt}\`.`}`,
  ];
}

/** Where to give way. */
function tellNothing(store: StorePlan): string {
  const best = nearest(store);
  const conflict = [
    ...new Set(store.ruledOut.flatMap(({ objections }) => objections.map(({ answer }) => flagOf(answer)))),
  ];
  const why = `Together these answers leave nothing: ${conflict.filter((flag) => flag !== 'not on offer').join(', ')}.`;
  if (!best) return why;
  const flags = [...new Set(best.objections.map(({ answer }) => flagOf(answer)))];
  return `${why} Nearest is ${best.candidate.title}: give way in ${flags.join(' and ')}.`;
}

/** What the document itself recommends, and why this plan does not where it does not. */
function tellDocument({ library, recommended, ruledOut }: StorePlan, answers: Answers): string {
  const theirs = candidatesFor(library).find(
    ({ deployment }) => deployment.recommended !== undefined,
  )?.deployment;
  if (!theirs) return '';
  const said = `The document that the figures are from recommends '${theirs.title}' in general: ${theirs.recommended}.`;
  if (!recommended) return said;
  if (recommended.candidate.deployment.id === theirs.id) return `${said} So does this plan.`;
  const out = ruledOut.filter(({ candidate }) => candidate.deployment.id === theirs.id);
  return out.length === candidatesFor(library).filter(({ deployment }) => deployment.id === theirs.id).length
    ? `${said} Your answers rule it out.`
    : `${said} With your figures '${shortTitle(recommended.candidate.deployment)}' costs less${answers.hourCost > 0 ? ', work counted' : ''}.`;
}

function shortTitle({ id }: Deployment): string {
  return deploymentOf(id).title.split(/[:(]/)[0]?.trim() ?? id;
}

function bill({ bill: [low, high], withWork, candidate }: Weighed, { budget, hourCost }: Answers): string {
  const from = candidate.offer && low === high ? 'from ' : '';
  const work = hourCost > 0 ? `, with its work about ${Math.round((withWork[0] + withWork[1]) / 2)}` : '';
  return `${from}${span(low, high)} ${budget.currency} a month${work}`;
}

function flagOf(answer: keyof Answers | 'offer'): string {
  return answer === 'offer'
    ? 'not on offer'
    : `--${QUESTIONS.find(({ key }) => key === answer)?.flag ?? answer}`;
}

function list(title: string, lines: readonly string[]): string {
  return `${title}:\n\n${lines.map((line) => `- ${line}`).join('\n')}`;
}

/** The answers, in a line that gives the same plan again. */
export function asCommand(answers: Answers): string {
  const { budget } = answers;
  const values: Record<string, string> = {
    for: answers.for,
    budget: `${budget.amount}${budget.currency}`,
    skills: answers.skills,
    residency: answers.residency,
    rpo: `${answers.rpoMs}ms`,
    rto: `${answers.rtoMs}ms`,
    ...(answers.for === 'redis' ? {} : { storage: `${answers.storageGb}GB` }),
    ...(answers.for === 'postgres' ? {} : { memory: `${answers.memoryGb}GB` }),
    'hour-cost': String(answers.hourCost),
    'usd-per-eur': String(answers.usdPerEur),
  };
  return `steadfast-bench plan ${Object.entries(values)
    .map(([flag, value]) => `--${flag} ${value}`)
    .join(' ')}`;
}
