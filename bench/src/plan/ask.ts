import { createInterface } from 'node:readline/promises';
import { type Readable, type Writable } from 'node:stream';
import { UsageError } from '../commands/command.ts';
import { concerns, QUESTIONS, readAnswer, type Answers } from './answers.ts';

/** So often a wrong answer is asked for again. */
const MAX_TRIES = 5;

/**
 * Asks at a terminal for what was not given by flags; an empty line takes the default. What is not allowed is said and asked
 * again.
 * @throws UsageError when the input ends, or nothing that is allowed comes
 */
export async function ask(
  given: Readonly<Record<string, string | undefined>>,
  input: Readable,
  output: Writable,
): Promise<Record<string, string>> {
  const terminal = createInterface({ input, output });
  // Lines, not question(): what is pasted or piped comes in one piece, and lines between two questions would be lost.
  const lines = terminal[Symbol.asyncIterator]();
  const answers: Record<string, string> = {};
  for (const [flag, value] of Object.entries(given)) if (value !== undefined) answers[flag] = value;
  const next = async (prompt: string): Promise<string> => {
    output.write(prompt);
    const line = await lines.next();
    if (line.done) throw new UsageError('the input ended before all questions were answered');
    return line.value.trim();
  };
  try {
    for (const one of QUESTIONS) {
      const wanted = (answers['for'] ?? 'both') as Answers['for'];
      if (!one.asked || answers[one.flag] !== undefined || !concerns(one, wanted)) continue;
      answers[one.flag] = await answerTo(one, next, output);
    }
    return answers;
  } finally {
    terminal.close();
  }
}

async function answerTo(
  one: (typeof QUESTIONS)[number],
  next: (prompt: string) => Promise<string>,
  output: Writable,
): Promise<string> {
  for (let tries = 1; ; tries++) {
    const typed = (await next(`${one.question}? [${one.default}] `)) || one.default;
    try {
      readAnswer(one, typed);
      return typed;
    } catch (error) {
      if (!(error instanceof UsageError) || tries === MAX_TRIES) throw error;
      output.write(`'${typed}' is not understood; allowed: ${one.setting.allowed}\n`);
    }
  }
}
