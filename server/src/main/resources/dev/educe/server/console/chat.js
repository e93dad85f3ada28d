// The conversation and the field to write in.
import { html, useEffect, useLayoutEffect, useRef, useState } from './vendor/preact.js';
import { Answer } from './answer.js';
import { Icon, IconButton } from './icons.js';

// Who is this near to the end is shown what comes.
const NEAR_PIXELS = 80;

const IDEAS = ['Tell me a story about a fox and a lighthouse.', 'Explain a hash table to a child.', 'Write a haiku about rain.'];

export function Chat({ talk, isReady, isShut }) {
  const { conversation, writing } = talk;
  const scroller = useRef(null);
  const isNear = useRef(true);
  useLayoutEffect(() => {
    if (isNear.current) scroller.current.scrollTop = scroller.current.scrollHeight;
  });
  const send = (text) => {
    isNear.current = true;
    talk.send(text);
  };
  const onScroll = ({ currentTarget: box }) => {
    isNear.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PIXELS;
  };
  const { messages } = conversation;
  return html`<main class="chat" id="main" tabindex="-1">
    <h1 class="unseen">Chat</h1>
    <div class="scroller" ref=${scroller} onScroll=${onScroll} tabindex="0" role="region" aria-label="Conversation">
      ${messages.length === 0 ? !isShut && html`<${Welcome} onIdea=${send} isReady=${isReady} />` : html`<div class="messages">
        ${messages.map((message, index) => message.role === 'user'
          ? html`<${Question} key=${`${conversation.id}/${index}`} text=${message.content} isBusy=${!!writing}
              onEdit=${(text) => talk.edit(index, text)} />`
          : html`<${Answer} key=${`${conversation.id}/${index}`} answer=${message} isBusy=${!!writing} onAgain=${() => talk.again(index)} />`)}
        ${writing && html`<${Answer} key="writing" answer=${writing} isWriting />`}
      </div>`}
    </div>
    <${Composer} key=${conversation.id} isWriting=${!!writing} isReady=${isReady} onSend=${send} onStop=${talk.stop} />
  </main>`;
}

function Welcome({ onIdea, isReady }) {
  return html`<div class="welcome">
    <h2>What shall we write?</h2>
    <ul>
      ${IDEAS.map((idea) => html`<li key=${idea}><button type="button" disabled=${!isReady} onClick=${() => onIdea(idea)}>${idea}</button></li>`)}
    </ul>
  </div>`;
}

function Question({ text, isBusy, onEdit }) {
  const [draft, setDraft] = useState(null);
  const submit = (event) => {
    event.preventDefault();
    if (!draft.trim()) return;
    setDraft(null);
    onEdit(draft);
  };
  if (draft === null) {
    return html`<div class="question">
      <p>${text}</p>
      <${IconButton} name="edit" label="Edit" disabled=${isBusy} onClick=${() => setDraft(text)} />
    </div>`;
  }
  return html`<form class="question editing" onSubmit=${submit} onKeyDown=${(event) => event.key === 'Escape' && setDraft(null)}>
    <${Area} value=${draft} label="Your message" isFocused onInput=${setDraft} onEnter=${submit} />
    <div class="buttons">
      <button type="button" class="quiet" onClick=${() => setDraft(null)}>Cancel</button>
      <button type="submit" class="strong">Send</button>
    </div>
  </form>`;
}

function Composer({ isWriting, isReady, onSend, onStop }) {
  const [draft, setDraft] = useState('');
  const submit = (event) => {
    event.preventDefault();
    if (isWriting || !isReady || !draft.trim()) return;
    onSend(draft);
    setDraft('');
  };
  useEffect(() => {
    const onKeyDown = (event) => event.key === 'Escape' && isWriting && onStop();
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, [isWriting]);
  return html`<form class="composer" onSubmit=${submit}>
    <div class="field">
      <${Area} value=${draft} label="Message" placeholder="Write a message" isFocused=${matchMedia('(hover: hover)').matches}
        onInput=${setDraft} onEnter=${submit} />
      ${isWriting
        ? html`<button type="button" class="send" aria-label="Stop" title="Stop (Esc)" onClick=${onStop}><${Icon} name="stop" /></button>`
        : html`<button type="submit" class="send" aria-label="Send" title="Send (Enter)" disabled=${!isReady || !draft.trim()}><${Icon} name="send" /></button>`}
    </div>
  </form>`;
}

/** A field of text that grows with it. Enter is for the form; with Shift, a new line. */
function Area({ value, label, placeholder, isFocused, onInput, onEnter }) {
  const area = useRef(null);
  useLayoutEffect(() => {
    area.current.style.height = 'auto';
    area.current.style.height = `${area.current.scrollHeight}px`;
  }, [value]);
  useEffect(() => isFocused && area.current.focus(), []);
  const onKeyDown = (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) onEnter(event);
  };
  return html`<textarea ref=${area} rows="1" value=${value} aria-label=${label} placeholder=${placeholder}
    onInput=${(event) => onInput(event.currentTarget.value)} onKeyDown=${onKeyDown}></textarea>`;
}
