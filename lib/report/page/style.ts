import { createHash } from 'node:crypto';

/** All of the page's looks. The policy of its answer names it by its hash: no other style is applied, and no script is run. */
export const STYLE = `
:root{color-scheme:light dark;--ground:#f5f6f8;--card:#fff;--line:#e2e6eb;--text:#1c2430;--soft:#5d6878;--accent:#0b7f70;--accent-soft:#e3f5f2;--dots:#d5dae1;--edge:#a3adba;
--good:#05603a;--good-soft:#e3f6ea;--late:#8f4a00;--late-soft:#fff0db;--bad:#a91d14;--bad-soft:#fde7e5;--doubt:#5b34b5;--doubt-soft:#eee8fd;--quiet:#4a5463;--quiet-soft:#eceff3}
@media(prefers-color-scheme:dark){:root{--ground:#14171c;--card:#1d2128;--line:#2f3641;--text:#e8ebf0;--soft:#a2adbc;--accent:#3dd6c0;--accent-soft:#123a35;--dots:#2c323c;--edge:#5c6878;
--good:#7fdca8;--good-soft:#123524;--late:#ffbf6b;--late-soft:#3b2a10;--bad:#ff9d94;--bad-soft:#451b18;--doubt:#c3aaff;--doubt-soft:#2d2250;--quiet:#b6c0cd;--quiet-soft:#2a303a}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
a{color:var(--accent);text-decoration:none}a:hover{text-decoration:underline}
a:focus-visible,button:focus-visible,input:focus-visible,select:focus-visible,summary:focus-visible,.canvas:focus-visible,.scroll:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
header{background:var(--card);border-bottom:1px solid var(--line)}
.bar,main,footer{max-width:1240px;margin:0 auto;padding:0 24px}
.bar{display:flex;flex-wrap:wrap;align-items:center;gap:12px 20px;padding-top:12px;padding-bottom:12px}
.brand{display:flex;align-items:center;gap:9px;font-weight:650;color:var(--text);margin-right:auto}.brand:hover{text-decoration:none}
.brand svg{color:var(--accent)}
form{display:flex;gap:6px;min-width:0}
input,select,button{font:inherit;color:inherit;height:36px;border:1px solid var(--line);border-radius:8px;background:var(--ground);padding:0 10px;min-width:0}
input{width:250px}button{background:var(--accent);border-color:var(--accent);color:#fff;font-weight:600;padding:0 14px;cursor:pointer}
@media(prefers-color-scheme:dark){button{color:#08221e}}
main{padding-top:24px;padding-bottom:24px}
h1{font-size:24px;line-height:1.25;margin:0;font-weight:680;letter-spacing:-.01em;overflow-wrap:anywhere}h2{font-size:17px;margin:28px 0 10px;font-weight:650;overflow-wrap:anywhere}
.title{display:flex;flex-wrap:wrap;align-items:center;gap:8px 12px;margin-bottom:4px}.title:has(+.notice),.title:has(+.card){margin-bottom:14px}
.under{color:var(--soft);margin:0 0 18px;overflow-wrap:anywhere}.crumb{margin:0 0 8px;font-size:14px}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px}
.notice{border-radius:12px;padding:14px 18px;margin:0 0 18px;border:1px solid transparent}
.notice p{margin:2px 0 0}.notice strong{font-weight:650}.notice ul{margin:6px 0 0;padding-left:20px}.notice li{margin:3px 0;overflow-wrap:anywhere}
.notice.good{background:var(--good-soft);color:var(--good)}.notice.late{background:var(--late-soft);color:var(--late)}.notice.bad{background:var(--bad-soft);color:var(--bad)}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:0 0 20px;padding:0}
.figures div{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:12px 16px}
.figures dt{color:var(--soft);font-size:13.5px}.figures dd{margin:2px 0 0;font-size:23px;font-weight:650;font-variant-numeric:tabular-nums;line-height:1.25}
.figures dd.late{color:var(--late)}.figures dd.bad{color:var(--bad)}.figures dd.doubt{color:var(--doubt)}.figures dd small{font-size:13px;font-weight:400;color:var(--soft);display:block}
table{border-collapse:collapse;width:100%}
th{font-size:13px;font-weight:600;color:var(--soft);text-align:left;padding:11px 14px;border-bottom:1px solid var(--line);white-space:nowrap}
td{padding:12px 14px;border-bottom:1px solid var(--line);vertical-align:top}tbody tr:last-child td{border-bottom:0}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}td.none{color:var(--soft)}
td.late{color:var(--late);font-weight:650}td.bad{color:var(--bad);font-weight:650}td.doubt{color:var(--doubt);font-weight:650}
td .name{font-weight:600;overflow-wrap:anywhere}td small{display:block;color:var(--soft);font-size:13px;overflow-wrap:anywhere}
.pill{display:inline-block;border-radius:999px;padding:2px 10px;font-size:13px;font-weight:600;background:var(--quiet-soft);color:var(--quiet);white-space:nowrap}
.pill.live{background:var(--good-soft);color:var(--good)}.pill.paused{background:var(--late-soft);color:var(--late)}.pill.scheduled{background:var(--accent-soft);color:var(--accent)}
.scroll{overflow-x:auto}
.canvas{overflow:auto;background-color:var(--card);background-image:radial-gradient(var(--dots) 1px,transparent 1px);background-size:16px 16px;border:1px solid var(--line);border-radius:12px;text-align:center}
.canvas svg{display:inline-block;vertical-align:top}
.edge{fill:none;stroke:var(--edge);stroke-width:2}.edge.part{stroke-dasharray:5 5}
.box{fill:var(--card);stroke:var(--edge);stroke-width:2}.step .box,.own .box{stroke:var(--accent)}.busy .box{fill:var(--accent-soft)}
.icon{fill:none;stroke:var(--soft);stroke-width:1.75;stroke-linecap:round;stroke-linejoin:round}.step .icon,.own .icon{stroke:var(--accent)}
.off{opacity:.45}.off .box{stroke-dasharray:6 4}.dot{fill:var(--edge)}
svg text{font-family:inherit;fill:var(--text);text-anchor:middle}
text.name{font-size:18px;font-weight:550}text.inside{font-size:25px;font-weight:700;font-variant-numeric:tabular-nums}text.unit{font-size:15px;fill:var(--soft)}
text.name,text.output{paint-order:stroke;stroke:var(--card);stroke-width:5px;stroke-linejoin:round}
text.output{font-size:15px;fill:var(--soft);text-anchor:start}
rect.badge{stroke-width:1.5}text.badge{font-size:16px;font-weight:700}
rect.overdue{fill:var(--late-soft);stroke:var(--late)}text.overdue{fill:var(--late)}rect.failed{fill:var(--bad-soft);stroke:var(--bad)}text.failed{fill:var(--bad)}
rect.unknown{fill:var(--doubt-soft);stroke:var(--doubt)}text.unknown{fill:var(--doubt)}rect.outside{fill:var(--quiet-soft);stroke:var(--quiet)}text.outside{fill:var(--quiet)}
.legend{display:flex;flex-wrap:wrap;gap:6px 18px;color:var(--soft);font-size:13.5px;margin:10px 2px 0;padding:0;list-style:none}
.legend i{display:inline-block;width:22px;height:13px;border-radius:7px;margin-right:6px;vertical-align:-2px}
.legend .overdue{background:var(--late-soft);border:1px solid var(--late)}.legend .failed{background:var(--bad-soft);border:1px solid var(--bad)}
.legend .unknown{background:var(--doubt-soft);border:1px solid var(--doubt)}.legend .outside{background:var(--quiet-soft);border:1px solid var(--quiet)}
.story{list-style:none;margin:0;padding:6px 0}.story li{padding:9px 18px 9px 40px;position:relative;overflow-wrap:anywhere}
.story li::before{content:"";position:absolute;left:18px;top:17px;width:9px;height:9px;border-radius:50%;background:var(--edge)}
.story li::after{content:"";position:absolute;left:22px;top:30px;bottom:-14px;width:1px;background:var(--line)}.story li:last-child::after{display:none}
.story li.now::before{background:var(--accent);box-shadow:0 0 0 4px var(--accent-soft)}.story li.now{font-weight:600}
.story li.bad::before{background:var(--bad)}.story li.good::before{background:var(--good)}.story time{display:block;color:var(--soft);font-size:13px;font-weight:400;font-variant-numeric:tabular-nums}
.pages{display:flex;justify-content:space-between;gap:12px;padding:0 18px 14px}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:6px 20px;margin:0;padding:14px 18px}.facts dt{color:var(--soft)}.facts dd{margin:0;overflow-wrap:anywhere}
.tag{display:inline-block;background:var(--quiet-soft);color:var(--quiet);border-radius:6px;padding:0 8px;margin:0 6px 4px 0;font-size:13.5px}
details{padding:0 18px 14px}summary{cursor:pointer;color:var(--soft)}pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:13px;margin:8px 0 0}
.nothing{color:var(--soft);padding:22px 18px;margin:0}
footer{color:var(--soft);font-size:13px;padding-bottom:32px;display:flex;flex-wrap:wrap;gap:4px 16px}
.alone{max-width:560px;margin:12vh auto 0;padding:0 24px}.alone .card{padding:28px 32px}.alone h1{margin-bottom:12px}.alone p{margin:0 0 10px}
@media(max-width:700px){.bar,main,footer{padding-left:16px;padding-right:16px}form{width:100%}input{flex:1;width:auto}select{max-width:112px}h1{font-size:21px}
.figures{grid-template-columns:1fr 1fr;gap:8px}.figures div{padding:10px 12px}.figures dd{font-size:20px}
.stack thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}.stack tr{display:grid;grid-template-columns:1fr 1fr 1fr;gap:8px 12px;padding:14px 16px;border-bottom:1px solid var(--line)}
.stack tbody tr:last-child{border-bottom:0}.stack td{border:0;padding:0;text-align:left}.stack td.first{grid-column:1/-1}.short td.none{display:none}.stack td[data-name]::before{content:attr(data-name);display:block;color:var(--soft);font-size:12.5px;font-weight:400}
.facts{grid-template-columns:1fr;gap:0}.facts dd{margin-bottom:8px}.alone .card{padding:22px 20px}}
@media print{form,footer{display:none}}
`;

/** As a Content-Security-Policy names it. */
export const STYLE_HASH = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;
