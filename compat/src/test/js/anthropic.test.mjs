// Anthropic's own client for JavaScript, unmodified. The servers are given by the test that runs this.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Anthropic, {
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  NotFoundError,
} from '@anthropic-ai/sdk';

const { EDUCE_URL, EDUCE_KEYED_URL, EDUCE_KEY } = process.env;
const root = (url) => url.replace(/\/v1$/, '');
const model = 'stories';
const client = new Anthropic({ baseURL: root(EDUCE_URL), apiKey: 'none', maxRetries: 0 });
const told = {
  model,
  max_tokens: 24,
  temperature: 0,
  system: 'You tell stories.',
  messages: [{ role: 'user', content: 'Tell me one.' }],
};
const mood = {
  name: 'mood',
  description: 'Keeps a mood.',
  input_schema: {
    type: 'object',
    properties: { isHappy: { type: 'boolean' }, weather: { enum: ['sunny', 'rainy'] } },
    required: ['isHappy', 'weather'],
    additionalProperties: false,
  },
};

test('anthropic: models', async () => {
  const names = [];
  for await (const one of client.models.list()) names.push(one.id);
  assert.deepEqual(names, [model]);
  const one = await client.models.retrieve(model);
  assert.equal(one.type, 'model');
  assert.ok(!Number.isNaN(Date.parse(one.created_at)));
});

test('anthropic: messages, whole and streamed', async () => {
  const { data, request_id } = await client.messages.create(told).withResponse();
  assert.match(request_id, /^req_/);
  assert.equal(data.role, 'assistant');
  assert.equal(data.stop_reason, 'max_tokens');
  assert.equal(data.usage.output_tokens, 24);
  const text = data.content[0].text;
  assert.ok(text.length > 0);
  const stream = client.messages.stream(told);
  let snapshot = '';
  stream.on('text', (_, all) => (snapshot = all));
  const final = await stream.finalMessage();
  assert.equal(snapshot, text);
  assert.deepEqual(final.content, data.content);
  assert.equal(final.stop_reason, 'max_tokens');
  assert.equal(final.usage.output_tokens, 24);
  const types = [];
  for await (const event of await client.messages.create({ ...told, stream: true })) types.push(event.type);
  assert.equal(types[0], 'message_start');
  assert.equal(types[1], 'content_block_start');
  assert.deepEqual(types.slice(-3), ['content_block_stop', 'message_delta', 'message_stop']);
});

test('anthropic: stop sequences', async () => {
  const { content } = await client.messages.create(told);
  const stop = content[0].text.slice(8, 11);
  const stopped = await client.messages.create({ ...told, stop_sequences: ['\u0000', stop] });
  assert.equal(stopped.stop_reason, 'stop_sequence');
  assert.equal(stopped.stop_sequence, stop);
  assert.equal(stopped.content[0].text, content[0].text.slice(0, content[0].text.indexOf(stop)));
});

test('anthropic: tokens are counted', async () => {
  const { max_tokens, temperature, ...asked } = told;
  const counted = await client.messages.countTokens(asked);
  const { usage } = await client.messages.create(told);
  assert.equal(counted.input_tokens, usage.input_tokens + usage.cache_read_input_tokens);
});

for (const tool_choice of [{ type: 'any', disable_parallel_tool_use: true }, { type: 'tool', name: 'mood', disable_parallel_tool_use: true }]) {
  test(`anthropic: tools, ${tool_choice.type}`, async () => {
    const body = { ...told, max_tokens: 200, tools: [mood], tool_choice };
    const whole = await client.messages.create(body);
    assert.equal(whole.content.length, 1);
    assert.equal(whole.stop_reason, 'tool_use');
    const call = whole.content.find((block) => block.type === 'tool_use');
    assert.equal(call.name, 'mood');
    assert.equal(typeof call.input.isHappy, 'boolean');
    const final = await client.messages.stream(body).finalMessage();
    assert.deepEqual(final.content.map((block) => block.input), whole.content.map((block) => block.input));
    const answer = await client.messages.create({
      ...told,
      tools: [mood],
      messages: [
        ...told.messages,
        { role: 'assistant', content: whole.content },
        {
          role: 'user',
          content: [
            ...whole.content
              .filter((block) => block.type === 'tool_use')
              .map((block) => ({ type: 'tool_result', tool_use_id: block.id, content: 'kept' })),
            { type: 'text', text: 'Go on.' },
          ],
        },
      ],
    });
    assert.equal(answer.role, 'assistant');
  });
}

test('anthropic: at least one tool', async () => {
  const body = { ...told, max_tokens: 300, temperature: 1, tools: [mood, { ...mood, name: 'other' }], tool_choice: { type: 'any' } };
  for (let i = 0; i < 8; i++) {
    const { content } = await client.messages.stream(body).finalMessage();
    assert.ok(content.length > 0 && content.every((block) => block.type === 'tool_use'));
  }
});

test('anthropic: an answer that fits a schema', async () => {
  const { content } = await client.messages.create({
    ...told,
    max_tokens: 200,
    output_config: { format: { type: 'json_schema', schema: mood.input_schema } },
  });
  assert.equal(typeof JSON.parse(content[0].text).isHappy, 'boolean');
});

test('anthropic: errors', async () => {
  const refused = async (type, kind, call) => {
    const error = await call().then(assert.fail, (caught) => caught);
    assert.ok(error instanceof type, String(error));
    assert.equal(error.type, kind);
    assert.match(error.requestID, /^req_/);
    return error;
  };
  const wrong = 'invalid_request_error';
  await refused(NotFoundError, 'not_found_error', () => client.messages.create({ ...told, model: 'none' }));
  await refused(BadRequestError, wrong, () => client.messages.create({ ...told, max_tokens: 0 }));
  const long = [{ role: 'user', content: 'Once upon a time. '.repeat(4_000) }];
  await refused(BadRequestError, wrong, () => client.messages.create({ ...told, messages: long }));
  await refused(BadRequestError, wrong, () => client.messages.stream({ ...told, messages: long }).finalMessage());
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: '' } };
  const error = await refused(BadRequestError, wrong, () =>
    client.messages.create({ ...told, messages: [{ role: 'user', content: [image] }] }));
  assert.match(error.message, /image/);
});

test('anthropic: keys', async () => {
  const keyed = (apiKey) => new Anthropic({ baseURL: root(EDUCE_KEYED_URL), apiKey, maxRetries: 0 });
  await assert.rejects(keyed('sk-wrong').messages.create(told), AuthenticationError);
  assert.equal((await keyed(EDUCE_KEY).messages.create(told)).usage.output_tokens, 24);
});

test('anthropic: a stream that is given up', async () => {
  const stream = client.messages.stream({ ...told, max_tokens: 400 });
  stream.on('text', () => stream.abort());
  await assert.rejects(stream.finalMessage(), APIUserAbortError);
});

test('anthropic: an answer that is begun is gone on with', async () => {
  const begun = [...told.messages, { role: 'assistant', content: 'Once upon a time, there' }];
  const { content } = await client.messages.create({ ...told, messages: begun });
  assert.match(content[0].text, /^ ?\w/);
  const { input_tokens: fewer } = await client.messages.countTokens({ model, messages: told.messages });
  const { input_tokens: more } = await client.messages.countTokens({ model, messages: begun });
  assert.ok(more > fewer);
});
