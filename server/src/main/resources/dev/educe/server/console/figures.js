// Reads the server's figures, which are text for Prometheus, and what has changed between two readings.

const LINE = /^(\w+)(?:\{(.*)\})? (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** All samples, by name: each with its labels and its value. */
export function parse(text) {
  const samples = new Map();
  for (const line of text.split('\n')) {
    const match = LINE.exec(line);
    if (!match) continue; // a comment
    const [, name, inner = '', value] = match;
    const labels = {};
    for (const [, label, quoted] of inner.matchAll(LABEL)) {
      labels[label] = quoted.replace(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c));
    }
    if (!samples.has(name)) samples.set(name, []);
    samples.get(name).push({ labels, value: Number(value) });
  }
  return samples;
}

/** The sum of a name's samples whose labels are as wanted. */
export function sum(samples, name, wanted = {}) {
  let total = 0;
  for (const { labels, value } of samples.get(name) ?? []) {
    if (fits(labels, wanted)) total += value;
  }
  return total;
}

const fits = (labels, wanted) => Object.entries(wanted).every(([name, value]) => labels[name] === value);

/** The values that a label has. */
export function values(samples, name, label) {
  return [...new Set((samples.get(name) ?? []).map(({ labels }) => labels[label] ?? ''))].sort();
}

/** Counts up to each bound of a histogram, in ascending order of bounds. */
function buckets(samples, name, wanted) {
  const counts = new Map();
  for (const { labels, value } of samples.get(`${name}_bucket`) ?? []) {
    if (!fits(labels, wanted)) continue;
    const bound = labels.le === '+Inf' ? Infinity : Number(labels.le);
    counts.set(bound, (counts.get(bound) ?? 0) + value);
  }
  return counts;
}

/**
 * A percentile of what was recorded between two readings, in the histogram's unit; null if nothing was.
 *
 * @param share 0.5 for the median
 */
export function percentile(before, now, name, share, wanted = {}) {
  const old = buckets(before, name, wanted);
  const recorded = [...buckets(now, name, wanted)]
    .map(([bound, count]) => [bound, count - (old.get(bound) ?? 0)])
    .sort(([a], [b]) => a - b);
  const total = recorded.at(-1)?.[1] ?? 0;
  if (total <= 0) return null;
  const rank = share * total;
  let [lower, below] = [0, 0];
  for (const [bound, count] of recorded) {
    if (count >= rank) {
      if (bound === Infinity) return lower;
      return lower + ((bound - lower) * (rank - below)) / (count - below || 1);
    }
    [lower, below] = [bound, count];
  }
  return lower;
}
