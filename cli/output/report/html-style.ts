/** The style of the HTML report: readable on light and dark, on paper, and on a small screen. */

import { WHY_STYLE } from './why-style.ts';

const fills = Array.from(
  { length: 11 },
  (_, i) => `.f${i}{background:color-mix(in srgb,var(--accent) ${i * 6}%,transparent)}`,
).join('');

export const STYLE = `
:root{color-scheme:light dark;--bg:#fbfbfa;--fg:#1d2024;--quiet:#5d646c;--edge:#d9dcdf;--panel:#fff;--accent:#0b6e99;
--pass:#1a7f37;--fail:#c62828;--stop:#8a5a00;--c1:#0b6e99;--c2:#9a5b00;--c3:#8e3b8e}
@media (prefers-color-scheme:dark){:root{--bg:#14171a;--fg:#e4e7ea;--quiet:#98a1aa;--edge:#343a40;--panel:#1b1f23;--accent:#5cc2ec;
--pass:#4cc46a;--fail:#ff7b72;--stop:#e3b341;--c1:#5cc2ec;--c2:#e3b341;--c3:#d48bd4}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif}
header,main,footer{max-width:1100px;margin:0 auto;padding:0 20px}
header{padding-top:28px}
li,p{overflow-wrap:anywhere}ul{padding-left:1.2rem}
h1{font-size:1.6rem;margin:.3rem 0;overflow-wrap:anywhere}h2{font-size:1.15rem;margin:0 0 .5rem}h3{font-size:1rem;margin:1.1rem 0 .3rem}
section{background:var(--panel);border:1px solid var(--edge);border-radius:8px;padding:16px 18px;margin:16px 0}
.quiet,figcaption,footer{color:var(--quiet)}footer{padding:8px 20px 30px;font-size:.85rem}
.verdict{display:inline-block;margin:0;padding:.1rem .7rem;border-radius:6px;font-weight:700;letter-spacing:.05em;border:2px solid}
.PASS{color:var(--pass)}.FAIL{color:var(--fail)}.STOPPED,.LOST,.ADAPTER-ERROR,.NO-VERDICT{color:var(--stop)}
.story{border-left:5px solid var(--fail)}.story.loss{border-left-color:var(--stop)}.words{white-space:pre-line;overflow-wrap:anywhere}.story a{color:inherit}.message{font-size:1.1rem;font-weight:600;overflow-wrap:anywhere}
pre,code,table,svg text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--bg);border:1px solid var(--edge);border-radius:6px;padding:8px 10px;margin:.3rem 0;font-size:.85rem;max-height:60vh;overflow:auto}
code{font-size:.85rem;overflow-wrap:anywhere;user-select:all}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:0 18px}.columns>*{min-width:0}
.commands{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1rem;margin:0}.commands dt{color:var(--quiet)}.commands dd{margin:0;min-width:0}
table{border-collapse:collapse;font-size:.85rem}th{text-align:left;font-weight:500;color:var(--quiet);padding:1px 14px 1px 0;vertical-align:top}
td{padding:1px 14px 1px 0;vertical-align:top;overflow-wrap:anywhere}.number{text-align:right}
.wide{overflow-x:auto}.events td{white-space:nowrap}
tr.fault td,tr.refused td{color:var(--stop)}tr.violation td,tr.broke td{color:var(--fail);font-weight:700}tr.unknown td{color:var(--c3)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(400px,100%),1fr));gap:12px 24px}
figure{margin:0}svg{width:100%;height:auto;display:block}.wide svg{min-width:760px}
svg text{fill:var(--quiet);font-size:11px}.row text{fill:var(--fg)}.end{text-anchor:end}.mid{text-anchor:middle}
.grid{stroke:var(--edge)}.fault{stroke:var(--stop)}.broke{stroke:var(--fail);stroke-width:1.5;stroke-dasharray:4 3}
.line{fill:none;stroke-width:1.8;stroke-linejoin:round}.line.c1{stroke:var(--c1)}.line.c2{stroke:var(--c2)}.line.c3{stroke:var(--c3)}
.key{font-size:.85rem}.key.c1{color:var(--c1)}.key.c2{color:var(--c2)}.key.c3{color:var(--c3)}
.key.ok{color:var(--pass)}.key.refused{color:var(--stop)}.key.unknown{color:var(--c3)}.key.pending{color:var(--quiet)}
.bar{fill:var(--quiet)}.bar.ok{fill:var(--pass)}.bar.refused{fill:var(--stop)}.bar.unknown{fill:var(--c3)}.bar.pending{fill:var(--quiet)}
.carries text{font-weight:600}.broken text{fill:var(--fail);font-weight:700}.broken .bar{stroke:var(--fail);stroke-width:2}
.slots{display:grid;grid-template-columns:repeat(auto-fill,minmax(130px,1fr));gap:6px;font-size:.85rem}
.slot{border:1px solid var(--edge);border-radius:6px;padding:4px 8px;overflow-wrap:anywhere}.slot.over{border:2px solid var(--fail);color:var(--fail)}
${fills}
.wrong{color:var(--fail);font-weight:700}
.booked{fill:var(--panel);stroke:var(--accent)}.booked.doubt{stroke:var(--c3);stroke-dasharray:3 2}.booked.over{stroke:var(--fail);stroke-width:2}
.seats{display:grid;grid-template-columns:repeat(auto-fill,minmax(96px,1fr));gap:4px;padding:0;list-style:none;font-size:.85rem}
.seat{border:1px solid var(--edge);border-radius:4px;padding:1px 6px;white-space:nowrap;overflow:hidden}
.seat.held{border:1px dashed var(--stop)}.seat.paid{border-color:var(--accent)}.seat.sold{border-color:var(--pass)}.seat.twice,.seat.beyond{border:2px solid var(--fail);color:var(--fail)}
${WHY_STYLE}
@media print{body{background:#fff;color:#000}section{break-inside:avoid}pre{max-height:none}}
`;

/** The hash by which the report's policy lets it in. Written down, since a browser has no SHA-256 for pages over plain HTTP. */
export const STYLE_SHA256 = 'O0c4TecO0ZZPcafq1wkvpD8kbtbg/Q2VSw7w5S4wYaQ=';
