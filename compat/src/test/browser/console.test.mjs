// The console in a browser. The servers and the browser are given by the test that runs this.
import assert from 'node:assert/strict';
import { after, before, beforeEach, afterEach, test } from 'node:test';
import { readFile } from 'node:fs/promises';
import { createServer, request as ask } from 'node:http';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const { CONSOLE_URL, CONSOLE_KEYED_URL, CONSOLE_KEY, CHROMIUM, SCREENSHOTS } = process.env;
const axe = createRequire(import.meta.url).resolve('axe-core');
const QUESTION = 'Tell me a story about a fox.';

let browser;
let page;
let problems; // errors of the page, and requests to elsewhere
let expected; // a problem that a test brings about by itself

before(async () => {
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
});
after(() => browser.close());

beforeEach(() => open());
afterEach(async () => {
  await page.context().close();
  assert.deepEqual(problems.filter((problem) => !expected?.test(problem)), []);
});

async function open(options = {}, url = CONSOLE_URL) {
  await page?.context().close();
  problems = [];
  expected = undefined;
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(url.replace(/#.*/, '')) && !request.url().startsWith('data:')) problems.push(`asked for ${request.url()}`);
  });
  await page.addInitScript(() =>
    document.addEventListener('securitypolicyviolation', (event) =>
      console.error(`violates ${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile}`)));
  await page.goto(url);
}

const answers = () => page.getByRole('article', { name: 'Answer' });
const finished = () => page.getByRole('button', { name: 'Send', exact: true }).waitFor();

async function send(text) {
  await page.getByRole('textbox', { name: 'Message' }).fill(text);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Regenerate' }).last().and(page.locator(':enabled')).waitFor();
  await finished();
}

const set = async (label, value) => {
  await page.getByLabel(label, { exact: true }).fill(String(value));
  await page.keyboard.press('Tab');
};

/** Settings with which an answer of this small model is the same each time, and short. */
async function settle(tokens = 60) {
  await page.getByRole('button', { name: 'Settings', exact: true }).click();
  await set('Temperature', 0);
  await set('Tokens at most', tokens);
  await page.keyboard.press('Escape');
}

/** An answer as a server would stream it, piece by piece. */
async function answerWith(...pieces) {
  const chunk = (choices) => `data: ${JSON.stringify({ choices })}\n\n`;
  const body = pieces.map((content) => chunk([{ index: 0, delta: { content }, finish_reason: null }])).join('');
  await page.route('**/v1/chat/completions', (route) =>
    route.fulfill({ contentType: 'text/event-stream', body: `${body}data: [DONE]\n\n` }));
}

async function accessible(where) {
  // Not as an element of the page: its policy would refuse a script from elsewhere.
  await page.evaluate(await readFile(axe, 'utf8'));
  const { violations } = await page.evaluate(() => window.axe.run());
  const serious = violations
    .filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .map(({ id, nodes }) => `${where}: ${id} at ${nodes.map((node) => node.html.slice(0, 120)).join(' and ')}`);
  assert.deepEqual(serious, []);
}

const shoot = (name) => page.screenshot({ path: `${SCREENSHOTS}/${name}.png` });

