// Files of requests that can wait: how far they are, and what came of them.
import { html, useEffect, useRef, useState } from './vendor/preact.js';
import { batches, cancelBatch, content, createBatch, files, upload } from './api.js';
import { Icon } from './icons.js';

const INTERVAL_MILLIS = 1_000;
const IDLE_MILLIS = 5_000; // while nothing is under way
const FIRST_LINE_BYTES = 1 << 20;
const WINDOWS = [['1h', 'one hour'], ['24h', 'a day'], ['7d', 'a week'], ['30d', 'a month']];
const STATES = {
  validating: 'being read',
  in_progress: 'under way',
  finalizing: 'being written',
  completed: 'done',
  failed: 'cannot be answered',
  expired: 'out of time',
  cancelling: 'being cancelled',
  cancelled: 'cancelled',
};
const UNDER_WAY = ['validating', 'in_progress', 'finalizing', 'cancelling'];

const EXAMPLE = ['Write a haiku about rain.', 'Name three rivers.', 'What is a hash table?'];

export function Batches({ model, onRefused }) {
  const [all, setAll] = useState(null);
  const [names, setNames] = useState({}); // of files, by id
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState('');
  const [length, setLength] = useState('24h');
  const refresh = useRef(() => {});

  useEffect(() => {
    const controller = new AbortController();
    let timer;
    let known = '';
    let wait = INTERVAL_MILLIS;
    const read = async () => {
      clearTimeout(timer);
      try {
        const list = await batches(controller.signal);
        const ids = list.map((batch) => [batch.input_file_id, batch.output_file_id, batch.error_file_id]).join();
        if (ids !== known) {
          const stored = await files(controller.signal);
          setNames(Object.fromEntries(stored.map((file) => [file.id, file.filename])));
          known = ids;
        }
        setAll(list);
        wait = list.some((batch) => UNDER_WAY.includes(batch.status)) ? INTERVAL_MILLIS : IDLE_MILLIS;
        setProblem((old) => (old?.isOfList ? null : old));
      } catch (failure) {
        if (controller.signal.aborted) return;
        setProblem({ message: failure.message, isOff: failure.code === 'batches_off', isOfList: true });
        if (failure.status === 401) onRefused(failure);
      }
      if (!controller.signal.aborted) timer = setTimeout(read, wait);
    };
    refresh.current = read;
    read();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, []);

  /** Does something, and shows that it is being done and why it failed. */
  const act = async (what, action) => {
    setBusy(what);
    setProblem(null);
    try {
      await action();
      await refresh.current();
    } catch (failure) {
      setProblem({ message: failure.message });
      if (failure.status === 401) onRefused(failure);
    } finally {
      setBusy('');
    }
  };
  const begin = (file) => act(`Sending ${file.name}`, async () => {
    const endpoint = await endpointOf(file);
    await createBatch(await upload(file), endpoint, length);
  });
  const example = () => begin(new File([lines(model)], 'example.jsonl'));

  return html`<main class="board batches" id="main" tabindex="-1">
    <header><h1>Batches</h1></header>
    ${problem?.isOff ? html`<${Off} />` : html`
      <${Upload} busy=${busy} length=${length} onLength=${setLength} onFile=${begin} />
      ${problem && html`<p class="error" role="alert">${problem.message}</p>`}
      ${all?.length === 0 && html`<div class="empty">
        <p>Nothing is here yet. A batch is a file with a request on each line; it is answered when nobody else needs the machine.</p>
        <button type="button" class="quiet" disabled=${!model || !!busy} onClick=${example}>Try three lines</button>
      </div>`}
      ${all?.length > 0 && html`<ul class="rows">
        ${all.map((batch) => html`<${Batch} key=${batch.id} batch=${batch} name=${names[batch.input_file_id] ?? batch.input_file_id} has=${(id) => id in names} act=${act} />`)}
      </ul>`}`}
  </main>`;
}

function Off() {
  return html`<div class="empty">
    <p>This server keeps no batches. Start it with a folder for them:</p>
    <pre tabindex="0"><code>educe serve model.gguf --set batches=FOLDER</code></pre>
  </div>`;
}

/** A place for a file: to be clicked, or to have it dropped. */
function Upload({ busy, length, onLength, onFile }) {
  const [isOver, setOver] = useState(false);
  const field = useRef(null);
  const drop = (event) => {
    event.preventDefault();
    setOver(false);
    if (event.dataTransfer.files.length > 0) onFile(event.dataTransfer.files[0]);
  };
  const over = (event) => {
    event.preventDefault();
    setOver(true);
  };
  const choose = ({ currentTarget: input }) => {
    if (input.files.length > 0) onFile(input.files[0]);
    input.value = ''; // so that the same file can be chosen again
  };
  return html`<section class=${`drop ${isOver ? 'over' : ''}`} onDrop=${drop} onDragOver=${over} onDragLeave=${() => setOver(false)} aria-label="New batch">
    <p aria-live="polite">${busy ? `${busy} …` : 'Drop a file of requests (JSONL) here'}</p>
    <div class="choices">
      <input ref=${field} type="file" accept=".jsonl,.ndjson,.json,.txt" hidden onChange=${choose} aria-label="File of requests" />
      <button type="button" class="strong" disabled=${!!busy} onClick=${() => field.current.click()}>Choose a file</button>
      <label>to be answered within
        <select value=${length} onChange=${(event) => onLength(event.currentTarget.value)}>
          ${WINDOWS.map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}
        </select>
      </label>
    </div>
  </section>`;
}

function Batch({ batch, name, has, act }) {
  const { total, completed, failed } = batch.request_counts;
  const isUnderWay = UNDER_WAY.includes(batch.status);
  const answered = completed + failed;
  const download = (id, suffix) => act('Fetching', async () => save(await content(id), name.replace(/(\.\w+)?$/, `.${suffix}.jsonl`)));
  // What ended before its time is as far as it got, with those left out that never had an answer.
  const reached = { completed: total, expired: completed, cancelled: completed }[batch.status] ?? answered;
  const count = (number) => number.toLocaleString('en');
  return html`<li class="row" aria-label=${name}>
    <div class="head">
      <h2>${name}</h2>
      <span class=${`state ${isUnderWay ? 'going' : ''} ${batch.status === 'failed' ? 'danger' : ''}`}>${STATES[batch.status] ?? batch.status}</span>
    </div>
    ${total > 0 && html`<progress max=${total} value=${reached} aria-label=${`Progress of ${name}`}></progress>`}
    <div class="foot">
      <span class="facts">${[
        total > 0 && `${count(isUnderWay ? answered : completed)} of ${count(total)} answered`,
        failed > 0 && `${count(failed)} ${isUnderWay ? 'of them with an error' : 'without'}`,
        batch.endpoint,
        begun(batch.created_at),
        isUnderWay && total > 0 && remaining(batch, answered, total),
      ].filter(Boolean).join(' · ')}</span>
      <span class="buttons">
        ${['validating', 'in_progress'].includes(batch.status) && html`<button type="button" class="quiet" onClick=${() => act('Cancelling', () => cancelBatch(batch.id))}>Cancel</button>`}
        ${has(batch.output_file_id) && html`<button type="button" class="quiet" onClick=${() => download(batch.output_file_id, 'answers')}><${Icon} name="down" /> Answers</button>`}
        ${has(batch.error_file_id) && html`<button type="button" class="quiet" onClick=${() => download(batch.error_file_id, 'errors')}><${Icon} name="down" /> Errors</button>`}
      </span>
    </div>
    ${batch.errors && html`<ul class="faults">
      ${batch.errors.data.slice(0, 5).map((fault, index) => html`<li key=${index} class="error">${fault.line ? `Line ${fault.line}: ` : ''}${fault.message}</li>`)}
      ${batch.errors.data.length > 5 && html`<li>and ${batch.errors.data.length - 5} more</li>`}
    </ul>`}
  </li>`;
}

const begun = (seconds) => new Date(1000 * seconds).toLocaleString('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

/** How long it will take at the pace so far. */
function remaining(batch, answered, total) {
  const seconds = Date.now() / 1000 - batch.in_progress_at;
  if (answered < 3 || seconds < 3) return '';
  const left = (seconds * (total - answered)) / answered;
  if (left < 60) return 'less than a minute left';
  return left < 5400 ? `about ${Math.round(left / 60)} min left` : `about ${Math.round(left / 3600)} h left`;
}

/** What the first line of a file asks for: a batch has one address for all its lines. */
async function endpointOf(file) {
  const begin = await file.slice(0, FIRST_LINE_BYTES).text();
  const line = begin.split('\n').find((text) => text.trim()) ?? '';
  try {
    const { url } = JSON.parse(line);
    if (typeof url === 'string') return url;
  } catch {
    // Said below.
  }
  throw new Error(`${file.name} is no file of requests: its first line must be an object such as {"custom_id": "1", "method": "POST", "url": "/v1/chat/completions", "body": {…}}.`);
}

function lines(model) {
  return EXAMPLE.map((content, index) => JSON.stringify({
    custom_id: `line-${index + 1}`,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model, messages: [{ role: 'user', content }], max_tokens: 200 },
  })).join('\n');
}

function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
