import { priced } from '../costs/join.ts';
import { QUESTIONS, readAnswers } from '../plan/answers.ts';
import { ask } from '../plan/ask.ts';
import { decide, nearest, type Plan, type Weighed } from '../plan/decide.ts';
import { setupFor } from '../plan/settings.ts';
import { asCommand, tellPlan } from '../plan/tell.ts';
import { readResult } from '../result-file.ts';
import { readFlags, type Command } from './command.ts';

// The flags come from the table: all of them texts.
const FLAGS: Record<string, { type: 'string' }> = Object.fromEntries(
  QUESTIONS.map(({ flag }) => [flag, { type: 'string' }]),
);
const WIDTH = Math.max(...QUESTIONS.map(({ flag }) => flag.length));

export const planCommand: Command = {
  name: 'plan',
  usage: `What to run for a budget, skills and promises to keep, with the settings for it.

  steadfast-bench plan [options]

Asks at a terminal for what is not given; elsewhere, and with --json, takes the defaults.

${QUESTIONS.map((one) => `  --${one.flag.padEnd(WIDTH)}  ${one.question}; default ${one.default}\n  ${' '.repeat(WIDTH + 4)}${one.setting.allowed}`).join('\n')}
  --${'results'.padEnd(WIDTH)}  a result of 'steadfast-bench run': what was measured counts instead of what is documented
  --${'json'.padEnd(WIDTH)}  one JSON document

Exit code: 0 with a recommendation for each database, 1 where nothing fits, 2 for wrong answers.`,
  async run(argv) {
    const values: Record<string, unknown> = readFlags(argv, {
      ...FLAGS,
      json: { type: 'boolean' },
      results: { type: 'string' },
    });
    const given = values as Record<string, string | undefined>;
    const { results } = given;
    const json = values['json'] === true;
    readAnswers(given);
    const measured = results === undefined ? [] : priced(await readResult(results));
    const asks = !json && process.stdin.isTTY && process.stdout.isTTY;
    const answers = readAnswers(asks ? await ask(given, process.stdin, process.stdout) : given);
    const plan = decide(answers, measured);
    console.log(
      json ? JSON.stringify(asJson(plan), undefined, 2) : `${tellPlan(plan)}\n\nAgain: ${asCommand(answers)}`,
    );
    return plan.stores.every(({ recommended }) => recommended) ? 0 : 1;
  },
};

function asJson({ answers, stores }: Plan): unknown {
  return {
    answers,
    stores: stores.map((store) => {
      const near = store.recommended ? undefined : nearest(store);
      return {
        library: store.library,
        recommended: store.recommended && {
          ...summary(store.recommended),
          setup: setupFor(store.recommended.candidate, answers),
        },
        alternatives: store.alternatives.map(summary),
        ruledOut: store.ruledOut.map(summary),
        nearest: near && summary(near),
      };
    }),
  };
}

function summary({
  candidate,
  bill,
  withWork,
  objections,
  reasons,
  cautions,
}: Weighed): Record<string, unknown> {
  const { id, title, deployment, price } = candidate;
  return { id, title, strategy: deployment.strategy, price, bill, withWork, objections, reasons, cautions };
}