// First, while nothing else has been done on the server.
for (const [name, options] of Object.entries({
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
})) {
  test(`it is accessible and pictured: ${name}`, async () => {
    await open(options);
    await page.getByRole('button', { name: /fox/ }).and(page.locator(':enabled')).waitFor();
    await accessible('welcome');
    await shoot(`welcome-${name}`);
    await settle(90);
    await send(QUESTION);
    await answerWith('## Two ways\n\nUse `map` or a **loop**:\n\n```js\nconst twice = (x) => 2 * x;\n```\n\n',
      '| way | time |\n|---|---|\n| map | 1 ms |\n| loop | 2 ms |\n\n- first\n- second');
    await send('Show me some code.');
    await accessible('chat');
    await shoot(`chat-${name}`);
    const width = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(width[0] <= width[1], `${width}`);
    await page.getByRole('button', { name: 'Settings', exact: true }).click();
    await accessible('settings');
    await shoot(`settings-${name}`);
    await page.getByRole('button', { name: 'Close settings' }).click();
    if (name === 'phone') {
      await page.getByRole('button', { name: 'Conversations' }).click();
      await accessible('list');
      await shoot('list-phone');
      await page.keyboard.press('Escape');
      await page.getByRole('link', { name: 'Dashboard' }).click();
      await page.locator('.plot canvas').first().waitFor();
      await shoot('dashboard-phone');
    }
    await page.getByRole('link', { name: 'Batches' }).click();
    await page.getByRole('heading', { name: 'Batches' }).waitFor();
    if (name === 'light') {
      await page.getByText('Nothing is here yet').waitFor();
      await accessible('no batches');
      await shoot('batches-empty');
      await page.getByRole('button', { name: 'Try three lines' }).click();
      await row('example.jsonl').getByText('done').waitFor();
    }
    await give('questions.jsonl', Array.from({ length: 1_000 }, (_, id) => line(id, { max_tokens: 100 })).join('\n'));
    const bar = row('questions.jsonl').first().getByRole('progressbar');
    await page.waitForFunction((shown) => shown?.value > 30, await bar.elementHandle());
    await give('broken.jsonl', `${line(1)}\n{`);
    await row('broken.jsonl').first().getByText('cannot be answered').waitFor();
    await accessible('batches');
    await shoot(`batches-${name}`);
    const wide = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide[0] <= wide[1], `${wide}`);
    await row('questions.jsonl').first().getByRole('button', { name: 'Cancel' }).click();
    await row('questions.jsonl').first().getByText('cancelled', { exact: true }).waitFor();
  });
}

test('a message is sent and answered, with its speed, and kept', async () => {
  await settle();
  await send(QUESTION);
  await send('And then?');
  assert.equal(await answers().count(), 2);
  assert.match(await answers().first().innerText(), /60 tokens · [\d,.]+ tokens\/s · first after/);
  assert.match(await answers().last().innerText(), /of \d+ prompt tokens known/);
  await page.reload();
  await page.getByRole('complementary', { name: 'Conversations' }).getByRole('button', { name: QUESTION, exact: true }).click();
  assert.equal(await answers().count(), 2);
  await page.getByRole('button', { name: `Delete ${QUESTION}` }).click();
  await page.getByRole('heading', { name: 'What shall we write?' }).waitFor();
  await page.getByRole('button', { name: QUESTION, exact: true }).waitFor({ state: 'detached' });
});

