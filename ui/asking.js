// Asking: the question form, where to look, and what a person says of an answer.
(() => {
  const { find, all, tell, opened, named, address, goTo, rendered, call, actions } = longreel;
  let number = 0; // of the last question
  let sent = 0; // the question that the server has not taken up yet
  let chosen = { scope: '', videos: new Set() };
  let filled = false;

  const busy = () => Boolean(sent || find('#lr-answer [aria-busy]'));

  function complain(text) {
    const line = find('#lr-ask-problem');
    line.textContent = text;
    line.hidden = !text;
  }

  function ask(question) {
    if (!find('[name=scope]')) {
      complain('The page is still being filled; then the question is sent.'); // what fills it would cover the answer
      return window.setTimeout(() => ask(question), 200);
    }
    const scope = find('[name=scope]:checked')?.value || 'all';
    const some = all('[name=video]:checked').map((box) => box.value);
    if (busy()) return complain('A question is being answered. Wait for it, or press Stop.');
    if (scope === 'some' && !some.length) return complain('Tick at least one video, or ask about all.');
    const wish = wished();
    if (wish.fault) {
      find('#lr-wishes').open = true;
      return complain(wish.fault);
    }
    complain('');
    sent = ++number;
    address({ q: question.trim(), answer: '' });
    goTo('ask', false);
    const videos = { this: [opened()], some, all: [] }[scope];
    const thread = wish.alone ? '' : named('thread');
    tell('ask', { question, number, options: find('#lr-choices').value, videos, thread, ...wish });
    follow();
    return null;
  }

  function follow() {
    for (const button of all('#lr-question .lr-main')) if (button.disabled !== busy()) button.disabled = busy();
    for (const button of all('[data-stop]')) if (button.disabled === busy()) button.disabled = !busy();
  }

  document.addEventListener('submit', (event) => {
    if (event.target.id !== 'lr-question') return;
    event.preventDefault();
    ask(find('#lr-ask').value);
  });
  document.addEventListener('keydown', (event) => {
    if (event.target.id !== 'lr-ask' || event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    ask(event.target.value);
  });

  actions.ask = (element) => {
    find('#lr-ask').value = element.dataset.ask;
    ask(element.dataset.ask);
  };
  actions.stop = () => {
    sent = 0;
    tell('stop');
  };
  actions.show = (element) => {
    find('#lr-ask').value = element.dataset.question;
    address({ q: element.dataset.question });
    tell('show', { answer: element.dataset.show, thread: named('thread') });
  };

  // Options: what a person wants of every question, kept in this browser

  const WISHES = 'longreel-wishes';
  const SOURCES = ['speech', 'screen_text', 'visual'];
  const wishes = () => all('#lr-wishes input');
  const isUsual = (input) => (input.type === 'checkbox' ? input.checked === input.defaultChecked : !input.value.trim());

  function wished() {
    const form = find('#lr-question');
    const [from, to] = [form.from, form.to].map((input) => (input.value.trim() ? longreel.secondsOf(input.value) : null));
    const sources = SOURCES.filter((name) => form[name].checked);
    let fault = '';
    if (!sources.length) fault = 'Options: answer from at least one of what is said, written and shown.';
    if (!form.from.checkValidity() || !form.to.checkValidity()) fault = 'Options: write times as 12:30 or 1:02:30.';
    else if (to !== null && to <= (from ?? 0)) fault = 'Options: the end must come after the start.';
    if (!form.steps.checkValidity()) fault = 'Options: write 1 to 64 steps.';
    if (!form.seconds.checkValidity()) fault = 'Options: write whole seconds, at least 1.';
    const [steps, limit] = [form.steps, form.seconds].map((input) => (input.value ? Number(input.value) : null));
    const wanted = sources.length < SOURCES.length ? sources : [];
    return { fault, from, to, steps, seconds: limit, alone: form.alone.checked, sources: wanted };
  }

  function countWishes() {
    const count = wishes().filter((input) => !isUsual(input)).length;
    const text = count ? `(${count} changed)` : '';
    if (find('#lr-wished').textContent !== text) find('#lr-wished').textContent = text;
  }

  function keepWishes() {
    const kept = wishes().filter((input) => !isUsual(input)).map((input) => [input.name, input.value]);
    localStorage.setItem(WISHES, JSON.stringify(Object.fromEntries(kept)));
    countWishes();
  }

  function recallWishes() {
    let kept = {};
    try {
      kept = JSON.parse(localStorage.getItem(WISHES)) || {};
    } catch {
      localStorage.removeItem(WISHES);
    }
    for (const input of wishes()) {
      if (input.type === 'checkbox') input.checked = input.defaultChecked !== (input.name in kept);
      else input.value = kept[input.name] || '';
    }
    countWishes();
  }

  actions.unwish = () => {
    localStorage.removeItem(WISHES);
    recallWishes();
    complain('');
  };
  document.addEventListener('input', (event) => {
    if (event.target.closest('#lr-wishes')) keepWishes();
  });

  // Conversations

  function talk(thread) {
    if (busy()) return complain('A question is being answered. Wait for it, or press Stop.');
    complain('');
    address({ thread, answer: '', q: '' });
    find('#lr-ask').value = '';
    find('#lr-ask').focus();
    tell('thread', { thread });
    return null;
  }

  actions.fresh = () => talk('');
  actions.thread = ({ dataset }) => talk(dataset.thread);
  actions.forget = async ({ dataset }) => {
    try {
      await call('DELETE', `/threads/${dataset.forget}`);
      tell('threads', { thread: named('thread') });
    } catch (error) {
      complain(error.message);
    }
  };

  // Where to look: what was ticked outlives a new list of videos

  document.addEventListener('change', (event) => {
    if (event.target.name === 'scope') chosen.scope = event.target.value;
    if (event.target.name === 'video') chosen.videos[event.target.checked ? 'add' : 'delete'](event.target.value);
    scope();
  });

  function scope() {
    const radio = find(`[name=scope][value="${chosen.scope}"]`);
    if (radio && !radio.disabled && !radio.checked) radio.checked = true;
    for (const box of all('[name=video]')) if (chosen.videos.has(box.value)) box.checked = true;
    const list = find('.lr-some');
    if (list) list.hidden = find('[name=scope]:checked')?.value !== 'some';
  }

  let seen = ''; // the answer that the address names already
  rendered(() => {
    scope();
    if (find('#lr-answer [data-asked]')?.dataset.asked === String(sent)) sent = 0;
    follow();
    const section = find('#lr-answer section');
    const { answer = '', thread = '' } = section?.dataset || {};
    if (seen !== answer + thread) {
      seen = answer + thread;
      if (answer) address({ answer, ...(thread && { thread }) });
    }
    for (const line of all('.lr-conversation [data-show]')) {
      const now = line.dataset.show === answer;
      if (now && !line.hasAttribute('aria-current')) line.setAttribute('aria-current', 'true');
      else if (!now) line.removeAttribute('aria-current');
    }
    if (!filled && find('#lr-ask')) {
      filled = true;
      recallWishes();
      find('#lr-ask').value = named('q') || section?.querySelector('h2')?.textContent || '';
    }
  });

  // Ratings

  async function rate(box, verdict, note) {
    const said = box.querySelector('[role=status]');
    try {
      await call('PUT', `/answers/${box.dataset.of}/rating`, { verdict, note });
      for (const button of box.querySelectorAll('[data-rate]')) {
        button.setAttribute('aria-pressed', button.dataset.rate === verdict);
      }
      box.querySelector('form').hidden = verdict === 'right' || Boolean(note);
      said.textContent = 'Thank you. It is kept for evaluation.';
    } catch (error) {
      said.textContent = error.message;
    }
  }

  actions.rate = (element) => rate(element.closest('.lr-rate'), element.dataset.rate, '');
  document.addEventListener('submit', (event) => {
    const box = event.target.closest('.lr-rate');
    if (!box) return;
    event.preventDefault();
    rate(box, box.querySelector('[aria-pressed=true]').dataset.rate, box.querySelector('input').value);
  });
})();
