// Ollama's own client for JavaScript, unmodified. The servers are given by the test that runs this.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ollama } from 'ollama';

const { EDUCE_URL, EDUCE_KEYED_URL, EDUCE_KEY } = process.env;
const root = (url) => url.replace(/\/v1$/, '');
const model = 'stories';
const client = new Ollama({ host: root(EDUCE_URL) });
const options = { temperature: 0, num_predict: 24, repeat_penalty: 1 };
const told = {
  model,
  messages: [
    { role: 'system', content: 'You tell stories.' },
    { role: 'user', content: 'Tell me one.' },
  ],
  options,
};
const schema = {
  type: 'object',
  properties: { isHappy: { type: 'boolean' }, weather: { enum: ['sunny', 'rainy'] } },
  required: ['isHappy', 'weather'],
  additionalProperties: false,
};

async function collect(stream) {
  const all = [];
  for await (const element of stream) all.push(element);
  return all;
}

test('ollama: lists', async () => {
  const { models } = await client.list();
  assert.deepEqual(models.map((one) => one.name), [model]);
  assert.ok(models[0].size > 0 && models[0].digest.length === 64);
  assert.ok(!Number.isNaN(Date.parse(models[0].modified_at)));
  assert.equal((await client.ps()).models[0].model, model);
  assert.match((await client.version()).version, /^\d+\.\d+\.\d+$/);
  const shown = await client.show({ model: `${model}:latest` });
  assert.equal(shown.details.family, 'llama');
  assert.equal(shown.model_info['llama.embedding_length'], 64);
  assert.ok(shown.capabilities.includes('completion'));
});

test('ollama: chat, whole and streamed', async () => {
  const whole = await client.chat({ ...told, keep_alive: '5m' });
  assert.ok(whole.message.content.length > 0);
  assert.equal(whole.done, true);
  assert.equal(whole.done_reason, 'length');
  assert.equal(whole.eval_count, 24);
  assert.ok(whole.total_duration > 1e5 && whole.prompt_eval_count > 0);
  const lines = await collect(await client.chat({ ...told, stream: true }));
  assert.equal(lines.map((line) => line.message.content).join(''), whole.message.content);
  assert.equal(lines.at(-1).eval_count, 24);
  assert.ok(lines.slice(0, -1).every((line) => !line.done));
});

test('ollama: a prompt, as a conversation and as it is', async () => {
  const story = { model, prompt: 'Once upon a time', options };
  const raw = await client.generate({ ...story, raw: true });
  assert.ok(raw.response.startsWith(', there was a little girl named Lily.'), raw.response);
  const lines = await collect(await client.generate({ ...story, raw: true, stream: true }));
  assert.equal(lines.map((line) => line.response).join(''), raw.response);
  assert.equal(lines.at(-1).done_reason, 'length');
  const stopped = await client.generate({ ...story, raw: true, options: { ...options, stop: ['Lily'] } });
  assert.equal(stopped.response, ', there was a little girl named ');
  assert.equal(stopped.done_reason, 'stop');
  assert.equal((await client.generate({ ...story, system: 'Be brief.' })).eval_count, 24);
  assert.equal((await client.generate({ model, prompt: '' })).done_reason, 'load');
});

test('ollama: a seed gives the same text', async () => {
  const seeded = { ...told, options: { ...options, temperature: 1, top_k: 0, top_p: 1, min_p: 0.01, seed: 7 } };
  const [one, two] = [await client.chat(seeded), await client.chat(seeded)];
  assert.equal(one.message.content, two.message.content);
});

test('ollama: answers that fit a form', async () => {
  const long = { ...told, options: { ...options, num_predict: 200 } };
  const fit = JSON.parse((await client.chat({ ...long, format: schema })).message.content);
  assert.equal(typeof fit.isHappy, 'boolean');
  const prompt = 'How are you?';
  const made = await client.generate({ model, prompt, format: schema, options: long.options });
  assert.equal(typeof JSON.parse(made.response).isHappy, 'boolean');
});

