"""The style of the report's page."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root{color-scheme:light dark;--paper:#fff;--card:#f5f7fa;--ink:#1a202c;--soft:#556070;--line:#d5dbe3;
--one:#1f5fbf;--range:#9dbdf0;--mark:#b3470a;--leak:#b42318;--tint:31,95,191}
@media (prefers-color-scheme:dark){:root{--paper:#14181f;--card:#1c222c;--ink:#e7ebf1;--soft:#a3aebd;
--line:#353e4b;--one:#7fb0ff;--range:#35588f;--mark:#ffab70;--leak:#ff8a80;--tint:127,176,255}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:62rem;padding:1.5rem 1.25rem 3rem;background:var(--paper);color:var(--ink);
font:1rem/1.5 system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
h1{font-size:1.6rem;margin:0 0 .75rem;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:2.25rem 0 .75rem;padding-bottom:.3rem;border-bottom:1px solid var(--line)}
h3{font-size:1rem;margin:1.25rem 0 .5rem}
p{margin:.5rem 0;max-width:46rem}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(8.5rem,1fr));gap:.75rem 1.25rem;margin:0}
.facts dt{color:var(--soft);font-size:.85rem}
.facts dd{margin:0;font-weight:600;overflow-wrap:anywhere}
.headline{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem 1.75rem;background:var(--card);
border:1px solid var(--line);border-radius:.6rem;padding:1rem 1.25rem}
.headline p{flex:1 1 18rem;margin:0}
.score span{display:block;color:var(--soft);font-size:.9rem}
.score b{font-size:2.4rem;line-height:1.1;font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto;margin:.5rem 0}
.scroll:focus-visible,pre:focus-visible{outline:2px solid var(--one);outline-offset:2px}
table{border-collapse:collapse;font-size:.9rem;min-width:min(100%,30rem)}
th,td{text-align:left;padding:.35rem .9rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top}
thead th{color:var(--soft);font-weight:600;white-space:nowrap;vertical-align:bottom}
tbody th{font-weight:500;overflow-wrap:break-word;min-width:7rem;max-width:18rem}
td.number{font-variant-numeric:tabular-nums;white-space:nowrap}
.words{min-width:15rem}
.matrix td,.matrix th{padding:.45rem .8rem}
.matrix td{text-align:right}
.matrix thead th{white-space:normal;min-width:5.5rem;max-width:9rem;overflow-wrap:break-word;text-align:right}
small{color:var(--soft)}
td small{color:inherit;opacity:.85}
mark{background:rgba(var(--tint),.18);color:inherit;border-radius:.3rem;padding:0 .35rem;font-size:.8rem}
.warnings{padding:0;margin:0;list-style:none}
.warnings li{border-left:4px solid var(--mark);background:var(--card);padding:.5rem .9rem;margin:.4rem 0;
overflow-wrap:anywhere}
.warnings .leak{border-color:var(--leak)}
.warnings strong{display:inline-block;min-width:7rem;color:var(--mark)}
.warnings .leak strong{color:var(--leak)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:1.25rem}
figure{margin:0;max-width:29rem}
figcaption{font-size:.85rem;color:var(--soft);min-height:2.6rem}
figcaption strong{color:var(--ink)}
.chart{width:100%;height:auto;display:block}
.chart text{font-size:11.5px;fill:var(--soft)}
.chart .label{fill:var(--ink)}
.grid{stroke:var(--line);stroke-width:1}
.line{fill:none;stroke-width:2;stroke-linejoin:round}
.line.one{stroke:var(--one)}
.line.guide{stroke:var(--soft);stroke-dasharray:4 4;stroke-width:1.2}
circle.one,.dot,.bar{fill:var(--one)}
.range{fill:var(--range)}
.mark{stroke:var(--mark);stroke-width:2}
.small{width:10rem;height:auto;vertical-align:middle}
.spark{width:5.5rem;height:1.3rem;vertical-align:middle}
pre{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.8rem 1rem;margin:0;
white-space:pre-wrap;overflow-wrap:anywhere;font-size:.85rem}
footer{margin-top:2.5rem;color:var(--soft);font-size:.85rem}
.heat-1{background:rgba(var(--tint),.05)}.heat-2{background:rgba(var(--tint),.1)}
.heat-3{background:rgba(var(--tint),.15)}.heat-4{background:rgba(var(--tint),.2)}
.heat-5{background:rgba(var(--tint),.25)}.heat-6{background:rgba(var(--tint),.3)}
.heat-7{background:rgba(var(--tint),.34)}.heat-8{background:rgba(var(--tint),.38)}
.heat-9{background:rgba(var(--tint),.42)}
@media print{body{max-width:none;padding:0;font-size:10pt}.scroll{overflow:visible}
h2,h3{break-after:avoid}figure,tr,.headline,.warnings li{break-inside:avoid}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
:root{--paper:#fff;--card:#f5f7fa;--ink:#1a202c;--soft:#556070;--line:#d5dbe3;--one:#1f5fbf;--range:#9dbdf0;
--mark:#b3470a;--leak:#b42318;--tint:31,95,191}}
"""