test('an answer is stopped, by button and by key', async () => {
  // A server that has sent its first piece and no more.
  await page.evaluate(() => {
    const own = window.fetch;
    window.fetch = (path, options) => {
      if (path !== '/v1/chat/completions') return own(path, options);
      const first = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'Once' } }] })}\n\n`;
      const stream = new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode(first));
          options.signal.addEventListener('abort', () => controller.error(options.signal.reason));
        },
      });
      return Promise.resolve(new Response(stream));
    };
  });
  const field = page.getByRole('textbox', { name: 'Message' });
  for (const stop of [() => page.getByRole('button', { name: 'Stop' }).click(), () => page.keyboard.press('Escape')]) {
    await field.fill(QUESTION);
    await page.keyboard.press('Enter');
    await answers().last().getByText('Once').waitFor();
    await stop();
    await finished();
    assert.match(await answers().last().innerText(), /Once\s+1 tokens?.* · stopped/);
  }
});

test('an answer is given anew, and a question edited', async () => {
  await settle();
  await send(QUESTION);
  const first = await answers().locator('.text').innerText();
  await page.getByRole('button', { name: 'Settings', exact: true }).click();
  await set('Temperature', 1.5);
  await set('Seed', 3);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Regenerate' }).click();
  await page.waitForFunction((old) => document.querySelector('.answer .text')?.innerText !== old, first);
  await finished();
  assert.equal(await answers().count(), 1);
  await page.getByText(QUESTION).last().hover();
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByRole('textbox', { name: 'Your message' }).fill('Tell me about a bear.');
  const asked = page.waitForRequest('**/v1/chat/completions');
  await page.keyboard.press('Enter');
  assert.deepEqual((await asked).postDataJSON().messages, [{ role: 'user', content: 'Tell me about a bear.' }]);
  await finished();
});

test('the model, the system prompt and the sampling are those that were chosen', async () => {
  await page.getByLabel('Model', { exact: true }).selectOption('tales');
  await settle(8);
  await page.getByRole('button', { name: 'Settings', exact: true }).click();
  await page.getByLabel('System prompt').fill('You tell tales.');
  await page.keyboard.press('Escape');
  const asked = page.waitForRequest('**/v1/chat/completions');
  await send(QUESTION);
  const { model, messages, temperature, max_tokens: most } = (await asked).postDataJSON();
  assert.deepEqual([model, temperature, most, messages[0]], ['tales', 0, 8, { role: 'system', content: 'You tell tales.' }]);
});

test('the probabilities of each token are shown, by pointer and by key', async () => {
  await settle(12);
  await send(QUESTION);
  await page.getByRole('button', { name: 'Token probabilities' }).click();
  const tokens = page.locator('.token');
  assert.equal(await tokens.count(), 12);
  const shown = () => page.locator('.candidates .taken dt').innerText();
  await tokens.nth(3).hover();
  const third = await shown();
  assert.ok((await page.locator('.candidates div').count()) >= 5);
  await page.locator('.tokens').focus();
  await page.keyboard.press('ArrowRight');
  assert.match(await page.locator('.token.chosen').innerText(), /./s);
  await page.keyboard.press('ArrowLeft');
  assert.equal(await shown(), third);
  await shoot('probabilities');
});

test('what a model writes does nothing but be read', async () => {
  const evil = [
    '<script>document.title = "evil"</script>', '<img src=x onerror="document.title=\'evil\'">',
    '<svg onload="document.title=\'evil\'"></svg>', '<style>body { display: none }</style>',
    '[link](javascript:document.title=%22evil%22)', '![picture](https://elsewhere.example/spy.png)',
    '<iframe src="https://elsewhere.example"></iframe>', '<a href="data:text/html,evil">data</a>', '\u001b[31mred',
    '<form action="https://elsewhere.example"><button>go</button></form>', '<math><mtext><img src=x onerror=alert(1)>',
  ];
  await answerWith(...evil.map((line) => `${line}\n\n`));
  await send(QUESTION);
  const box = page.locator('.answer .text');
  assert.ok((await box.innerText()).includes(evil[0]));
  assert.equal(await box.locator('script, img, svg, style, iframe, form, math, [onerror], [onload]').count(), 0);
  const links = await box.locator('a[href]').evaluateAll((all) => all.map((a) => [a.getAttribute('href'), a.rel]));
  assert.deepEqual(links, [['https://elsewhere.example/spy.png', 'noopener noreferrer']]);
  assert.equal(await page.title(), 'Educe');
});

test('a line of ten million characters is shown', async () => {
  await answerWith('x'.repeat(10_000_000));
  await page.getByRole('button', { name: 'Settings', exact: true }).click();
  await page.keyboard.press('Escape');
  await send(QUESTION);
  assert.equal((await page.locator('.answer .text').textContent()).length, 10_000_000);
});

test('a refusal is told in the words of the server', async () => {
  expected = /status of 400/;
  await page.getByRole('textbox', { name: 'Message' }).fill('word '.repeat(3_000));
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText(/context/).waitFor();
});

/** A way to the server that ends with the first piece of an answer, and is then gone for good. */
async function frail() {
  const frail = createServer((from, to) => {
    const { hostname, port, host } = new URL(CONSOLE_URL);
    const { origin, ...headers } = from.headers; // it is that of this server
    const through = ask({ hostname, port, path: from.url, method: from.method, headers: { ...headers, host } }, (answer) => {
      to.writeHead(answer.statusCode, answer.headers);
      if (!from.url.endsWith('completions')) return answer.pipe(to);
      answer.setEncoding('utf8');
      let isCut = false;
      answer.on('data', (piece) => {
        const begin = /^[^]*?"content":"[^"][^]*?\n\n/.exec(piece);
        if (!isCut) to.write(begin ? begin[0] : piece);
        if (isCut || !begin) return;
        isCut = true;
        setTimeout(() => { // so that the page has what was sent
          frail.close();
          frail.closeAllConnections();
          through.destroy();
        }, 500);
      });
      answer.on('error', () => {});
    });
    through.on('error', () => {});
    from.pipe(through);
  });
  await new Promise((listening) => frail.listen(0, '127.0.0.1', listening));
  frail.unref(); // a test that fails does not keep this process
  return frail;
}

test('a server that ends in the middle of an answer is told of, and what came is kept', async () => {
  const server = await frail();
  await open({}, `http://127.0.0.1:${server.address().port}/`);
  expected = /ERR_|Failed to load/;
  await page.getByRole('textbox', { name: 'Message' }).fill(QUESTION);
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('The connection broke off').waitFor();
  await shoot('broken');
  assert.ok((await answers().locator('.text').innerText()).length > 0);
  await page.getByRole('button', { name: 'Regenerate' }).click();
  await page.getByRole('alert').getByText('The server cannot be reached').waitFor();
  await page.getByRole('link', { name: 'Batches' }).click();
  await page.getByRole('alert').getByText('The server cannot be reached').waitFor();
  await page.getByRole('link', { name: 'Dashboard' }).click();
  await page.getByRole('alert').getByText('The server cannot be reached').waitFor();
});

