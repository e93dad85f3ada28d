// Talks to the server that this page came from.

const KEY = 'educe.key';

/** The API key, or ''. It stays in this browser until it is forgotten. */
export const apiKey = () => localStorage.getItem(KEY) ?? '';

export function rememberKey(key) {
  if (key) localStorage.setItem(KEY, key);
  else localStorage.removeItem(KEY);
}

/** What the server refused, in its own words. */
export class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
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
    throw new Refusal(0, 'The server cannot be reached.');
  }
  if (!response.ok) throw new Refusal(response.status, await reason(response));
  return response;
}

async function reason(response) {
  try {
    return (await response.json()).error.message;
  } catch {
    return `The server answered with status ${response.status}.`;
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
  for await (const data of events(response.body)) {
    if (data === '[DONE]') return;
    const chunk = JSON.parse(data);
    if (chunk.error) throw new Refusal(response.status, chunk.error.message);
    yield chunk;
  }
  throw new Refusal(response.status, 'The connection broke off before the answer was whole.');
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
