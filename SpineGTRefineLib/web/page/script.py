"""The little JavaScript of the page: who it is, its keys, and the curtain while somebody else has the seat."""

from __future__ import annotations

SCRIPT = """
(() => {
  if (window.trame.utils.station) return;  // a new arrangement of the views runs the script again
  const kept = sessionStorage.getItem('page');  // written when this tab is reloaded, so a copy of the tab has none
  const page = kept || crypto.getRandomValues(new Uint32Array(4)).join('-');
  sessionStorage.removeItem('page');
  const get = (name) => window.trame && window.trame.state && window.trame.state.get(name);
  const seated = () => get('holder') === page;
  const trigger = (name, args) => window.trame.trigger(name, [page, ...args]);
  const act = (name, ...args) => trigger('act', [name, ...args]);
  window.trame.utils.station = { act, takeOver: () => trigger('take_over', []) };

  const typing = (element) =>
    element && (element.isContentEditable || element.tagName === 'TEXTAREA' ||
      (element.tagName === 'INPUT' && !['checkbox', 'radio', 'range', 'button'].includes(element.type)));
  const sequence = (event) => {
    const key = event.key === 'Enter' ? 'Return' : event.key.length === 1 ? event.key.toUpperCase() : event.key;
    const code = event.altKey && /^Key[A-Z]$/.test(event.code) ? event.code.slice(3) : key;
    const shift = event.shiftKey && (event.ctrlKey || event.altKey || code.length > 1);
    const held = [[event.ctrlKey || event.metaKey, 'Ctrl+'], [event.altKey, 'Alt+'], [shift, 'Shift+']];
    return held.filter(([isHeld]) => isHeld).map(([, name]) => name).join('') + code;
  };
  window.addEventListener('keydown', (event) => {
    if (!seated()) return;
    const pressed = sequence(event);
    if (typing(event.target)) {
      if (event.key === 'Escape' || (event.key === 'Enter' && !event.ctrlKey)) { event.target.blur(); return; }
      if (!/^(Ctrl|Alt)\\+(Shift\\+)?(Return|[NPD])$/.test(pressed)) return;
    }
    const wanted = pressed === 'Ctrl+S' ? 'Alt+D' : pressed === 'Ctrl+Shift+Z' ? 'Ctrl+Y' : pressed;
    const key = (get('key_map') || []).find((each) => each.keys === wanted);
    if (!key) return;
    event.preventDefault();
    if (key.act === 'keys') window.trame.state.set('sheet', !get('sheet'));
    else if (key.act === 'note') document.querySelector('[data-testid=note] input').focus();
    else if (pressed === 'Escape' && get('sheet')) window.trame.state.set('sheet', false);
    else act(key.act);
  }, true);

  setInterval(() => {
    const holder = get('holder');
    if (holder === undefined) return;
    if (!holder) { trigger('sit', []); return; }
    const curtain = document.getElementById('curtain');
    if (!curtain) return;
    const away = holder !== page;
    if (curtain.hidden === away) {
      curtain.hidden = !away;
      document.getElementById('work').inert = away;
      if (away) document.getElementById('take-over').focus();
    }
  }, 250);
  window.addEventListener('pagehide', () => {
    sessionStorage.setItem('page', page);
    if (seated()) trigger('leave', []);
  });
  if (get('query')) history.replaceState(null, '', '?' + get('query'));  // trame takes it away; a reload needs it
})();
"""
