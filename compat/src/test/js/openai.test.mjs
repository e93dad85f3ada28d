// OpenAI's own client for JavaScript, unmodified. The servers are given by the test that runs this.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI, {
  APIConnectionTimeoutError,
  APIError,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from 'openai';
import { zodFunction, zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';

const { EDUCE_URL, EDUCE_KEYED_URL, EDUCE_KEY, EDUCE_HURRIED_URL, EDUCE_CROWDED_URL } = process.env;
const model = 'stories';
const client = new OpenAI({ baseURL: EDUCE_URL, apiKey: 'none', maxRetries: 0 });
const story = { model, prompt: 'Once upon a time', max_tokens: 28, temperature: 0 };
const STORY = ', there was a little girl named Lily. She loved to play outside in the park. One day, she';
const chat = {
  model,
  messages: [
    { role: 'system', content: 'You tell stories.' },
    { role: 'user', content: 'Tell me one.' },
  ],
  max_completion_tokens: 24,
  temperature: 0.8,
  seed: 7,
};
const Mood = z.object({ isHappy: z.boolean(), weather: z.enum(['sunny', 'rainy']) });

async function collect(stream) {
  const all = [];
  for await (const element of stream) all.push(element);
  return all;
}

test('models', async () => {
  const names = [];
  for await (const one of client.models.list()) names.push(one.id);
  assert.deepEqual(names, [model]);
  assert.equal((await client.models.retrieve(model)).object, 'model');
});

test('completions, whole and streamed', async () => {
  const whole = await client.completions.create(story);
  assert.ok(STORY.startsWith(whole.choices[0].text) && whole.choices[0].text.length > 20);
  assert.match(whole._request_id, /^req_/);
  assert.equal(whole.usage.completion_tokens, 28);
  const chunks = await collect(
    await client.completions.create({ ...story, stream: true, stream_options: { include_usage: true } }),
  );
  assert.equal(chunks.map((chunk) => chunk.choices[0]?.text ?? '').join(''), whole.choices[0].text);
  assert.deepEqual(chunks.at(-1).choices, []);
  assert.equal(chunks.at(-1).usage.total_tokens, whole.usage.total_tokens);
});

test('tokenize and detokenize', async () => {
  const { tokens } = await client.post('/tokenize', { body: { model, prompt: 'Once upon a time' } });
  assert.equal(tokens.length, 5);
  const text = await client.post('/detokenize', { body: { model, tokens } });
  assert.ok(text.prompt.endsWith('Once upon a time'));
});

test('embeddings', async () => {
  const input = ['Once upon a time', 'a little girl'];
  // The client asks for base64 by itself and decodes it.
  const packed = await client.embeddings.create({ model, input });
  const floats = await client.embeddings.create({ model, input, encoding_format: 'float' });
  for (const i of [0, 1]) {
    const vector = packed.data[i].embedding;
    assert.equal(vector.length, 64);
    assert.deepEqual(vector, floats.data[i].embedding.map(Math.fround));
    assert.ok(Math.abs(vector.reduce((sum, x) => sum + x * x, 0) - 1) < 1e-5);
  }
  const few = await client.embeddings.create({ model, input: [1, 2, 3], dimensions: 8 });
  assert.equal(few.data[0].embedding.length, 8);
  assert.equal(few.usage.prompt_tokens, 3);
});

test('chat, whole and streamed', async () => {
  const { data, response, request_id } = await client.chat.completions.create(chat).withResponse();
  const text = data.choices[0].message.content;
  assert.ok(text.length > 0);
  assert.equal(request_id, response.headers.get('x-request-id'));
  assert.equal(data.usage.total_tokens, data.usage.prompt_tokens + data.usage.completion_tokens);
  const stream = client.chat.completions.stream({ ...chat, stream_options: { include_usage: true } });
  let snapshot = '';
  stream.on('content', (_, all) => (snapshot = all));
  const final = await stream.finalChatCompletion();
  assert.equal(final.choices[0].message.content, text);
  assert.equal(snapshot, text);
  assert.equal((await stream.totalUsage()).total_tokens, data.usage.total_tokens);
  assert.equal(final.choices[0].finish_reason, data.choices[0].finish_reason);
});

test('several answers, stop texts and probabilities', async () => {
  const { choices } = await client.chat.completions.create({ ...chat, n: 3, logprobs: true, top_logprobs: 4 });
  assert.equal(new Set(choices.map((choice) => choice.message.content)).size, 3);
  for (const token of choices[0].logprobs.content) {
    assert.equal(token.top_logprobs.length, 4);
    assert.ok(token.logprob <= 0 && token.bytes.length > 0);
  }
  const text = choices[0].message.content;
  const stop = text.slice(8, 11);
  const stopped = await client.chat.completions.create({ ...chat, stop: [stop] });
  assert.equal(stopped.choices[0].message.content, text.slice(0, text.indexOf(stop)));
  assert.equal(stopped.choices[0].finish_reason, 'stop');
});

test('several answers at once, streamed', async () => {
  const { choices } = await client.chat.completions.create({ ...chat, n: 3 });
  const stream = client.chat.completions.stream({ ...chat, n: 3, stream_options: { include_usage: true } });
  const final = await stream.finalChatCompletion();
  assert.deepEqual(
    final.choices.map((choice) => [choice.index, choice.message.content, choice.finish_reason]),
    choices.map((choice) => [choice.index, choice.message.content, choice.finish_reason]),
  );
  const usages = [];
  for await (const { usage, choices } of await client.chat.completions.create({
    ...chat, n: 2, stream: true, stream_options: { include_usage: true },
  })) {
    usages.push(usage);
    assert.equal(choices.length, usage ? 0 : 1);
  }
  assert.ok(usages.at(-1).total_tokens > 0 && usages.slice(0, -1).every((usage) => usage === null));
});

test('what the helper makes of a stream', async () => {
  const seen = {};
  const stream = client.chat.completions.stream({
    ...chat,
    max_completion_tokens: 100,
    logprobs: true,
    response_format: zodResponseFormat(Mood, 'mood'),
  });
  const names = ['connect', 'chunk', 'chatCompletion', 'message', 'content', 'finalContent', 'finalMessage', 'finalChatCompletion',
    'content.delta', 'content.done', 'logprobs.content.delta', 'logprobs.content.done', 'end'];
  for (const name of names) stream.on(name, () => (seen[name] = (seen[name] ?? 0) + 1));
  const final = await stream.finalMessage();
  await stream.done();
  assert.equal(typeof final.parsed.isHappy, 'boolean');
  assert.deepEqual(names.filter((name) => !seen[name]), []);
  assert.equal(seen['content.done'], 1);
});

test('what the helper makes of a call', async () => {
  const seen = [];
  const stream = client.chat.completions.stream({
    ...chat,
    max_completion_tokens: 200,
    tools: [zodFunction({ name: 'mood', parameters: Mood })],
    tool_choice: { type: 'function', function: { name: 'mood' } },
  });
  let text = '';
  stream.on('tool_calls.function.arguments.delta', ({ name, index, arguments_delta }) => {
    assert.deepEqual([name, index], ['mood', 0]);
    text += arguments_delta;
  });
  stream.on('tool_calls.function.arguments.done', (done) => seen.push(done));
  await stream.done();
  assert.equal(seen.length, 1);
  assert.equal(seen[0].arguments, text);
  assert.equal(typeof seen[0].parsed_arguments.isHappy, 'boolean');
});

test('parameters that change what is written', async () => {
  const one = async (body) => (await client.chat.completions.create({ ...chat, ...body })).choices[0].message.content;
  const text = await one({});
  assert.equal(await one({ seed: 7 }), text);
  assert.notEqual(await one({ seed: 8 }), text);
  assert.equal(await one({ max_completion_tokens: undefined, max_tokens: 24 }), text);
  const stops = [text.slice(9, 12), text.slice(5, 8)];
  const end = Math.min(...stops.map((stop) => text.indexOf(stop)));
  assert.equal(await one({ stop: ['\u0000', ...stops] }), text.slice(0, end));
  const { tokens } = await client.post('/tokenize', { body: { model, prompt: text.trim().split(' ')[0], add_special_tokens: false } });
  const biased = await one({ logit_bias: { [tokens[0]]: 100 }, temperature: 0, max_completion_tokens: 3 });
  const only = await client.post('/detokenize', { body: { model, tokens: [tokens[0], tokens[0], tokens[0]] } });
  assert.equal(biased.trim(), only.prompt.trim());
  const object = await one({ response_format: { type: 'json_object' }, max_completion_tokens: 400, temperature: 0 })
    .catch((error) => assert.fail(error));
  assert.equal(object.trim()[0], '{');
});

test('parameters that change nothing', async () => {
  const plain = await client.chat.completions.create(chat);
  const noted = await client.chat.completions.create({
    ...chat,
    store: false,
    metadata: { of: 'test' },
    user: 'somebody',
    safety_identifier: 'somebody',
    prompt_cache_key: 'key',
    service_tier: 'auto',
    response_format: { type: 'text' },
    modalities: ['text'],
    verbosity: 'medium',
    stream: false,
  });
  assert.deepEqual(noted.choices, plain.choices);
  assert.equal(noted.service_tier, 'default');
  const developer = await client.chat.completions.create({
    ...chat, messages: [{ role: 'developer', content: 'You tell stories.' }, chat.messages[1]],
  });
  assert.deepEqual(developer.choices, plain.choices);
});

test('what is not done is refused by its name', async () => {
  const say = (content) => ({ ...chat, messages: [{ role: 'user', content }] });
  const image = { type: 'image_url', image_url: { url: 'http://127.0.0.1:1/x.png' } };
  const error = await refused(BadRequestError, 400, 'unsupported_value', 'messages[0].content[0].type', () =>
    client.chat.completions.create(say([image])));
  assert.match(error.message, /image_url/);
  for (const [name, value] of Object.entries({
    functions: [{ name: 'f', parameters: {} }],
    function_call: 'auto',
    audio: { voice: 'alloy', format: 'mp3' },
    prediction: { type: 'content', content: 'x' },
    web_search_options: {},
  })) {
    await refused(BadRequestError, 400, 'unsupported_parameter', name, () =>
      client.chat.completions.create({ ...chat, [name]: value }));
  }
  const input = [{ role: 'user', content: [{ type: 'input_image', image_url: 'http://127.0.0.1:1/x.png', detail: 'auto' }] }];
  await refused(BadRequestError, 400, 'unsupported_value', 'input[0].content[0].type', () =>
    client.responses.create({ ...told, input }));
  await refused(BadRequestError, 400, 'unsupported_parameter', 'background', () =>
    client.responses.create({ ...told, background: true }));
  await refused(BadRequestError, 400, 'integer_above_max_value', 'dimensions', () =>
    client.embeddings.create({ model, input: 'x', dimensions: 65 }));
  for (const call of [
    () => client.moderations.create({ input: 'x' }),
    () => client.images.generate({ prompt: 'x' }),
    () => client.audio.speech.create({ model, voice: 'alloy', input: 'x' }),
    () => client.vectorStores.list(),
    () => client.conversations.create({}),
  ]) {
    await assert.rejects(call(), NotFoundError);
  }
});

test('a conversation that is given up', async () => {
  const gone = new AbortController();
  const stream = client.chat.completions.stream({ ...chat, max_completion_tokens: 400, ignore_eos: true }, { signal: gone.signal });
  stream.on('content', () => gone.abort());
  await assert.rejects(stream.finalChatCompletion(), APIUserAbortError);
  const response = client.responses.stream({ ...told, max_output_tokens: 400, ignore_eos: true });
  response.on('response.output_text.delta', () => response.abort());
  await assert.rejects(response.finalResponse(), APIUserAbortError);
  await quiet();
});

test('answers parsed by a schema', async () => {
  const body = { ...chat, max_completion_tokens: 100, response_format: zodResponseFormat(Mood, 'mood') };
  const parsed = (await client.chat.completions.parse(body)).choices[0].message.parsed;
  assert.equal(typeof parsed.isHappy, 'boolean');
  const final = await client.chat.completions.stream(body).finalChatCompletion();
  assert.deepEqual(final.choices[0].message.parsed, parsed);
});

test('an answer that is cut off is an error of the helper', async () => {
  const body = { ...chat, max_completion_tokens: 2, response_format: zodResponseFormat(Mood, 'mood') };
  await assert.rejects(client.chat.completions.parse(body), { name: 'Error', message: /length limit/ });
});

test('tools, parsed and streamed', async () => {
  const body = {
    ...chat,
    max_completion_tokens: 200,
    tools: [zodFunction({ name: 'mood', parameters: Mood })],
    tool_choice: 'required',
    parallel_tool_calls: false,
  };
  const whole = (await client.chat.completions.parse(body)).choices[0];
  assert.equal(whole.finish_reason, 'tool_calls');
  assert.equal(whole.message.tool_calls.length, 1);
  const call = whole.message.tool_calls[0];
  assert.equal(call.function.name, 'mood');
  assert.equal(typeof call.function.parsed_arguments.isHappy, 'boolean');
  const final = (await client.chat.completions.stream(body).finalChatCompletion()).choices[0];
  assert.deepEqual(
    final.message.tool_calls.map((one) => one.function.arguments),
    whole.message.tool_calls.map((one) => one.function.arguments),
  );
});

test('several calls at once, or one', async () => {
  const body = {
    ...chat,
    max_completion_tokens: 300,
    ignore_eos: true, // a model that may not end yet calls again
    tools: ['mood', 'other'].map((name) => ({
      type: 'function',
      function: { name, parameters: z.toJSONSchema(Mood) },
    })),
    tool_choice: 'required',
  };
  const several = (await client.chat.completions.create(body)).choices[0].message.tool_calls;
  assert.ok(several.length > 1, JSON.stringify(several));
  assert.equal(new Set(several.map(({ id }) => id)).size, several.length);
  const chunks = await collect(await client.chat.completions.create({ ...body, stream: true }));
  const calls = [];
  for (const { index, id, function: { name, arguments: text } } of
    chunks.flatMap((chunk) => chunk.choices[0].delta.tool_calls ?? [])) {
    if (id) {
      assert.equal(index, calls.length);
      calls.push({ name, text: '' });
    }
    assert.equal(index, calls.length - 1);
    calls[index].text += text;
  }
  for (const [i, call] of several.entries()) {
    assert.deepEqual(calls[i], { name: call.function.name, text: call.function.arguments });
  }
  const streamed = await client.chat.completions.stream(body).finalChatCompletion();
  assert.deepEqual(
    streamed.choices[0].message.tool_calls.slice(0, several.length).map((call) => call.function.arguments),
    several.map((call) => call.function.arguments),
  );
  for (const one of [{ parallel_tool_calls: false }, { tool_choice: { type: 'function', function: { name: 'mood' } } }]) {
    const { choices } = await client.chat.completions.create({ ...body, ...one });
    assert.equal(choices[0].message.tool_calls.length, 1);
    const stream = await client.chat.completions.stream({ ...body, ...one }).finalChatCompletion();
    assert.equal(stream.choices[0].message.tool_calls.length, 1);
    assert.equal(choices[0].finish_reason, 'tool_calls');
    assert.equal(stream.choices[0].finish_reason, 'tool_calls');
  }
});

for (const stream of [false, true]) {
  test(`tools that are run, ${stream ? 'streamed' : 'whole'}`, async () => {
    const called = [];
    const runner = client.chat.completions.runTools({
      ...chat,
      stream,
      max_completion_tokens: 200,
      tool_choice: { type: 'function', function: { name: 'mood' } },
      tools: [
        {
          type: 'function',
          function: {
            name: 'mood',
            description: 'Keeps a mood.',
            parse: JSON.parse,
            parameters: z.toJSONSchema(Mood),
            function: (mood) => void called.push(mood),
          },
        },
      ],
    });
    await runner.done();
    assert.ok(called.length >= 1 && typeof called[0].isHappy === 'boolean');
  });
}

test('a conversation with the result of a tool', async () => {
  const messages = [
    ...chat.messages,
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'mood', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: 'call_1', content: 'sunny' },
    { role: 'user', content: [{ type: 'text', text: 'Go on.' }] },
  ];
  const answer = await client.chat.completions.create({ ...chat, messages });
  assert.equal(answer.choices[0].message.role, 'assistant');
});

