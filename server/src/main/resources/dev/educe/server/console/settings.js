// How answers are asked for: the system prompt, and how tokens are chosen.
import { html, useState } from './vendor/preact.js';
import { IconButton } from './icons.js';
import { apiKey, rememberKey } from './api.js';

export const DEFAULTS = { model: '', system: '', temperature: 0.8, top_p: 0.95, probabilities: true };

const CONTROLS = [
  { name: 'temperature', label: 'Temperature', max: 2, step: 0.05, hint: '0 takes the likeliest token' },
  { name: 'top_p', label: 'Top p', max: 1, step: 0.01, hint: 'the likeliest tokens that add up to it' },
  { name: 'min_p', label: 'Min p', max: 1, step: 0.01, hint: 'relative to the likeliest token' },
  { name: 'top_k', label: 'Top k', step: 1, hint: 'how many tokens; 0 for all' },
  { name: 'repetition_penalty', label: 'Repetition penalty', min: 0.01, max: 10, step: 0.01, hint: '1 for none' },
  { name: 'max_tokens', label: 'Tokens at most', min: 1, step: 1, hint: 'empty for what fits' },
  { name: 'seed', label: 'Seed', step: 1, hint: 'empty for another text each time' },
];

export function Settings({ settings, onChange, onClose, onKey, onForgetAll }) {
  const put = (name, value) => onChange({ ...settings, [name]: value });
  return html`<aside class="settings" id="settings" aria-label="Settings">
    <header><h2>Settings</h2><${IconButton} name="close" label="Close settings" onClick=${onClose} /></header>
    <label class="wide">System prompt
      <textarea rows="4" value=${settings.system} placeholder="You are …" onInput=${(event) => put('system', event.currentTarget.value)}></textarea>
    </label>
    <div class="controls">
      ${CONTROLS.map((control) => html`<${Control} key=${control.name} ...${control} value=${settings[control.name]} onChange=${(value) => put(control.name, value)} />`)}
    </div>
    <label class="check"><input type="checkbox" checked=${settings.probabilities}
      onChange=${(event) => put('probabilities', event.currentTarget.checked)} /> Ask for token probabilities</label>
    <${Key} onKey=${onKey} />
    <div class="buttons">
      <button type="button" class="quiet" onClick=${() => onChange({ ...DEFAULTS, model: settings.model })}>Reset</button>
      <button type="button" class="quiet danger" onClick=${onForgetAll}>Delete all conversations</button>
    </div>
  </aside>`;
}

function Control({ name, label, hint, min = 0, max, step, value, onChange }) {
  const onInput = ({ currentTarget: field }) => onChange(field.value === '' || !field.checkValidity() ? undefined : field.valueAsNumber);
  return html`<div class="control">
    <label for=${name}>${label}</label>
    <input id=${name} type="number" inputmode="decimal" min=${min} max=${max} step=${step} value=${value ?? ''}
      placeholder="default" aria-describedby=${`${name}-hint`} onChange=${onInput} />
    <small id=${`${name}-hint`}>${hint}</small>
  </div>`;
}

/** The field for an API key. */
export function Key({ onKey, isWanted }) {
  const [key, setKey] = useState(apiKey);
  const submit = (value) => {
    rememberKey(value);
    setKey(value);
    onKey();
  };
  return html`<form class="key" onSubmit=${(event) => { event.preventDefault(); submit(key.trim()); }}>
    <label for=${isWanted ? 'wanted-key' : 'key'}>API key</label>
    <div>
      <input id=${isWanted ? 'wanted-key' : 'key'} type="password" autocomplete="off" spellcheck=${false} placeholder="sk-…" value=${key}
        onInput=${(event) => setKey(event.currentTarget.value)} />
      <button type="submit" class=${isWanted ? 'strong' : 'quiet'}>Use</button>
      ${!isWanted && key && html`<button type="button" class="quiet" onClick=${() => submit('')}>Forget</button>`}
    </div>
    <small>Kept in this tab until it is closed.</small>
  </form>`;
}