test('names do nothing but be read, and there is no session to be stolen', async () => {
  const evil = '<img src=x onerror="document.title=1">';
  await page.route('**/v1/models', (route) => route.fulfill({ json: { data: [{ id: evil }] } }));
  await page.reload();
  await page.getByLabel('Model', { exact: true }).waitFor();
  assert.equal(await page.getByLabel('Model', { exact: true }).locator('option').innerText(), evil);
  await page.getByRole('link', { name: 'Batches' }).click();
  await give(`${evil.replaceAll('"', '')}.jsonl`, line(1));
  await page.getByRole('heading', { name: evil.replaceAll('"', '') }).waitFor();
  await page.evaluate(() => { sessionStorage.setItem('educe.key', 'sk-secret'); });
  await page.reload();
  await page.getByRole('heading', { name: 'Batches' }).waitFor();
  assert.equal(await page.title(), 'Educe');
  assert.equal(await page.locator('main img').count(), 0);
  assert.deepEqual(await page.context().cookies(), []);
  assert.equal(await page.evaluate(() => JSON.stringify({ ...localStorage }).includes('sk-secret')), false);
  const other = await page.context().newPage();
  await other.goto(CONSOLE_URL);
  assert.equal(await other.evaluate(() => sessionStorage.getItem('educe.key')), null);
});

const line = (id, body = {}) => JSON.stringify({
  custom_id: `line-${id}`, method: 'POST', url: '/v1/completions',
  body: { model: 'stories', prompt: 'Once upon a time', max_tokens: 20, temperature: 0, ...body },
});
const give = (name, text) => page.getByLabel('File of requests').setInputFiles({ name, mimeType: 'application/jsonl', buffer: Buffer.from(text) });
const row = (name) => page.getByRole('listitem', { name });

