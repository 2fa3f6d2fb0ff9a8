// Changing settings while the server runs.
import { find, emit, call, toast } from './page.js';

const form = () => find('#lr-change');
const valueOf = (field) => (field.type === 'checkbox' ? field.checked : field.value === '' ? null : Number(field.value));
const hasChanged = (field) => (field.type === 'checkbox' ? field.checked !== field.defaultChecked : field.value !== field.defaultValue);

document.addEventListener('submit', async (event) => {
  if (event.target !== form()) return;
  event.preventDefault();
  const changed = [...form().elements].filter((field) => field.name && hasChanged(field));
  const values = Object.fromEntries(changed.map((field) => [field.name, valueOf(field)]));
  const [save, problem] = ['.lr-main', '.lr-problem'].map((part) => form().querySelector(part));
  save.disabled = true;
  problem.hidden = true;
  try {
    await call('PATCH', '/settings', { values });
    toast('Saved. New questions, videos and uploads obey it.');
    emit('view', { view: 'status' });
  } catch (error) {
    const named = changed.find((field) => error.message.startsWith(`${field.name} `));
    problem.textContent = named ? error.message.replace(named.name, `“${named.labels[0].textContent.trim()}”`) : error.message;
    problem.hidden = false;
  }
  save.disabled = false;
});
