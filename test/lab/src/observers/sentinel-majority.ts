/** What one sentinel says of the master. */
export interface SentinelVote {
  host: string;
  port: number;
  configEpoch: number;
}

export interface SentinelView extends SentinelVote {
  votes: number;
}

/** What a majority of all sentinels says, the silent ones counted among them; its epoch is the highest one said. */
export function majorityView(votes: readonly (SentinelVote | undefined)[]): SentinelView | undefined {
  const needed = Math.floor(votes.length / 2) + 1;
  const views = new Map<string, SentinelView>();
  for (const vote of votes) {
    if (!vote) continue;
    const key = `${vote.host}:${vote.port}`;
    const view = views.get(key) ?? { ...vote, votes: 0 };
    view.votes++;
    view.configEpoch = Math.max(view.configEpoch, vote.configEpoch);
    views.set(key, view);
  }
  return [...views.values()].find((view) => view.votes >= needed);
}