test('batches are sent, watched, fetched and cancelled', async () => {
  await open({ acceptDownloads: true }, `${CONSOLE_URL}#batches`);
  await give('notes.txt', 'buy milk');
  await page.getByRole('alert').getByText(/notes.txt is no file of requests/).waitFor();
  await give('three.jsonl', [1, 2, 3].map((id) => line(id, id === 3 ? { model: 'nobody' } : {})).join('\n'));
  await row('three.jsonl').getByText('done').waitFor();
  assert.match(await row('three.jsonl').innerText(), /2 of 3 answered · 1 without/);
  for (const [button, ids] of [['Answers', ['line-1', 'line-2']], ['Errors', ['line-3']]]) {
    const coming = page.waitForEvent('download');
    await row('three.jsonl').getByRole('button', { name: button }).click();
    const download = await coming;
    assert.equal(download.suggestedFilename(), `three.${button.toLowerCase()}.jsonl`);
    const lines = (await readFile(await download.path(), 'utf8')).trim().split('\n').map(JSON.parse);
    assert.deepEqual(lines.map(({ custom_id: id }) => id).sort(), ids);
  }
  await give('wrong.jsonl', `${line(1)}\n${line(1)}\n{`);
  await row('wrong.jsonl').getByText('cannot be answered').waitFor();
  assert.match(await row('wrong.jsonl').innerText(), /Line 2: .*custom_id[^]*Line 3: /);
  await page.getByLabel('to be answered within').selectOption('7d');
  await give('long.jsonl', Array.from({ length: 3_000 }, (_, id) => line(id, { max_tokens: 200 })).join('\n'));
  const progress = row('long.jsonl').getByRole('progressbar');
  await page.waitForFunction((bar) => bar?.value > 3, await progress.elementHandle());
  await row('long.jsonl').getByRole('button', { name: 'Cancel' }).click();
  await row('long.jsonl').getByText('cancelled', { exact: true }).waitFor();
  await row('long.jsonl').getByRole('button', { name: 'Answers' }).waitFor();
});

test('the dashboard moves', async () => {
  await settle();
  await page.getByRole('link', { name: 'Dashboard' }).click();
  await page.getByText('Running', { exact: true }).waitFor();
  const written = () => page.locator('.tenants tbody td').last().innerText();
  const asked = async () => page.request.post(`${CONSOLE_URL}v1/chat/completions`, {
    data: { model: 'stories', messages: [{ role: 'user', content: QUESTION }], max_tokens: 100 },
  });
  await asked();
  await page.locator('.tenants').waitFor();
  const before = await written();
  for (let i = 0; i < 8; i++) {
    await asked();
    await page.waitForTimeout(500);
  }
  await page.waitForFunction((old) => document.querySelector('.tenants tbody td:last-child').innerText !== old, before);
  assert.notEqual(await page.locator('.tile dd').nth(2).innerText(), '–');
  assert.equal(await page.locator('.plot canvas').count(), 6);
  await accessible('dashboard');
  await shoot('dashboard-light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await accessible('dark dashboard');
  await shoot('dashboard-dark');
});

test('everything is done by keyboard', async () => {
  await page.getByRole('textbox', { name: 'Message' }).and(page.locator(':focus')).waitFor();
  await page.keyboard.type('Hello');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('there');
  assert.equal(await page.getByRole('textbox', { name: 'Message' }).inputValue(), 'Hello\nthere');
  const reached = new Set();
  for (let i = 0; i < 20; i++) {
    await page.keyboard.press('Tab');
    reached.add(await page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim()));
  }
  for (const name of ['Send', 'Model', 'Chat', 'Batches', 'Dashboard', 'Settings', 'New conversation']) assert.ok(reached.has(name), `${name}: ${[...reached]}`);
});

test('where a key is asked for, there is a field for it', async () => {
  await open({}, CONSOLE_KEYED_URL);
  expected = /status of 401/;
  await page.getByText('This server asks for an API key').waitFor();
  await accessible('key');
  await shoot('key');
  await page.getByLabel('API key').fill('sk-wrong');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'This key is not good here' }).waitFor();
  await page.getByLabel('API key').fill(CONSOLE_KEY);
  await page.keyboard.press('Enter');
  await page.getByLabel('API key').waitFor({ state: 'detached' });
  await settle(8);
  await send(QUESTION);
  assert.equal(await answers().count(), 1);
  expected = /status of 40[01]/;
  await page.getByRole('link', { name: 'Batches' }).click();
  await page.getByText('This server keeps no batches').waitFor();
  await accessible('batches that are off');
  await shoot('batches-off');
  await page.getByRole('button', { name: 'Settings', exact: true }).click();
  await page.getByRole('button', { name: 'Forget' }).click();
  await page.getByRole('alert').waitFor();
  assert.deepEqual(await page.evaluate(() => [localStorage.getItem('educe.key'), sessionStorage.getItem('educe.key')]), [null, null]);
});
