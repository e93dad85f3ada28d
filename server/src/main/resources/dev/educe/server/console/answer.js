// What the model wrote: as text, or token by token with its probabilities.
import { html, useMemo, useState } from './vendor/preact.js';
import { IconButton } from './icons.js';
import { markup } from './markdown.js';

const FINISHES = {
  length: 'ended at its limit',
  stopped: 'stopped',
  content_filter: 'ended by a filter',
};

export function Answer({ answer, isWriting, isBusy, onAgain }) {
  const [hasOdds, setOdds] = useState(false);
  return html`<article class="answer" aria-label="Answer" aria-busy=${isWriting ? 'true' : 'false'}>
    ${answer.reasoning && html`<details class="reasoning"><summary>Reasoning</summary><p>${answer.reasoning}</p></details>`}
    ${hasOdds && !isWriting ? html`<${Tokens} tokens=${answer.tokens} />` : html`<${Text} text=${answer.content} />`}
    ${isWriting && html`<span class="caret" aria-label="The model is writing"></span>`}
    ${answer.error && html`<p class="error" role="alert">${answer.error}</p>`}
    <footer>
      <span class="facts">${facts(answer, isWriting)}</span>
      ${!isWriting && html`<span class="actions">
        ${answer.tokens.length > 0 && html`<${IconButton} name="odds" label="Token probabilities" aria-pressed=${hasOdds}
          onClick=${() => setOdds(!hasOdds)} />`}
        <${IconButton} name="copy" label="Copy" onClick=${() => navigator.clipboard?.writeText(answer.content)} />
        <${IconButton} name="again" label="Regenerate" disabled=${isBusy} onClick=${onAgain} />
      </span>`}
    </footer>
  </article>`;
}

function facts(answer, isWriting) {
  const count = isWriting ? answer.tokens.length || answer.pieces : answer.tokenCount;
  const seconds = (answer.lastAt - answer.firstAt) / 1000;
  const rate = isWriting ? count > 1 && seconds > 0.1 && (count - 1) / seconds : answer.rate;
  return [
    count > 0 && `${count.toLocaleString('en')} ${count === 1 ? 'token' : 'tokens'}`,
    rate > 0 && Number.isFinite(rate) && `${rate < 10 ? rate.toFixed(1) : Math.round(rate).toLocaleString('en')} tokens/s`,
    answer.firstMillis && `first after ${millis(answer.firstMillis)}`,
    answer.cachedTokens > 0 && `${answer.cachedTokens} of ${answer.promptTokens} prompt tokens known`,
    FINISHES[answer.finish],
  ].filter(Boolean).join(' · ');
}

const millis = (value) => (value < 1000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`);

function Text({ text }) {
  const safe = useMemo(() => markup(text), [text]);
  return safe === undefined
    ? html`<div class="text plain">${text}</div>`
    : html`<div class="text" dangerouslySetInnerHTML=${{ __html: safe }}></div>`;
}

/** Tokens, of which one is looked at: by pointer, or with the arrow keys. */
function Tokens({ tokens }) {
  const [chosen, choose] = useState(0);
  const onKeyDown = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    choose(Math.min(tokens.length - 1, Math.max(0, chosen + step)));
  };
  return html`<div class="odds">
    <div class="tokens" role="group" tabindex="0" aria-label="Tokens; the arrow keys go through them" onKeyDown=${onKeyDown}>
      ${tokens.map(([token, logprob], index) => html`<span key=${index}
        class=${`token ${level(logprob)} ${index === chosen ? 'chosen' : ''}`}
        onPointerEnter=${() => choose(index)}>${token}</span>`)}
    </div>
    <${Candidates} token=${tokens[chosen]} />
  </div>`;
}

/** How sure the model was, in five steps. */
function level(logprob) {
  const probability = Math.exp(logprob);
  return `p${[0.9, 0.6, 0.3, 0.1].findIndex((least) => probability >= least) + 1 || 5}`;
}

/** What else might have stood in a token's place. */
function Candidates({ token: [text, logprob, top] }) {
  const all = top.some(([other]) => other === text) ? top : [...top, [text, logprob]];
  return html`<dl class="candidates" aria-live="polite">
    ${all.map(([other, value]) => html`<div key=${other} class=${other === text ? 'taken' : ''}>
      <dt>${visible(other)}</dt>
      <dd><meter min="0" max="1" value=${Math.exp(value)} aria-label=${`Probability of ${visible(other)}`}></meter>
        <span>${(100 * Math.exp(value)).toFixed(1)} %</span></dd>
    </div>`)}
  </dl>`;
}

const visible = (token) => token.replaceAll('\n', '⏎').replaceAll('\t', '⇥').replaceAll(' ', '␣');
