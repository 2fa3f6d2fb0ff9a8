// Batches: what one costs before it starts, and how far it is.
(() => {
  const { find, all, tell, rendered, call, actions, stageText } = longreel;
  const shown = () => document.documentElement.dataset.view === 'batches';
  const ticked = new Set();

  function request() {
    const form = find('#lr-batch');
    const given = new FormData(form);
    const questions = String(given.get('questions')).split('\n').map((line) => line.trim()).filter(Boolean);
    return {
      videos: given.getAll('videos'),
      questions,
      length: given.get('length'),
      style: given.get('style'),
      language: String(given.get('language')).trim() || null,
      formats: given.getAll('formats'),
    };
  }

  function complain(text) {
    const line = find('#lr-batch-problem');
    line.textContent = text;
    line.hidden = !text;
  }

  // The cost, a moment after the last change

  let asking = 0;
  let number = 0;

  const minutes = (seconds) => (seconds < 90 ? `${Math.ceil(seconds)} seconds` : `${Math.round(seconds / 60)} minutes`);
  const count = (value, noun) => `${value} ${noun}${value === 1 ? '' : 's'}`;

  function told(cost) {
    const parts = [`${count(cost.videos, 'video')}, ${minutes(cost.known_s + cost.new_s)} long`];
    if (cost.new) parts.push(`${cost.new} of them to be read first (${minutes(cost.new_s)})`);
    const size = cost.disk_bytes ? `, ${(cost.disk_bytes / 1e6).toFixed(0)} MB of disk` : '';
    return `${parts.join('; ')}. It takes about ${minutes(cost.work_s)}${size} and ${cost.tokens.toLocaleString('en')} tokens.`;
  }

  async function estimate() {
    const mine = ++number;
    const wanted = request();
    const start = find('#lr-batch [type=submit]');
    complain('');
    let text = 'Tick videos to see what it takes.';
    try {
      if (wanted.videos.length) text = told(await call('POST', '/batches/cost', wanted));
    } catch (error) {
      complain(error.message);
      text = '';
    }
    if (mine !== number) return;
    find('#lr-cost').textContent = text;
    start.disabled = !wanted.videos.length || !text;
  }

  function later() {
    window.clearTimeout(asking);
    asking = window.setTimeout(estimate, 250);
  }

  document.addEventListener('input', (event) => {
    if (!event.target.closest('#lr-batch')) return;
    const boxes = all('#lr-batch [name=videos]');
    if (event.target.id === 'lr-every') for (const box of boxes) box.checked = event.target.checked;
    ticked.clear();
    for (const box of boxes) if (box.checked) ticked.add(box.value);
    find('#lr-every').checked = boxes.every((box) => box.checked);
    later();
  });

  async function start() {
    try {
      await call('POST', '/batches', request());
      complain('');
      longreel.toast('The batch has started.');
    } catch (error) {
      complain(error.message);
    }
    look();
  }

  document.addEventListener('submit', (event) => {
    if (event.target.id !== 'lr-batch') return;
    event.preventDefault();
    start();
  });

  // How far

  let timer = 0;
  let known = null;

  function draw(batch) {
    const section = find(`[data-batch="${batch.id}"]`);
    if (!section) return;
    section.querySelector('progress').value = batch.done_share;
    for (const child of batch.children) {
      const line = section.querySelector(`[data-job="${child.id}"][data-state=running] .lr-stage`);
      const text = stageText(child);
      if (line && line.textContent !== text) line.textContent = text;
    }
  }

  async function look() {
    window.clearTimeout(timer);
    if (!shown()) return;
    let found = null;
    try {
      found = await call('GET', '/batches?limit=20');
    } catch {
      timer = window.setTimeout(look, 5000);
      return;
    }
    const now = found.map((one) => [one.id, one.state, ...one.children.map((child) => child.state)].join()).join(';');
    if (now !== known) tell('batches');
    known = now;
    const active = found.filter((one) => ['queued', 'running'].includes(one.state));
    active.forEach(draw);
    timer = window.setTimeout(look, active.length ? 1000 : 5000);
  }

  async function act(method, path) {
    try {
      await call(method, path);
    } catch (error) {
      complain(error.message);
    }
    look();
  }

  actions.endbatch = ({ dataset }) => act('DELETE', `/batches/${dataset.endbatch}`);
  actions.againbatch = ({ dataset }) => act('POST', `/batches/${dataset.againbatch}/retry`);
  actions.dismissbatch = ({ dataset }) => act('POST', `/jobs/${dataset.dismissbatch}/dismiss`);

  let wasShown = false;
  rendered(() => {
    for (const box of all('#lr-batch [name=videos]')) if (ticked.has(box.value)) box.checked = true;
    if (shown() === wasShown) return;
    wasShown = shown();
    if (wasShown) look();
  });
})();
