"""The looks of the page: a calm dark one, in which only the image is bright."""

from __future__ import annotations

THEME = {
    "defaultTheme": "station",
    "themes": {
        "station": {
            "dark": True,
            "colors": {
                "background": "#14171b",
                "surface": "#1b1f25",
                "primary": "#6fa8dc",
                "success": "#7fb77e",
                "warning": "#d9b36a",
                "error": "#e08a80",
            },
        }
    },
}

STYLE = """
html { overflow: hidden; }
body { font-size: 13px; }
[hidden] { display: none !important; }
#work { display: grid; grid-template: 48px minmax(0, 1fr) 28px / 284px minmax(0, 1fr) 284px; height: 100vh;
  width: 100vw; background: #14171b; color: #d5dae0;
  grid-template-areas: 'top top top' 'left views right' 'status status status'; }
.top { grid-area: top; display: flex; align-items: center; gap: 8px; padding: 0 12px;
  border-bottom: 1px solid #2a3038; }
.left, .right { display: flex; flex-direction: column; min-height: 0; min-width: 0; background: #1b1f25; }
.left { grid-area: left; border-right: 1px solid #2a3038; }
.right { grid-area: right; border-left: 1px solid #2a3038; overflow-y: auto; }
.views { grid-area: views; display: flex; min-width: 0; min-height: 0; background: #000; position: relative; }
.status { grid-area: status; display: flex; align-items: center; gap: 12px; padding: 0 12px; font-size: 12px;
  border-top: 1px solid #2a3038; min-width: 0; }
.grow { flex: 1 1 auto; min-width: 0; }
.cut { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.faint { color: #98a2ad; }
.scroll { overflow-y: auto; min-height: 0; flex: 1 1 auto; }
.pad { padding: 8px 12px; display: flex; flex-direction: column; gap: 8px; }
.line { display: flex; align-items: center; gap: 8px; min-width: 0; }
.row { display: flex; align-items: center; gap: 8px; width: 100%; padding: 5px 12px; text-align: left; color: inherit;
  background: none; border: 0; border-left: 3px solid transparent; cursor: pointer; min-width: 0; font: inherit; }
.row:hover { background: #232933; }
.row.on { background: #263241; border-left-color: #6fa8dc; }
.row:focus-visible, .plain:focus-visible { outline: 2px solid #6fa8dc; outline-offset: -2px; }
.plain { background: none; border: 0; color: inherit; cursor: pointer; padding: 2px; display: inline-flex; }
.swatch { width: 12px; height: 12px; border-radius: 3px; flex: none; }
.head { font-size: 11px; letter-spacing: .06em; text-transform: uppercase; color: #98a2ad; padding: 10px 12px 4px; }
.part { border-top: 1px solid #2a3038; }
.segments { min-height: 92px; max-height: 30vh; overflow-y: auto; flex: none; }
.tools { display: grid; grid-template-columns: repeat(4, 1fr); gap: 4px; }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 6px; }
.three { display: grid; grid-template-columns: 1fr 1fr 1fr; gap: 6px; }
.v-label, .v-field, .v-field input, .v-select__selection-text { font-size: 13px !important; }
.segments .line { padding-right: 6px; }
.v-btn { text-transform: none; letter-spacing: 0; }
.two .v-btn, .three .v-btn, .tools .v-btn { min-width: 0; padding: 0 6px; }
.empty { padding: 24px 16px; text-align: center; color: #98a2ad; }
.is-error { color: #e08a80; } .is-warning { color: #d9b36a; } .is-good { color: #9fcf9d; } .is-info { color: #b9c2cc; }
table.diff { width: 100%; border-collapse: collapse; font-size: 12px; }
table.diff td, table.diff th { padding: 2px 4px; text-align: right; font-weight: normal; }
table.diff td:nth-child(2), table.diff th:nth-child(2) { text-align: left; }
#curtain, .loading { position: fixed; inset: 0; z-index: 3000; background: rgba(15, 18, 22, .94); display: flex;
  align-items: center; justify-content: center; color: #d5dae0; }
.card { max-width: 420px; padding: 24px; border-radius: 8px; background: #1f242b; border: 1px solid #323a44; }
.sheet { position: fixed; right: 24px; top: 64px; bottom: 40px; width: 380px; z-index: 2000; overflow-y: auto;
  padding: 12px 16px;   background: #1f242b; border: 1px solid #3a4450; border-radius: 8px; }
.sheet td { padding: 3px 8px 3px 0; }
kbd { background: #2b323b; border-radius: 4px; padding: 1px 6px; white-space: nowrap; }
.no-case { position: absolute; inset: 0; z-index: 5; background: #14171b; display: flex; align-items: center;
  justify-content: center; }
"""
