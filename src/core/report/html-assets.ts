/** The report's only style sheet. Colours follow the reader's scheme; printing leaves the controls out. */
export const STYLE = `
:root{color-scheme:light dark;--fg:#1f2328;--dim:#59636e;--bg:#fff;--line:#d1d9e0;--soft:#f6f8fa;--pass:#1a7f37;--fail:#cf222e;--warn:#9a6700;--bar:#8c959f}
@media (prefers-color-scheme:dark){:root{--fg:#d1d7e0;--dim:#9198a1;--bg:#15181c;--line:#3d444d;--soft:#1f242a;--pass:#3fb950;--fail:#f85149;--warn:#d29922;--bar:#656c76}}
*{box-sizing:border-box}
body{margin:0;padding:16px 24px 48px;color:var(--fg);background:var(--bg);font:13px/20px system-ui,-apple-system,"Segoe UI",sans-serif}
h1{font-size:18px;line-height:26px;margin:0 0 4px}h2{font-size:15px;line-height:22px;margin:24px 0 2px}
p{margin:0}.dim{color:var(--dim)}
.mono,pre,td.n{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:12px}
table{border-collapse:collapse;margin:8px 0}
th,td{text-align:left;padding:2px 16px 2px 0;font-weight:400;white-space:nowrap;vertical-align:top}
thead th{color:var(--dim)}th.n,td.n{text-align:right;font-variant-numeric:tabular-nums}
.track{stroke:var(--line);fill:none}.bar{fill:var(--bar)}.whisker{stroke:var(--fg);fill:none}
svg{vertical-align:-2px;margin-right:8px}
.find{position:sticky;top:0;z-index:1;display:flex;flex-wrap:wrap;gap:12px;align-items:center;padding:8px 0;background:var(--bg);border-bottom:1px solid var(--line)}
.find input[type=search]{flex:1 1 220px;max-width:420px;font:inherit;padding:3px 8px;color:inherit;background:var(--soft);border:1px solid var(--line)}
.find label{white-space:nowrap}
.cell{border-bottom:1px solid var(--line);content-visibility:auto;contain-intrinsic-size:auto 27px}
.cell[hidden]{display:none}
.cell>summary{display:grid;grid-template-columns:18px minmax(120px,1.1fr) minmax(90px,.8fr) minmax(120px,2fr) 44px 72px;gap:12px;padding:3px 0;cursor:pointer;list-style:none}
.cell>summary::-webkit-details-marker{display:none}
.cell>summary>span{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.cell>summary:hover{background:var(--soft)}
.cell>summary:focus-visible,.find :focus-visible{outline:2px solid var(--fg);outline-offset:-2px}
.cell>summary>span:nth-last-child(-n+2){text-align:right}
.pass>summary>span:first-child{color:var(--pass)}.fail>summary>span:first-child,.no{color:var(--fail)}.error>summary>span:first-child,.error .why{color:var(--warn)}.yes{color:var(--pass)}
.body{padding:4px 0 16px 30px}
.body h3{font-size:12px;line-height:20px;margin:8px 0 0;color:var(--dim);font-weight:400}
.body pre{margin:2px 0;padding:8px;background:var(--soft);white-space:pre-wrap;overflow-wrap:anywhere}
.body td{white-space:normal;overflow-wrap:anywhere}
@media (max-width:700px){body{padding:12px}.cell>summary{grid-template-columns:18px 1fr 1fr 60px}.cell>summary>span:nth-child(3),.cell>summary>span:nth-child(5){display:none}}
@media print{:root{color-scheme:light}.find{display:none}.cell{content-visibility:visible;break-inside:avoid}body{padding:0}}
`;

/** Filters the rows that are there; without it the report is complete, only not filtered. */
export const SCRIPT = `
'use strict';
(() => {
  const find = document.querySelector('.find');
  const text = find.querySelector('input[type=search]');
  const count = find.querySelector('output');
  const cells = [...document.querySelectorAll('.cell')];
  const words = new Map();
  const textOf = (cell) => {
    let known = words.get(cell);
    if (known === undefined) words.set(cell, (known = cell.textContent.toLowerCase()));
    return known;
  };
  const apply = () => {
    const wanted = find.querySelector('input[name=show]:checked').value;
    const sought = text.value.trim().toLowerCase();
    let shown = 0;
    for (const cell of cells) {
      const keep = (wanted === 'all' || cell.classList.contains(wanted)) && (sought === '' || textOf(cell).includes(sought));
      cell.hidden = !keep;
      if (keep) shown++;
    }
    count.textContent = shown === cells.length ? '' : shown.toLocaleString('en-US') + ' of ' + cells.length.toLocaleString('en-US') + ' cells';
  };
  let timer;
  text.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(apply, 120); });
  find.addEventListener('change', apply);
  document.addEventListener('keydown', (event) => {
    if (event.key === '/' && event.target !== text) { event.preventDefault(); text.focus(); }
  });
  find.hidden = false;
})();
`;
