// What the server is doing, and has been doing since this page was opened.
import { html, useEffect, useState } from './vendor/preact.js';
import { metrics } from './api.js';
import { parse, percentile, sum, values } from './figures.js';
import { Plot } from './plot.js';

const INTERVAL_MILLIS = 2_000;
const READINGS_MAX = 300; // ten minutes
const WINDOW = 5; // readings that rates and percentiles are taken over: texts are counted at their end

const history = []; // {seconds, samples}; outlives the view

const FIRST = 'educe_time_to_first_token_seconds';
const NEXT = 'educe_inter_token_latency_seconds';
const WHOLE = 'educe_http_requests_seconds';
const GENERATING = ['/v1/chat/completions', '/v1/completions', '/v1/responses', '/v1/messages', '/api/chat', '/api/generate'];

export function Dashboard({ theme, onRefused }) {
  const [readings, setReadings] = useState(() => [...history]);
  const [problem, setProblem] = useState('');
  const [model, setModel] = useState('');
  useEffect(() => {
    const controller = new AbortController();
    let timer;
    const read = async () => {
      try {
        const samples = parse(await metrics(controller.signal));
        history.push({ seconds: Date.now() / 1000, samples });
        history.splice(0, history.length - READINGS_MAX);
        setReadings([...history]);
        setProblem('');
      } catch (failure) {
        if (controller.signal.aborted) return;
        setProblem(explained(failure));
        if (failure.status === 401) onRefused(failure);
      }
      timer = setTimeout(read, INTERVAL_MILLIS);
    };
    read();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, []);
  const now = readings.at(-1)?.samples ?? new Map();
  const models = values(now, 'educe_requests_running', 'model');
  return html`<main class="board" id="main" tabindex="-1">
    <header>
      <h1>Dashboard</h1>
      ${models.length > 1 && html`<select aria-label="Model of the figures" value=${model} onChange=${(event) => setModel(event.currentTarget.value)}>
        <option value="">All models</option>
        ${models.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
      </select>`}
    </header>
    ${problem && html`<p class="error" role="alert">${problem}</p>`}
    ${readings.length > 0 && html`<${Figures} readings=${readings} wanted=${model ? { model } : {}} theme=${theme} />`}
  </main>`;
}

function explained(failure) {
  if (failure.status === 403) return "This key may not read figures: make one with 'educe keys create --scope inference --scope metrics'.";
  if (failure.status === 404) return 'This server shows no figures: its setting metrics is off.';
  return failure.message;
}

function Figures({ readings, wanted, theme }) {
  const points = readings.map((reading, index) => point(readings[Math.max(0, index - WINDOW)], reading, wanted));
  const now = points.at(-1);
  const times = readings.map((reading) => reading.seconds);
  const line = (label, of) => ({ label, values: points.map(of) });
  const plot = (title, unit, ...lines) => html`<${Plot} key=${title} title=${title} times=${times} unit=${unit} isWhole=${unit === count} theme=${theme} lines=${lines} />`;
  return html`
    <dl class="tiles">
      <${Tile} label="Running" value=${now.running} />
      <${Tile} label="Waiting" value=${now.waiting} />
      <${Tile} label="Tokens/s" value=${rate(now.generated)} />
      <${Tile} label="First token" value=${time(now.first[0])} />
      <${Tile} label="KV cache filled" value=${share(now.used)} />
      <${Tile} label="Prefix hits" value=${share(now.hits)} />
    </dl>
    <div class="plots">
      ${plot('Tokens per second', rate, line('written', (p) => p.generated), line('read', (p) => p.prompt))}
      ${plot('Requests', count, line('running', (p) => p.running), line('waiting', (p) => p.waiting))}
      ${plot('Time to first token', time, ...percentiles('first', line))}
      ${plot('Time between tokens', time, ...percentiles('next', line))}
      ${plot('Whole answers', time, ...percentiles('whole', line))}
      ${plot('KV cache', share, line('filled', (p) => p.used), line('kept for prefixes', (p) => p.cached))}
    </div>
    <${Tenants} samples=${readings.at(-1).samples} />`;
}

const percentiles = (name, line) => ['p50', 'p95', 'p99'].map((label, index) => line(label, (p) => p[name][index]));

/** What is plotted for a reading. */
function point(before, now, wanted) {
  const seconds = now.seconds - before.seconds;
  const gauge = (name) => sum(now.samples, name, wanted);
  const grown = (name) => gauge(name) - sum(before.samples, name, wanted);
  const perSecond = (name) => (seconds > 0 ? Math.max(0, grown(name)) / seconds : null);
  const of = (name, more = {}) => [0.5, 0.95, 0.99].map((p) => percentile(before.samples, now.samples, name, p, { ...wanted, ...more }));
  const pages = gauge('educe_pages');
  const read = gauge('educe_tokens_prompt_total');
  return {
    running: gauge('educe_requests_running'),
    waiting: gauge('educe_requests_waiting'),
    generated: perSecond('educe_tokens_generated_total'),
    prompt: perSecond('educe_tokens_prompt_total'),
    first: of(FIRST),
    next: of(NEXT),
    whole: of(WHOLE, { path: busiest(now.samples) }),
    used: pages > 0 ? (pages - gauge('educe_pages_free')) / pages : null,
    cached: pages > 0 ? gauge('educe_pages_cached') / pages : null,
    hits: read > 0 ? gauge('educe_tokens_cached_total') / read : null,
  };
}

/** The route of which most texts were asked. */
function busiest(samples) {
  const asked = (path) => sum(samples, `${WHOLE}_count`, { path });
  return GENERATING.reduce((best, path) => (asked(path) > asked(best) ? path : best));
}

function Tile({ label, value }) {
  return html`<div class="tile"><dt>${label}</dt><dd>${value}</dd></div>`;
}

function Tenants({ samples }) {
  const tenants = values(samples, 'educe_tenant_requests_total', 'tenant');
  if (tenants.length === 0) return null;
  const figure = (tenant, name) => count(sum(samples, `educe_tenant_${name}_total`, tenant ? { tenant } : {}));
  return html`<section class="tenants">
    <h2>Tenants</h2>
    <div class="scrolled" tabindex="0" role="region" aria-label="Usage by tenant">
      <table>
        <thead><tr><th scope="col">Tenant</th><th scope="col">Requests</th><th scope="col">Tokens read</th><th scope="col">of those known</th><th scope="col">Tokens written</th></tr></thead>
        <tbody>
          ${tenants.map((tenant) => html`<tr key=${tenant}><th scope="row">${tenant || 'everybody'}</th>
            ${['requests', 'tokens_prompt', 'tokens_cached', 'tokens_generated'].map((name) => html`<td key=${name}>${figure(tenant, name)}</td>`)}</tr>`)}
        </tbody>
      </table>
    </div>
  </section>`;
}

/** A number with as many digits as are read. */
const short = (value) => Number(value.toPrecision(value < 100 ? 2 : 3)).toLocaleString('en');

const count = (value) => (Number.isInteger(value) ? value.toLocaleString('en') : ''); // no half requests on an axis
const rate = (value) => (value === null ? '–' : short(value));
const share = (value) => (value === null ? '–' : `${short(100 * value)} %`);

function time(seconds) {
  if (seconds === null) return '–';
  if (seconds === 0) return '0';
  if (seconds < 0.001) return `${short(seconds * 1e6)} µs`;
  if (seconds < 1) return `${short(seconds * 1e3)} ms`;
  return `${short(seconds)} s`;
}
