/** One line of a plot. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** A plot of lines over logarithmic axes, on which a power law is a straight line. */
export interface Plot {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
}

const WIDTH = 720;
const HEIGHT = 440;
const MARGIN = { left: 70, right: 250, top: 40, bottom: 50 };
const COLORS = ['#0b6e99', '#c0392b', '#2e7d32', '#8e44ad', '#b7791f', '#455a64'];

/** Returns the exponent of growth, the slope of the least-squares line through the logarithms; NaN for a single point. */
export function exponentOf(points: Series['points']): number {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const mean = (axis: 0 | 1) => logs.reduce((sum, log) => sum + log[axis], 0) / logs.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  const covariance = logs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return covariance / logs.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}

/** Returns a plot as SVG, with the exponent of growth of each line beside its name. */
export function svgOf({ title, x, y, series }: Plot): string {
  const all = series.flatMap(({ points }) => points);
  const across = axis(
    all.map(([value]) => value),
    MARGIN.left,
    WIDTH - MARGIN.right,
  );
  const up = axis(
    all.map(([, value]) => value),
    HEIGHT - MARGIN.bottom,
    MARGIN.top,
  );
  const lines = series.map(({ name, points }, index) => {
    const color = COLORS[index % COLORS.length] ?? '';
    const places = points.map((point) => [across.at(point[0]), up.at(point[1])] as const);
    const dots = places.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${color}"/>`);
    const path = places.map((place) => place.join(',')).join(' ');
    const exponent = exponentOf(points);
    const growth = Number.isFinite(exponent) ? `, grows as ${x}^${exponent.toFixed(2)}` : '';
    const label = text(
      WIDTH - MARGIN.right + 12,
      MARGIN.top + 18 * index,
      `${name}${growth}`,
      `fill="${color}"`,
    );
    return `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="1.5"/>${dots.join('')}${label}`;
  });
  const grid = [
    ...across.ticks.map(
      ({ at, label }) =>
        line(at, MARGIN.top, at, HEIGHT - MARGIN.bottom) +
        text(at, HEIGHT - MARGIN.bottom + 16, label, 'text-anchor="middle"'),
    ),
    ...up.ticks.map(
      ({ at, label }) =>
        line(MARGIN.left, at, WIDTH - MARGIN.right, at) +
        text(MARGIN.left - 6, at + 4, label, 'text-anchor="end"'),
    ),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="white"/>
${text(MARGIN.left, 20, title, 'font-size="14"')}
${grid.join('\n')}
${lines.join('\n')}
${text(MARGIN.left, HEIGHT - 10, x, '')}
${text(6, MARGIN.top - 8, y, '')}
</svg>
`;
}

/** Scales values by their logarithms, with ticks at 1, 2 and 5 times the powers of ten. */
function axis(values: readonly number[], from: number, to: number) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const ticks = [...stepsFrom(least, most)];
  const [low, high] = [Math.log(ticks[0] ?? least), Math.log(ticks.at(-1) ?? most)];
  const at = (value: number) =>
    Math.round(10 * (from + ((to - from) * (Math.log(value) - low)) / (high - low || 1))) / 10;
  return { at, ticks: ticks.map((tick) => ({ at: at(tick), label: String(tick) })) };
}

/** The steps from the last one that is not above the least value to the first that is not below the most. */
function* stepsFrom(least: number, most: number): Generator<number> {
  const first = Math.floor(Math.log10(least));
  const steps = Array.from({ length: Math.ceil(Math.log10(most)) - first + 1 }, (_, n) =>
    [1, 2, 5].map((step) => Number(`${step}e${first + n}`)),
  ).flat();
  for (const [index, step] of steps.entries()) {
    if ((steps[index + 1] ?? Infinity) <= least) continue;
    yield step;
    if (step >= most) return;
  }
}

function line(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="#ddd"/>`;
}

function text(x: number, y: number, words: string, attributes: string): string {
  const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x}" y="${y}" ${attributes}>${escaped}</text>`;
}