const told = {
  model,
  instructions: 'You tell stories.',
  input: 'Tell me one.',
  max_output_tokens: 24,
  temperature: 0,
};

test('responses, whole and streamed', async () => {
  const whole = await client.responses.create(told);
  assert.ok(whole.output_text.length > 0);
  assert.equal(whole.usage.total_tokens, whole.usage.input_tokens + whole.usage.output_tokens);
  const events = await collect(await client.responses.create({ ...told, stream: true }));
  assert.equal(events[0].type, 'response.created');
  assert.match(events.at(-1).type, /^response\.(completed|incomplete)$/);
  assert.deepEqual(events.map((event) => event.sequence_number), events.map((_, i) => i));
  const deltas = events.filter((event) => event.type === 'response.output_text.delta');
  assert.equal(deltas.map((event) => event.delta).join(''), whole.output_text);
  assert.equal(events.at(-1).response.output[0].content[0].text, whole.output_text);
  const stream = client.responses.stream({ ...told, max_output_tokens: 400, stop: ['.'] });
  const final = await stream.finalResponse();
  assert.equal(final.status, 'completed');
  assert.ok(final.output_text.length > 0);
});

test('responses that are remembered', async () => {
  const first = await client.responses.create(told);
  assert.equal((await client.responses.retrieve(first.id)).output_text, first.output_text);
  const next = await client.responses.create({ ...told, input: 'Go on.', previous_response_id: first.id });
  assert.equal(next.previous_response_id, first.id);
  assert.ok(next.usage.input_tokens > first.usage.input_tokens);
  const items = [];
  for await (const item of client.responses.inputItems.list(next.id)) items.push(item);
  assert.ok(items.length >= 1);
  await client.responses.delete(first.id);
  await assert.rejects(client.responses.retrieve(first.id), NotFoundError);
});

