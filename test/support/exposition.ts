/** Reads what `/metrics` answers: https://prometheus.io/docs/instrumenting/exposition_formats/ */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** Throws for a line that is none of the format. */
export function parseExposition(text: string): readonly Sample[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [whole, name = '', labels = '', value = ''] = LINE.exec(line) ?? [];
      if (whole === undefined) throw new Error(`this is no sample: ${line}`);
      const found = [...labels.matchAll(LABEL)].map(([, key = '', text = '']) => [key, text]);
      return { name, labels: Object.fromEntries(found), value: Number(value) };
    });
}

/** Asks a port for its metrics. */
export async function scrape(port: number): Promise<readonly Sample[]> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  if (response.status !== 200) throw new Error(`/metrics answers ${response.status}`);
  return parseExposition(await response.text());
}

/** The samples of one metric that are not zero, by their labels in the order of their names. */
export function valuesOf(
  samples: readonly Sample[],
  name: string,
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    samples
      .filter((sample) => sample.name === `oss_token_broker_${name}` && sample.value !== 0)
      .map(({ labels, value }) => [keyOf(labels), value] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** `decision=granted surface=native`; labels without a value are left out. */
export function keyOf(labels: Readonly<Record<string, unknown>>): string {
  return Object.entries(labels)
    .filter(([, value]) => value !== '' && value !== undefined)
    .map(([key, value]) => `${key}=${String(value)}`)
    .sort()
    .join(' ');
}
