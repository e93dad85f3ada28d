// Turns what a model wrote into markup that cannot do anything.
import { marked } from './vendor/marked.js';
import DOMPurify from './vendor/purify.js';

// Longer texts are shown as they are: nobody reads their markup, and it would take seconds.
const CHARACTERS_MAX = 200_000;

const TAGS = [
  'a', 'blockquote', 'br', 'code', 'del', 'em', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'li', 'ol', 'p', 'pre',
  'strong', 'table', 'tbody', 'td', 'th', 'thead', 'tr', 'ul',
];

const escaped = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

marked.use({
  breaks: true,
  renderer: {
    // Markup within the text is text. Images would be asked for elsewhere: they become links.
    html: ({ text }) => escaped(text),
    image: ({ href, text }) => `<a href="${escaped(href)}">${escaped(text || href)}</a>`,
    checkbox: ({ checked }) => (checked ? '☑ ' : '☐ '),
  },
});

DOMPurify.addHook('afterSanitizeAttributes', (element) => {
  if (element.nodeName === 'A') {
    element.setAttribute('target', '_blank');
    element.setAttribute('rel', 'noopener noreferrer');
  } else if (element.nodeName === 'PRE') {
    element.setAttribute('tabindex', '0'); // so that the keyboard can scroll it
  }
});

/** Markup for a text, or undefined if it is to be shown as it is. */
export function markup(text) {
  if (text.length > CHARACTERS_MAX) return undefined;
  return DOMPurify.sanitize(marked.parse(text), {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ['href', 'align', 'start'],
    ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
    RETURN_TRUSTED_TYPE: true,
  });
}