test('responses with a schema and with tools', async () => {
  const body = { ...told, max_output_tokens: 200 };
  const parsed = await client.responses.parse({ ...body, text: { format: zodTextFormat(Mood, 'mood') } });
  assert.equal(typeof parsed.output_parsed.isHappy, 'boolean');
  const tool = { type: 'function', name: 'mood', parameters: z.toJSONSchema(Mood), strict: true };
  const calls = { ...body, tools: [tool], tool_choice: 'required', parallel_tool_calls: false };
  const called = (await client.responses.create(calls)).output.find((item) => item.type === 'function_call');
  assert.equal(typeof JSON.parse(called.arguments).isHappy, 'boolean');
  const events = await collect(await client.responses.create({ ...calls, stream: true }));
  const done = events.find((event) => event.type === 'response.function_call_arguments.done');
  assert.equal(done.arguments, called.arguments);
  const many = { ...calls, parallel_tool_calls: true, ignore_eos: true, max_output_tokens: 300 };
  const several = (await client.responses.create(many)).output.filter((item) => item.status === 'completed');
  assert.ok(several.length > 1);
  const final = await client.responses.stream(many).finalResponse();
  assert.deepEqual(
    final.output.slice(0, several.length).map((item) => item.arguments),
    several.map((item) => item.arguments),
  );
  const answer = await client.responses.create({
    ...told,
    input: [
      { role: 'user', content: 'Tell me one.' },
      called,
      { type: 'function_call_output', call_id: called.call_id, output: 'kept' },
    ],
  });
  assert.ok(answer.output_text.length > 0);
});

