/** The page's own style: colours as variables, which the charts use too. */
export const STYLE: string = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --panel: #ffffff; --text: #1c2128; --muted: #596473; --line: #d8dde4; --accent: #0b5cad;
  --good: #00795a; --bad: #c43d00; --idle: #cfd6de; --on-bar: #ffffff; --warning: #fff3d6; --warning-line: #b87400;
  --series-1: #0072b2; --series-2: #d55e00; --series-3: #008a63; --series-4: #b0568c; --series-5: #c98a00;
  --series-6: #3f9bd6; --series-7: #5b6470;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161b; --panel: #1a2027; --text: #e6eaf0; --muted: #a3afbd; --line: #343d48; --accent: #7ab8f5;
    --good: #3ccf9f; --bad: #ff8a55; --idle: #46515d; --on-bar: #0d1116; --warning: #3a2c0d; --warning-line: #d89a2b;
    --series-1: #5ab0f0; --series-2: #ff8a4a; --series-3: #35c796; --series-4: #e59ac6; --series-5: #f0c24b;
    --series-6: #9ad0ff; --series-7: #b6c0cc;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", "DejaVu Sans", sans-serif;
}
header, main { max-width: 1040px; margin: 0 auto; padding: 0 16px; }
header { padding-top: 28px; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 4px; }
h2 { font-size: 1.25rem; margin: 0 0 10px; }
.subtitle { color: var(--muted); margin: 0 0 14px; overflow-wrap: anywhere; }
nav { display: flex; flex-wrap: wrap; gap: 4px 18px; }
a { color: var(--accent); }
section {
  background: var(--panel); border: 1px solid var(--line); border-radius: 10px; padding: 22px; margin: 18px 0;
}
p { margin: 0 0 12px; max-width: 78ch; overflow-wrap: anywhere; }
.points { margin: 0 0 14px; padding-left: 20px; max-width: 78ch; overflow-wrap: anywhere; }
.warning { background: var(--warning); border-left: 4px solid var(--warning-line); padding: 8px 12px; max-width: none; }
figure { margin: 22px 0; }
figcaption { font-weight: 600; margin-bottom: 4px; overflow-wrap: anywhere; }
.chart svg { display: block; width: 100%; height: auto; font-family: inherit; }
.chart svg text { font-family: inherit !important; }
.narrow { display: none; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 4px 0 6px; padding: 0; font-size: 0.86rem; color: var(--muted); }
.legend li { display: flex; align-items: center; gap: 6px; overflow-wrap: anywhere; min-width: 0; }
.legend svg { flex: none; }
.table { margin: 16px 0; }
.scroll { overflow-x: auto; }
h3, summary { font-size: 0.9rem; font-weight: 600; margin: 0 0 6px; overflow-wrap: anywhere; }
summary { cursor: pointer; }
table { border-collapse: collapse; font-size: 0.86rem; min-width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 5px 18px 5px 0; border-bottom: 1px solid var(--line); }
th { color: var(--muted); font-weight: 600; vertical-align: bottom; }
td { font-variant-numeric: tabular-nums; min-width: 8ch; }
td:first-child { min-width: 15ch; }
td.long { min-width: 26ch; max-width: 60ch; overflow-wrap: anywhere; }
.number:last-child { padding-right: 2px; }
.number { text-align: right; white-space: nowrap; }
th.number { white-space: normal; }
pre { overflow-x: auto; background: var(--page); border: 1px solid var(--line); border-radius: 6px; padding: 12px; font-size: 0.86rem; }
@media (max-width: 700px) {
  header, main { padding-left: 10px; padding-right: 10px; }
  section { padding: 16px 5px; border-radius: 8px; }
  section > :not(figure, .table) { margin-left: 8px; margin-right: 8px; }
  figcaption, .legend, .table { margin-left: 8px; margin-right: 8px; }
  .wide { display: none; }
  .narrow { display: block; }
}
@media print {
  :root { --page: #ffffff; }
  section { border: 0; padding: 0; break-inside: auto; }
  figure { break-inside: avoid; }
}
`;