test('ollama: tools and their results', async () => {
  const tools = [{ type: 'function', function: { name: 'mood', description: 'Keeps a mood.', parameters: schema } }];
  const call = { function: { name: 'mood', arguments: { isHappy: true, weather: 'sunny' } } };
  const messages = [
    ...told.messages,
    { role: 'assistant', content: '', tool_calls: [call] },
    { role: 'tool', tool_name: 'mood', content: 'kept' },
    { role: 'user', content: 'Go on.' },
  ];
  const answer = await client.chat({ ...told, messages, tools, think: false });
  assert.equal(answer.message.role, 'assistant');
});

test('ollama: embeddings', async () => {
  const input = ['Once upon a time', 'a little girl'];
  const many = await client.embed({ model, input });
  assert.equal(many.embeddings.length, 2);
  for (const vector of many.embeddings) {
    assert.equal(vector.length, 64);
    assert.ok(Math.abs(vector.reduce((sum, x) => sum + x * x, 0) - 1) < 1e-5);
  }
  assert.ok(many.prompt_eval_count > 0);
  assert.deepEqual((await client.embeddings({ model, prompt: input[0] })).embedding, many.embeddings[0]);
  assert.equal((await client.embed({ model, input: input[0], dimensions: 8 })).embeddings[0].length, 8);
  const long = 'Once upon a time. '.repeat(4_000);
  assert.equal((await client.embed({ model, input: long })).embeddings.length, 1);
  await assert.rejects(client.embed({ model, input: long, truncate: false }), { status_code: 400 });
});

test('ollama: errors', async () => {
  const named = (status_code, message) => ({ name: 'ResponseError', status_code, message });
  await assert.rejects(client.chat({ ...told, model: 'none' }), named(404, /none/));
  await assert.rejects(client.chat({ ...told, options: { temperature: 'hot' } }), named(400, /temperature/));
  await assert.rejects(client.chat({ ...told, options: { num_ctx: 1 << 20 } }), named(400, /num_ctx/));
  const seen = [{ role: 'user', content: 'What?', images: ['aGk='] }];
  await assert.rejects(client.chat({ ...told, messages: seen }), named(400, /images/));
  await assert.rejects(client.pull({ model: 'other' }), named(400, /pull/));
  await assert.rejects(client.push({ model }), named(400, /push/));
  await assert.rejects(client.create({ model: 'other', from: model }), named(400, /create/));
  await assert.rejects(client.copy({ source: model, destination: 'other' }), named(400, /copy/));
  await assert.rejects(client.delete({ model }), named(400, /delete/));
});

test('ollama: keys', async () => {
  await assert.rejects(new Ollama({ host: root(EDUCE_KEYED_URL) }).list(), { status_code: 401 });
  const headers = { Authorization: `Bearer ${EDUCE_KEY}` };
  const { models } = await new Ollama({ host: root(EDUCE_KEYED_URL), headers }).list();
  assert.equal(models.length, 1);
});

test('ollama: a stream that is given up', async () => {
  const stream = await client.chat({ ...told, stream: true, options: { ...options, num_predict: 400 } });
  await assert.rejects(async () => {
    for await (const _ of stream) stream.abort();
  }, { name: 'AbortError' });
});

test('ollama: a model stays as long as is asked for', async () => {
  const left = async () => (Date.parse((await client.ps()).models[0].expires_at) - Date.now()) / 1000;
  await client.chat({ ...told, keep_alive: '10m' });
  assert.ok((await left()) > 590 && (await left()) <= 600);
  await client.chat({ ...told, keep_alive: -1 });
  assert.ok((await left()) > 1e9);
  assert.equal((await client.generate({ model, prompt: '', keep_alive: 0 })).done_reason, 'unload');
  while ((await client.ps()).models.length > 0) await new Promise((done) => setTimeout(done, 10));
  assert.equal((await client.chat(told)).done, true);
});