async function refused(type, status, code, param, call) {
  const error = await call().then(() => assert.fail('it was served'), (thrown) => thrown);
  assert.ok(error instanceof type, String(error));
  assert.equal(error.status, status);
  assert.equal(error.code, code);
  assert.equal(error.param, param);
  assert.equal(error.type, status === 429 ? 'rate_limit_error' : 'invalid_request_error');
  assert.match(error.requestID, /^req_/);
  assert.ok(error.message.startsWith(`${status} `));
  return error;
}

test('errors', async () => {
  const long = 'a '.repeat(9000);
  await refused(NotFoundError, 404, 'model_not_found', 'model', () =>
    client.chat.completions.create({ ...chat, model: 'other' }));
  await refused(NotFoundError, 404, 'not_found', null, () => client.get('/nowhere'));
  await refused(BadRequestError, 400, 'invalid_type', 'max_tokens', () =>
    client.completions.create({ ...story, max_tokens: 'many' }));
  await refused(BadRequestError, 400, 'missing_required_parameter', 'messages', () =>
    client.chat.completions.create({ model }));
  await refused(BadRequestError, 400, 'context_length_exceeded', 'messages', () =>
    client.chat.completions.create({ ...chat, messages: [{ role: 'user', content: long }] }));
  await refused(BadRequestError, 400, 'context_length_exceeded', 'messages', () =>
    client.chat.completions.create({ ...chat, messages: [{ role: 'user', content: long }], stream: true }));
  await refused(BadRequestError, 400, 'context_length_exceeded', 'input', () =>
    client.embeddings.create({ model, input: long }));
  await refused(BadRequestError, 400, 'invalid_value', 'input', () =>
    client.embeddings.create({ model, input: '' }));
  await refused(BadRequestError, 400, 'unsupported_parameter', 'modalities', () =>
    client.chat.completions.create({ ...chat, modalities: ['audio'] }));
  await refused(BadRequestError, 400, 'invalid_type', 'max_output_tokens', () =>
    client.responses.create({ ...told, max_output_tokens: 'many' }));
  await refused(BadRequestError, 400, 'unknown_parameter', 'surprise', () =>
    client.chat.completions.create({ ...chat, surprise: 1 }));
});

