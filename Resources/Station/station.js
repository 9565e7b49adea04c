/* The little JavaScript of the station: who this page is, its keys, its dialogs, and what it does while it waits. */
(() => {
  if (window.trame.utils.station) return;  // a new arrangement of the views runs the script again

  // Who we are: a copy of this tab is somebody else, a reload is not ------------------------------------------------
  const page = sessionStorage.getItem('page') || crypto.getRandomValues(new Uint32Array(4)).join('-');
  sessionStorage.removeItem('page');  // written when this tab is left, so a copy of it has none
  const get = (name) => window.trame.state && window.trame.state.get(name);
  const set = (name, value) => window.trame.state.set(name, value);
  const seated = () => get('holder') === page;
  const trigger = (name, args) => window.trame.trigger(name, [page, ...args]);
  let sits = false;  // the seat is our connection's; a page that was reloaded has to ask for it again
  const sit = async () => { sits = await trigger('sit', []); };

  // Acts ------------------------------------------------------------------------------------------------------------
  const SLOW = /(Case|ToDo|AndNext)$|^(open|again|insist|exclude|giveUp|takeOverMask|surfaces|compare|adopt\w+)$/;
  const VERDICT = /AndNext$|^(insist|exclude)$/;
  let judged = false;  // and the next mask has not been seen yet: a second verdict is not meant for it
  const wait = async (name, answer) => {
    if (!SLOW.test(name)) return answer;
    document.body.classList.add('waiting');
    try { return await answer; } finally { document.body.classList.remove('waiting'); }
  };
  // What was typed and chosen belongs to the mask of this act: trame would hold it back until all answers are there
  const tell = async () => {
    const field = document.activeElement;
    if (writes(field)) field.dispatchEvent(new Event('change'));
    await new Promise((done) => setTimeout(done));  // the page takes it over
    const { state, client } = window.trame;
    const told = [...state.dirtyKeys].map((key) => ({ key, value: state.get(key) }));
    state.dirtyKeys.clear();
    if (told.length) client.getRemote().Trame.updateState(told);
  };
  const answered = async (name, args) => { await tell(); return trigger('act', [name, ...args]); };
  const judge = async (name, args) => {
    judged = true;
    try { return await answered(name, args); } finally { judged = false; }
  };
  const act = (name, ...args) => {
    if (VERDICT.test(name)) return judged ? undefined : wait(name, judge(name, args));
    return wait(name, answered(name, args));
  };
  window.trame.utils.station = { act, takeOver: () => trigger('take_over', []) };

  // Keys ------------------------------------------------------------------------------------------------------------
  const NAMES = { Enter: 'Return', ArrowLeft: 'Left', ArrowRight: 'Right' };
  const writes = (element) => element.matches('input[type=text], input[type=search], textarea');
  const hasArrows = (element) => element.matches('select, input[type=range], [role=tab]');
  const sequence = (event) => {
    const key = NAMES[event.key] || (event.key.length === 1 ? event.key.toUpperCase() : event.key);
    const code = event.altKey && /^Key[A-Z]$/.test(event.code) ? event.code.slice(3) : key;
    const shift = event.shiftKey && (event.ctrlKey || event.altKey || code.length > 1 || /[A-Z]/.test(code));
    const held = [[event.ctrlKey || event.metaKey, 'Ctrl+'], [event.altKey, 'Alt+'], [shift, 'Shift+']];
    return held.filter(([isHeld]) => isHeld).map(([, name]) => name).join('') + code;
  };
  const modal = () => [...document.querySelectorAll('.modal')].filter((each) => !each.hidden).pop();
  const closeModal = () => { set('sheet', false); set('learn', false); set('asking', null); set('objections', []); };
  const ignores = (element, pressed) => {
    const chord = /^(Ctrl|Alt)\+/.test(pressed);
    if (writes(element)) return !/^(Ctrl|Alt)\+(Shift\+)?(Return|[NPD])$/.test(pressed);
    return hasArrows(element) && !chord && (element.matches('select') || /^(Left|Right)$/.test(pressed));
  };
  const run = (name) => {
    if (name === 'keys') set('sheet', !get('sheet'));
    else if (name === 'note') document.querySelector('[data-testid=note]').focus();
    else act(name);
  };
  window.addEventListener('keydown', (event) => {
    if (!seated()) return;
    const pressed = sequence(event);
    if (modal()) {
      if (pressed === 'Escape' || (pressed === '?' && get('sheet'))) closeModal();
      return;
    }
    if (writes(event.target) && /^(Escape|Return)$/.test(pressed)) { event.target.blur(); return; }
    if (walks(event) || ignores(event.target, pressed)) return;
    const wanted = { 'Ctrl+S': 'Alt+D', 'Ctrl+Shift+Z': 'Ctrl+Y' }[pressed] || pressed;
    const key = (get('key_map') || []).find((each) => each.keys === wanted);
    if (!key) return;
    event.preventDefault();
    event.stopPropagation();
    if (key.repeats || !event.repeat) run(key.act);
  }, true);

  // Lists and tabs: one stop for Tab, arrows inside -----------------------------------------------------------------
  const STEPS = { ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1 };
  const stepFrom = (all, here, by) => all[Math.min(Math.max(all.indexOf(here) + by, 0), all.length - 1)];
  const walks = (event) => {
    const by = STEPS[event.key], tabs = event.target.closest('[role=tablist]');
    const list = /Up|Down/.test(event.key) && event.target.closest('[data-list]');
    if (!by || !(tabs || list)) return false;
    event.preventDefault();
    if (tabs) { const next = stepFrom([...tabs.children], event.target, by); next.click(); next.focus(); }
    else {
      const rows = [...list.querySelectorAll('[data-row]')];
      const next = stepFrom(rows, event.target.closest('[data-row]'), by);
      tabStops(list, next);
      (next.matches('button') ? next : next.querySelector('button')).focus();
    }
    return true;
  };
  const tabStops = (list, stop) => {
    for (const row of list.querySelectorAll('[data-row]'))
      for (const button of row.matches('button') ? [row] : row.querySelectorAll('button')) {
        const index = row === stop ? 0 : -1;
        if (button.tabIndex !== index) button.tabIndex = index;
      }
  };
  const brought = new WeakMap();  // which row was brought into sight in a list of which height
  const follow = (list) => {
    const chosen = list.querySelector('[data-row].on');
    if (!list.contains(document.activeElement)) tabStops(list, chosen || list.querySelector('[data-row]'));
    const now = chosen ? `${chosen.innerText} ${list.clientHeight}` : '';
    if (now && brought.get(list) !== now) chosen.scrollIntoView({ block: 'nearest' });
    brought.set(list, now);
  };

  // Dialogs: the page behind them cannot be reached; focus goes in and comes back ------------------------------------
  let before = null;
  const guard = () => {
    const top = modal(), work = document.getElementById('work');
    if (!work || work.inert === Boolean(top)) return;
    if (top) before = document.activeElement;
    work.inert = Boolean(top);
    const target = top ? top.querySelector('button') : before;
    if (target && target.isConnected) target.focus();
  };
  let isLost = false;
  window.trame.client.onConnectionClose(() => {  // trame takes the page away, so this stands outside of it
    isLost = true;
    const style = [...document.querySelectorAll('style')].find((each) => each.textContent.includes('#work'));
    const farewell = document.getElementById('lost').cloneNode(true);
    farewell.hidden = false;
    document.body.append(style.cloneNode(true), farewell);
  });
  const look = () => {
    const curtain = document.getElementById('curtain');
    if (!curtain || isLost) return;
    curtain.hidden = !get('holder') || seated();
    if (get('holder') === '' || (seated() && !sits)) sit();
    guard();
    document.querySelectorAll('[data-list]').forEach(follow);
  };
  setInterval(look, 200);

  window.addEventListener('pagehide', () => sessionStorage.setItem('page', page));
  if (get('query')) history.replaceState(null, '', '?' + get('query'));  // trame takes it away; a reload needs it
})();
