// The page: its bar, its list of conversations, and what is shown beside them.
import { html, render, useEffect, useState } from './vendor/preact.js';
import { apiKey, models } from './api.js';
import { Batches } from './batches.js';
import { Chat } from './chat.js';
import { empty, useConversation } from './conversation.js';
import { Dashboard } from './dashboard.js';
import { IconButton } from './icons.js';
import { DEFAULTS, Key, Settings } from './settings.js';
import { conversations, forget, forgetAll, set, setting } from './store.js';

const THEMES = { auto: 'moon', dark: 'sun', light: 'auto' };
const DARK = matchMedia('(prefers-color-scheme: dark)'); // what the system has
const NEXT_THEME = { auto: 'dark', dark: 'light', light: 'auto' };

function useTheme() {
  const [theme, setTheme] = useState(() => setting('theme', 'auto'));
  const [isDark, setDark] = useState(DARK.matches);
  useEffect(() => {
    const onChange = () => setDark(DARK.matches);
    DARK.addEventListener('change', onChange);
    return () => DARK.removeEventListener('change', onChange);
  }, []);
  // At once, not in an effect: plots ask for colours while they are drawn.
  document.documentElement.dataset.theme = theme;
  const next = () => {
    set('theme', NEXT_THEME[theme]);
    setTheme(NEXT_THEME[theme]);
  };
  return [theme, next, `${theme} ${isDark}`];
}

const VIEWS = { chat: 'Chat', batches: 'Batches', dashboard: 'Dashboard' };

/** The view that the address names. */
function useView() {
  const view = () => (location.hash.slice(1) in VIEWS ? location.hash.slice(1) : 'chat');
  const [shown, show] = useState(view);
  useEffect(() => {
    const onChange = () => show(view());
    addEventListener('hashchange', onChange);
    return () => removeEventListener('hashchange', onChange);
  }, []);
  return shown;
}

function App() {
  const [theme, nextTheme, colours] = useTheme();
  const view = useView();
  const [names, setNames] = useState([]);
  const [refusal, setRefusal] = useState(null);
  const [settings, setSettings] = useState(() => ({ ...DEFAULTS, ...setting('settings', {}) }));
  const [open, setOpen] = useState(''); // 'list', 'settings' or nothing
  const [list, setList] = useState([]);

  const change = (changed) => {
    setSettings(changed);
    set('settings', changed);
  };
  const relist = () => conversations().then(setList, () => {});
  const onRefused = (failure) => failure.status === 401 && setRefusal(failure);
  const talk = useConversation(settings, relist, onRefused);
  const load = async () => {
    try {
      const all = await models();
      setNames(all);
      setRefusal(null);
      setSettings((old) => (all.includes(old.model) ? old : { ...old, model: all[0] ?? '' }));
    } catch (failure) {
      setRefusal(failure);
    }
  };
  useEffect(() => {
    load();
    relist();
    const onKeyDown = (event) => event.key === 'Escape' && setOpen('');
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, []);

  const show = (conversation) => {
    talk.open(conversation);
    setOpen('');
    location.hash = '#chat';
  };
  const remove = async (id) => {
    if (id === talk.conversation.id) talk.open(empty());
    await forget(id);
    relist();
  };
  const removeAll = async () => {
    if (!confirm('Delete all conversations of this browser?')) return;
    talk.open(empty());
    await forgetAll();
    relist();
  };
  return html`<div class=${`page ${open && `with-${open}`}`}>
    <a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); document.getElementById('main').focus(); }}>Skip to content</a>
    <${List} list=${list} current=${view === 'chat' && talk.conversation.id} theme=${theme} onTheme=${nextTheme}
      onNew=${() => show(empty())} onOpen=${show} onRemove=${remove} />
    ${open && html`<div key="shade" class="shade" onClick=${() => setOpen('')}></div>`}
    <div key="column" class="column">
      <header class="bar">
        <${IconButton} name="menu" label="Conversations" class="icon-button only-narrow" aria-expanded=${open === 'list'} onClick=${() => setOpen(open === 'list' ? '' : 'list')} />
        <select aria-label="Model" hidden=${names.length === 0} value=${settings.model} onChange=${(event) => change({ ...settings, model: event.currentTarget.value })}>
          ${names.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
        </select>
        <nav aria-label="Views">
          ${Object.entries(VIEWS).map(([name, label]) => html`<a key=${name} href=${`#${name}`} aria-current=${view === name ? 'page' : undefined}>${label}</a>`)}
        </nav>
        <${IconButton} name="tune" label="Settings" aria-expanded=${open === 'settings'} onClick=${() => setOpen(open === 'settings' ? '' : 'settings')} />
      </header>
      ${refusal && html`<div class="refusal" role="alert">
        <h2>${refusal.status !== 401 ? 'No answer' : apiKey() ? 'This key is not good here' : 'A key, please'}</h2>
        <p>${explained(refusal)}</p>
        ${refusal.status === 401
          ? html`<${Key} isWanted onKey=${load} />`
          : html`<button type="button" class="quiet" onClick=${load}>Try again</button>`}
      </div>`}
      ${view === 'chat' && html`<${Chat} talk=${talk} isReady=${settings.model !== '' && names.length > 0} isShut=${!!refusal} />`}
      ${view === 'batches' && !refusal && html`<${Batches} model=${settings.model} onRefused=${onRefused} />`}
      ${view === 'dashboard' && !refusal && html`<${Dashboard} theme=${colours} onRefused=${onRefused} />`}
    </div>
    ${open === 'settings' && html`<${Settings} settings=${settings} onChange=${change} onClose=${() => setOpen('')} onKey=${load} onForgetAll=${removeAll} />`}
  </div>`;
}

function explained(refusal) {
  if (refusal.status !== 401) return refusal.message;
  return apiKey()
    ? 'The server does not know it, or it was revoked. Enter another one.'
    : 'This server asks for an API key. Enter yours to begin; who runs the server can make one with ‘educe keys create’.';
}

function List({ list, current, theme, onTheme, onNew, onOpen, onRemove }) {
  return html`<aside class="list" aria-label="Conversations">
    <p class="name"><img src="/console/icon.svg" alt="" width="28" height="28" /> Educe
      <${IconButton} name=${THEMES[theme]} label=${`Colours: ${theme}`} onClick=${onTheme} /></p>
    <button type="button" class="new" onClick=${onNew}>New conversation</button>
    <ul>
      ${list.map((conversation) => html`<li key=${conversation.id} class=${conversation.id === current ? 'current' : ''}>
        <button type="button" aria-current=${conversation.id === current ? 'true' : undefined} onClick=${() => onOpen(conversation)}>${conversation.title}</button>
        <${IconButton} name="bin" label=${`Delete ${conversation.title}`} onClick=${() => onRemove(conversation.id)} />
      </li>`)}
    </ul>
  </aside>`;
}

render(html`<${App} />`, document.body);