async function quiet() {
  const metrics = EDUCE_URL.replace('/v1', '/metrics');
  for (let i = 0; i < 400; i++) {
    const text = await (await fetch(metrics)).text();
    if (/^educe_requests_running\{.*\} 0\.0$/m.test(text) && /^educe_requests_waiting\{.*\} 0\.0$/m.test(text)) return;
    await new Promise((done) => setTimeout(done, 10));
  }
  assert.fail('work goes on for a client that has left');
}

test('who leaves ends its work', async () => {
  const long = { ...story, max_tokens: 480, n: 8 };
  const stream = await client.completions.create({ ...long, stream: true });
  for await (const _ of stream) break; // closes the connection
  await quiet();
  const gone = new AbortController();
  const whole = client.completions.create({ ...long, n: 16 }, { signal: gone.signal });
  setTimeout(() => gone.abort(), 30);
  await assert.rejects(whole, APIUserAbortError);
  await quiet();
  await assert.rejects(
    client.completions.create({ ...long, n: 16 }, { timeout: 20 }), APIConnectionTimeoutError);
  await quiet();
});

test('keys, limits and trying again', async () => {
  const wrong = new OpenAI({ baseURL: EDUCE_KEYED_URL, apiKey: 'sk-wrong', maxRetries: 0 });
  await refused(AuthenticationError, 401, 'invalid_api_key', null, () => wrong.models.list());
  const impatient = new OpenAI({ baseURL: EDUCE_KEYED_URL, apiKey: EDUCE_KEY, maxRetries: 0 });
  const patient = new OpenAI({ baseURL: EDUCE_KEYED_URL, apiKey: EDUCE_KEY, maxRetries: 8 });
  const stream = await impatient.completions.create({ ...story, max_tokens: 400, stream: true });
  const error = await refused(RateLimitError, 429, 'rate_limit_exceeded', null, () =>
    impatient.completions.create(story));
  assert.ok(Number(error.headers.get('retry-after-ms')) > 0);
  assert.ok(Number(error.headers.get('retry-after')) > 0);
  setTimeout(() => stream.controller.abort(), 200);
  assert.equal((await patient.completions.create(story)).usage.completion_tokens, 28);
});

