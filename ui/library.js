// The library: the progress of reading, titles and tags, deleting and restoring.
(() => {
  const { find, all, tell, opened, named, address, rendered, notice, call, actions, filter, element, duration } = longreel;
  const UNDO_MS = 10_000;
  const changed = () => tell('changed', { video: opened() });

  async function act(method, path, body) {
    try {
      await call(method, path, body);
      notice('');
      return true;
    } catch (error) {
      notice(error.message);
      return false;
    } finally {
      changed();
      follow();
    }
  }

  // Jobs

  let timer = 0;
  let known = '';

  function follow() {
    window.clearTimeout(timer);
    timer = window.setTimeout(look, 300);
  }
  longreel.look = () => {
    changed();
    follow();
  };

  const stageName = (stage) => JSON.parse(find('.lr-queue')?.dataset.stages || '{}')[stage] || stage;

  longreel.stageText = (job) => {
    const event = job.progress;
    if (job.cancel_requested) return 'Stopping';
    if (job.state === 'queued') return job.error ? `${job.error.message} Trying again soon.` : 'Waiting for its turn';
    if (!event || !event.stage) return 'Starting';
    const parts = [stageName(event.stage)];
    if (job.done_share !== null) parts.push(`${Math.floor(job.done_share * 100)} %`);
    if (event.speed) parts.push(`${event.speed.toFixed(1)}× real time`);
    if (event.left_s) parts.push(`about ${duration(event.left_s)} left`);
    return parts.join(' · ');
  };

  function draw(job) {
    const item = find(`#lr-queue [data-job="${job.id}"]`);
    if (!item || item.dataset.state === 'failed') return;
    const bar = item.querySelector('progress');
    if (job.done_share === null) bar.removeAttribute('value');
    else bar.value = job.done_share;
    const text = longreel.stageText(job);
    const line = item.querySelector('.lr-stage');
    if (line.textContent !== text) line.textContent = text;
  }

  async function look() {
    let jobs = null;
    try {
      jobs = await call('GET', '/jobs?kind=ingest&limit=50');
    } catch {
      timer = window.setTimeout(look, 5000);
      return;
    }
    const now = jobs.map((job) => `${job.id} ${job.state} ${job.priority}`).join();
    if (now !== known) changed();
    known = now;
    const active = jobs.filter((job) => ['queued', 'running'].includes(job.state));
    active.forEach(draw);
    timer = window.setTimeout(look, active.length ? 1000 : 5000); // slowly too: another tab may add videos
  }

  window.setTimeout(look, 1500);

  actions.cancel = ({ dataset }) => act('DELETE', `/jobs/${dataset.cancel}`);
  actions.retry = ({ dataset }) => act('POST', `/jobs/${dataset.retry}/retry`);
  actions.next = ({ dataset }) => act('POST', `/jobs/${dataset.next}/next`);

  actions.look = ({ dataset }) => act('POST', `/schedules/${dataset.look}/run`);
  actions.unwatch = ({ dataset }) => act('DELETE', `/schedules/${dataset.unwatch}`);

  // What happened to a job, while its list is open

  let heard = null; // { id, source }
  const said = {
    stage_started: (event) => `${stageName(event.stage)}`,
    stage_finished: (event) => `${stageName(event.stage)}: done in ${duration(event.seconds)}. ${event.detail}`,
    ingest_finished: () => 'It can be asked about.',
    warned: (event) => event.message,
    failed: (event) => event.message,
  };

  function hush() {
    heard?.source.close();
    heard = null;
  }

  function hear(list, id) {
    hush();
    list.replaceChildren();
    const source = new EventSource(`/v1/jobs/${id}/events`);
    heard = { id, source };
    const told = ({ type, data }) => {
      const text = said[type](JSON.parse(data)).trim();
      find(`#lr-log-${id}`)?.append(element('li', {}, text));
    };
    for (const type of Object.keys(said)) source.addEventListener(type, told);
    source.addEventListener('end', hush);
  }

  rendered(() => {
    const list = heard && find(`#lr-log-${heard.id}`);
    if (list) list.closest('details').open = true; // it was open before the list was drawn anew
    else if (heard) hush();
  });

  document.addEventListener('toggle', (event) => {
    const list = event.target.querySelector?.('.lr-log');
    if (!list) return;
    if (event.target.open) hear(list, list.dataset.of);
    else if (heard?.id === list.dataset.of) hush();
  }, true);

  // Deleting: the video goes into the bin at once, and comes back from there

  async function restore(id) {
    if (await act('POST', `/videos/${id}/restore`)) longreel.toast('It is back.');
  }

  function offerUndo(id, title) {
    const button = element('button', { type: 'button', class: 'lr-small', 'aria-label': `Undo: keep ${title}` }, 'Undo');
    const line = element('div', { class: 'lr-toast', role: 'status' }, `${title} is deleted. `, button);
    const gone = window.setTimeout(() => line.remove(), UNDO_MS);
    button.onclick = () => {
      window.clearTimeout(gone);
      line.remove();
      restore(id);
    };
    find('#lr-toasts').append(line);
    button.focus();
  }

  actions.delete = async ({ dataset: { delete: id, title } }) => {
    if (!(await act('DELETE', `/videos/${id}`))) return;
    if (opened() === id) {
      address({ video: '', t: '', answer: '', thread: '', summary: '' });
      tell('open', {});
    }
    offerUndo(id, title);
  };
  actions.restore = ({ dataset }) => restore(dataset.restore);
  actions.purge = ({ dataset }) => act('DELETE', `/bin/${dataset.purge}`);

  // Title and tags

  actions.retitle = (button) => {
    const { retitle: id, title, tags } = button.dataset;
    const dialog = find('#lr-details');
    dialog.querySelector('[name=title]').value = title;
    dialog.querySelector('[name=tags]').value = tags;
    dialog.dataset.of = id;
    dialog.showModal();
  };

  document.addEventListener('submit', async (event) => {
    const dialog = find('#lr-details');
    if (!dialog?.contains(event.target)) return;
    event.preventDefault();
    const given = new FormData(event.target);
    const tags = given.get('tags').split(',').map((tag) => tag.trim()).filter(Boolean);
    dialog.close();
    await act('PATCH', `/videos/${dialog.dataset.of}`, { title: given.get('title'), tags });
  });
  actions.closedialog = (button) => button.closest('dialog').close();

  // Only the videos with a tag

  actions.tag = ({ dataset }) => {
    address({ tag: dataset.tag });
    chooseTag();
  };

  function chooseTag() {
    const tag = named('tag');
    const isKnown = !tag || all('#lr-grid [data-tag]').some((button) => button.dataset.tag === tag);
    for (const button of all('#lr-grid [data-tag]')) {
      const pressed = String(button.dataset.tag === (isKnown ? tag : ''));
      if (button.getAttribute('aria-pressed') !== pressed) button.setAttribute('aria-pressed', pressed);
    }
    for (const card of all('.lr-video')) {
      const out = Boolean(tag) && isKnown && !JSON.parse(card.dataset.tags).includes(tag);
      if (card.classList.contains('lr-out') !== out) card.classList.toggle('lr-out', out);
    }
  }

  rendered(chooseTag);
  rendered(() => find('#lr-find') && filter(find('#lr-find')));
})();
