import { median } from '../ratio.ts';
import type { Noise } from '../result.ts';

/** From here on figures of different moments should not be compared. */
const TOO_NOISY = 0.15;

/** How much the machine itself varied, by the same work done before, between and after. */
export function noiseOf(controls: Noise['controls']): Noise {
  if (controls.length === 0) return { controls, spread: 0, tooNoisy: false };
  const middle = median(controls.map(({ perSecond }) => perSecond));
  const spread = Math.max(...controls.map(({ perSecond }) => Math.abs(perSecond - middle) / middle));
  return { controls, spread, tooNoisy: spread > TOO_NOISY };
}

/** What a reader must know of it; undefined where the machine was quiet. */
export function warningOf({ spread, tooNoisy, controls }: Noise): string | undefined {
  if (!tooNoisy) return undefined;
  const share = Math.round(spread * 100);
  return `The machine was noisy: the same work, done ${controls.length} times during the run, varied by ${share} %. Ratios of pairs, which were measured side by side, hold; absolute figures and differences between targets below that do not.`;
}