test('a full server is tried again by itself', async () => {
  const impatient = new OpenAI({ baseURL: EDUCE_CROWDED_URL, apiKey: 'none', maxRetries: 0 });
  const usual = new OpenAI({ baseURL: EDUCE_CROWDED_URL, apiKey: 'none' });
  const endless = { ...story, max_tokens: 400, min_tokens: 400, stream: true };
  const gone = new AbortController();
  const held = Array.from({ length: 40 }, () => impatient.completions.create(endless, { signal: gone.signal }));
  const full = await Promise.race(held.map((one) => one.then(() => new Promise(() => {}), (error) => error)));
  assert.ok(full instanceof InternalServerError);
  assert.deepEqual([full.status, full.code, full.type], [503, 'overloaded', 'server_error']);
  assert.ok(Number(full.headers.get('retry-after-ms')) > 0 && Number(full.headers.get('retry-after')) > 0);
  let tries = 0;
  const counting = usual.withOptions({ fetch: (...asked) => (tries++, fetch(...asked)) });
  const answer = counting.completions.create(story);
  setTimeout(() => gone.abort(), 300);
  assert.equal((await answer).usage.completion_tokens, 28);
  assert.ok(tries <= 3, `${tries} tries`);
  await Promise.allSettled(held);
});

test('what fails within a stream is an error of the stream', async () => {
  const hurried = new OpenAI({ baseURL: EDUCE_HURRIED_URL, apiKey: 'none', maxRetries: 2 });
  const endless = { ...story, max_tokens: 400, min_tokens: 400, n: 64 };
  const stream = await hurried.completions.create({ ...endless, stream: true });
  let seen = 0;
  await assert.rejects(
    async () => {
      for await (const _ of stream) seen++;
    },
    (error) =>
      error instanceof APIError && error.code === 'overloaded' && error.type === 'server_error',
  );
  assert.ok(seen > 0);
});

