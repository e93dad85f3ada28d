// A conversation, and what can be done with it.
import { useEffect, useRef, useState } from './vendor/preact.js';
import { chat, Refusal } from './api.js';
import { keep } from './store.js';

const TITLE_CHARACTERS = 48;
const TOP_TOKENS = 5;
const AT_ONCE_MILLIS = 100;

export const empty = () => ({ id: crypto.randomUUID?.() ?? String(Math.random()), title: '', changed: 0, messages: [] });

/** What a request says besides the conversation: settings that were given a value. */
function sampling(settings) {
  const given = {};
  for (const name of ['temperature', 'top_p', 'top_k', 'min_p', 'repetition_penalty', 'max_tokens', 'seed']) {
    if (typeof settings[name] === 'number') given[name] = settings[name];
  }
  if (settings.probabilities) Object.assign(given, { logprobs: true, top_logprobs: TOP_TOKENS });
  return given;
}

function request(messages, settings) {
  const told = messages
    .filter((message) => message.content || message.role === 'user')
    .map(({ role, content }) => ({ role, content }));
  if (settings.system.trim()) told.unshift({ role: 'system', content: settings.system });
  return { model: settings.model, messages: told, ...sampling(settings) };
}

/** Adds what a chunk brings to an answer. */
function add(answer, chunk) {
  const choice = chunk.choices[0];
  if (chunk.usage) {
    answer.tokenCount = chunk.usage.completion_tokens;
    answer.promptTokens = chunk.usage.prompt_tokens;
    answer.cachedTokens = chunk.usage.prompt_tokens_details?.cached_tokens ?? 0;
  }
  if (!choice) return;
  const { content, reasoning_content: thought } = choice.delta;
  if (content || thought) {
    const now = performance.now();
    answer.firstAt ??= now;
    answer.lastAt = now;
    answer.pieces += 1;
  }
  answer.content += content ?? '';
  answer.reasoning += thought ?? '';
  for (const { token, logprob, top_logprobs: top } of choice.logprobs?.content ?? []) {
    answer.tokens.push([token, logprob, top.map((other) => [other.token, other.logprob])]);
  }
  if (choice.finish_reason) answer.finish = choice.finish_reason;
}

/** What is kept of an answer: times become figures. */
function settled({ sentAt, firstAt, lastAt, pieces, ...answer }) {
  const count = answer.tokenCount ?? (answer.tokens.length || pieces);
  // What came in one go says nothing of how fast it was written: then the wait before it counts.
  const isAtOnce = lastAt - firstAt < AT_ONCE_MILLIS;
  const millis = lastAt - (isAtOnce ? sentAt : firstAt);
  return {
    ...answer,
    tokenCount: count,
    firstMillis: firstAt === undefined ? undefined : firstAt - sentAt,
    rate: millis > 0 && count > 1 ? (1000 * (isAtOnce ? count : count - 1)) / millis : undefined,
  };
}

/**
 * The conversation that is shown.
 *
 * @param onKept told when it has changed
 * @param onRefused told why the server would not answer
 */
export function useConversation(settings, onKept, onRefused) {
  const [conversation, setConversation] = useState(empty);
  const [writing, setWriting] = useState(null); // the answer that is being written
  const abort = useRef(null);
  const stop = () => abort.current?.abort();
  useEffect(() => stop, []);

  async function save(changed) {
    setConversation(changed);
    await keep(changed).catch(() => {}); // a browser that keeps nothing still shows it
    onKept();
  }

  async function ask(messages) {
    stop();
    const controller = new AbortController();
    abort.current = controller;
    const title = messages[0].content.trim().slice(0, TITLE_CHARACTERS);
    const asked = { ...conversation, title, messages, changed: Date.now() };
    const answer = {
      role: 'assistant', content: '', reasoning: '', tokens: [], model: settings.model, pieces: 0,
      sentAt: performance.now(),
    };
    const show = throttled(() => abort.current === controller && setWriting({ ...answer }));
    setWriting({ ...answer });
    save(asked);
    try {
      for await (const chunk of chat(request(messages, settings), controller.signal)) {
        add(answer, chunk);
        show();
      }
    } catch (failure) {
      if (controller.signal.aborted) answer.finish = 'stopped';
      else {
        answer.error = failure.message;
        if (failure instanceof Refusal) onRefused(failure);
        else console.error(failure);
      }
    }
    if (abort.current !== controller) {
      // Another conversation is shown by now: this one is kept all the same.
      await keep({ ...asked, messages: [...messages, settled(answer)] }).catch(() => {});
      return;
    }
    abort.current = null;
    setWriting(null);
    await save({ ...asked, messages: [...messages, settled(answer)] });
  }

  const { messages } = conversation;
  return {
    conversation,
    writing,
    stop,
    send: (content) => ask([...messages, { role: 'user', content }]),
    /** Asks again for the answer at an index; what follows it is given up. */
    again: (index) => ask(messages.slice(0, index)),
    /** Says something else at an index; what follows it is given up. */
    edit: (index, content) => ask([...messages.slice(0, index), { role: 'user', content }]),
    open(other) {
      stop();
      abort.current = null;
      setWriting(null);
      setConversation(other);
    },
  };
}

/** Runs an action at most once for each picture that the screen shows. */
function throttled(action) {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      action();
    });
  };
}
