import type { LabDescription, LabStatus } from '../types.ts';

/** A lab's status as a person reads it. */
export function statusLines(lab: LabDescription, { postgres, redis }: LabStatus): string[] {
  const lines = [`lab '${lab.id}' on ${lab.network}, logs in ${lab.logDir}`];
  if (postgres) {
    lines.push(`PostgreSQL  primary: ${postgres.primary ?? 'none'}`);
    for (const { name, role, state, timeline } of postgres.members) {
      lines.push(
        `  ${name}  ${role.padEnd(13)}${state}${timeline === undefined ? '' : `, timeline ${timeline}`}`,
      );
    }
  }
  if (redis) {
    lines.push(`Redis       master: ${redis.master ?? 'none'}, sentinels up: ${redis.sentinelsUp}`);
    for (const { name, role, up } of redis.members)
      lines.push(`  ${name}  ${role.padEnd(13)}${up ? 'up' : 'down'}`);
  }
  return lines;
}