test('an error object is an APIError', () => assert.ok(RateLimitError.prototype instanceof APIError));

const request = (id, body = {}) => JSON.stringify({
  custom_id: `line-${id}`, method: 'POST', url: '/v1/completions', body: { ...story, ...body },
});
const upload = (...lines) => client.files.create({ file: new File([lines.join('\n')], 'in.jsonl'), purpose: 'batch' });
const batch = (file) => client.batches.create({
  input_file_id: file.id, endpoint: '/v1/completions', completion_window: '24h', metadata: { of: 'test' },
  output_expires_after: { anchor: 'created_at', seconds: 3600 },
});

async function ended(id) {
  while (true) {
    const now = await client.batches.retrieve(id);
    if (['completed', 'failed', 'expired', 'cancelled'].includes(now.status)) return now;
    await new Promise((done) => setTimeout(done, 20));
  }
}

test('files and batches: created, polled, fetched, listed, deleted', async () => {
  const file = await upload(request(1), request(2), request(3, { model: 'nobody' }));
  assert.deepEqual([file.object, file.filename, file.purpose], ['file', 'in.jsonl', 'batch']);
  assert.equal((await client.files.waitForProcessing(file.id)).status, 'processed');
  const created = await batch(file);
  assert.equal(created.object, 'batch');
  const done = await ended(created.id);
  assert.equal(done.status, 'completed');
  assert.deepEqual(done.request_counts, { total: 3, completed: 2, failed: 1 });
  assert.equal(done.metadata.of, 'test');
  const lines = async (id) => (await (await client.files.content(id)).text()).trim().split('\n').map(JSON.parse);
  for (const { response, error } of await lines(done.output_file_id)) {
    assert.equal(error, null);
    assert.ok(STORY.startsWith(response.body.choices[0].text));
  }
  assert.equal((await lines(done.error_file_id))[0].response.body.error.code, 'model_not_found');
  const listed = await collect(client.batches.list({ limit: 1 }));
  assert.ok(listed.some(({ id }) => id === created.id));
  const output = await client.files.retrieve(done.output_file_id);
  assert.equal(output.expires_at - output.created_at, 3600);
  const brief = await client.files.create({
    file: new File(['x'], 'x'), purpose: 'batch', expires_after: { anchor: 'created_at', seconds: 3600 },
  });
  assert.equal(brief.expires_at - brief.created_at, 3600);
  const files = await collect(client.files.list({ purpose: 'batch_output' }));
  assert.ok(files.some(({ id }) => id === done.output_file_id));
  assert.equal((await client.files.delete(file.id)).deleted, true);
  await assert.rejects(client.files.retrieve(file.id), NotFoundError);
});

test('batches are cancelled, and errors name what is wrong', async () => {
  const file = await upload(...Array.from({ length: 500 }, (_, id) => request(id, { max_tokens: 200 })));
  const created = await batch(file);
  assert.equal((await client.batches.cancel(created.id)).status, 'cancelling');
  const over = await ended(created.id);
  assert.equal(over.status, 'cancelled');
  assert.ok(over.request_counts.total === 500 || over.request_counts.total === 0);
  await assert.rejects(client.batches.retrieve('batch_none'), NotFoundError);
  await assert.rejects(batch({ id: 'file-none' }), (error) => error instanceof BadRequestError && error.param === 'input_file_id');
  await assert.rejects(
    client.files.create({ file: new File(['x'], 'x'), purpose: 'fine-tune' }),
    (error) => error instanceof BadRequestError && error.param === 'purpose',
  );
  const failed = await ended((await batch(await upload('{'))).id);
  assert.equal(failed.status, 'failed');
  assert.deepEqual([failed.errors.data[0].line, failed.errors.data[0].code], [1, 'invalid_json']);
});
