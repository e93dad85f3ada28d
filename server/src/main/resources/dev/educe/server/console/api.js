// Talks to the server that this page came from.

const KEY = 'educe.key';

/** The API key, or ''. It stays in this tab until it is forgotten or the tab is closed. */
export const apiKey = () => sessionStorage.getItem(KEY) ?? '';

export function rememberKey(key) {
  if (key) sessionStorage.setItem(KEY, key);
  else sessionStorage.removeItem(KEY);
}

/** What the server refused, in its own words. */
export class Refusal extends Error {
  constructor(status, message, code = '') {
    super(message);
    this.status = status;
    this.code = code;
  }
}

async function call(path, options = {}) {
  const headers = { ...options.headers };
  if (apiKey()) headers.authorization = `Bearer ${apiKey()}`;
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (failure) {
    if (failure.name === 'AbortError') throw failure;
    throw new Refusal(0, 'The server cannot be reached. Is it running?');
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

async function refusal(response) {
  try {
    const { message, code } = (await response.json()).error;
    return new Refusal(response.status, message, code);
  } catch {
    return new Refusal(response.status, `The server answered with status ${response.status}.`);
  }
}

/** The names of all models. */
export async function models() {
  const { data } = await (await call('/v1/models')).json();
  return data.map((model) => model.id);
}

/** The server's figures, as text for Prometheus. */
export async function metrics(signal) {
  return (await call('/metrics', { signal })).text();
}

/** Asks for an answer; gives its chunks as they come. */
export async function* chat(request, signal) {
  const response = await call('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...request, stream: true, stream_options: { include_usage: true } }),
    signal,
  });
  try {
    for await (const data of events(response.body)) {
      if (data === '[DONE]') return;
      const chunk = JSON.parse(data);
      if (chunk.error) throw new Refusal(response.status, chunk.error.message);
      yield chunk;
    }
  } catch (failure) {
    // What browsers say of a connection that ends differs, and helps nobody.
    if (signal.aborted || !(failure instanceof TypeError)) throw failure;
  }
  throw new Refusal(response.status, 'The connection broke off before the answer was whole. Is the server still running?');
}

/** A tenant's batches, the last one first. */
export async function batches(signal) {
  return (await (await call('/v1/batches?limit=100', { signal })).json()).data;
}

/** What is known of a tenant's files. */
export async function files(signal) {
  return (await (await call('/v1/files', { signal })).json()).data;
}

/** Sends a file of requests; gives its id. */
export async function upload(file) {
  const body = new FormData();
  body.set('purpose', 'batch');
  body.set('file', file);
  return (await (await call('/v1/files', { method: 'POST', body })).json()).id;
}

/** Has a file of requests answered. */
export async function createBatch(file, endpoint, window) {
  await post('/v1/batches', { input_file_id: file, endpoint, completion_window: window });
}

export const cancelBatch = (id) => post(`/v1/batches/${id}/cancel`);

const post = (path, body) => call(path, {
  method: 'POST',
  ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
});

/** The bytes of a file. */
export async function content(id) {
  return (await call(`/v1/files/${id}/content`)).blob();
}

/** The data of each event of a stream. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  while (true) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith('data:')) yield line.slice('data:'.length).trim();
    }
  }
}
