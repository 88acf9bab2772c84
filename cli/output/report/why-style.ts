/** The style of the lanes in the HTML report: waits are upright bars with a line to whom they wait for. */

export const WHY_STYLE = `
.why-name{font-weight:600;margin:.2rem 0}
.why-lanes{table-layout:fixed;width:100%;margin:.5rem 0}
${[1, 2, 3, 4, 5, 6].map((lanes) => `.lanes-${lanes}{min-width:${7 + lanes * 12}rem}`).join('')}
.why-lanes th:first-child,.why-lanes td:first-child{width:3rem}
.why-lanes thead th{color:var(--fg);border-bottom:1px solid var(--quiet);padding-left:18px}
.why-lanes td{padding:2px 8px 2px 18px}.why-lanes tr>:first-child{border-left:0}.why-lanes td+td,.why-lanes th+td{border-left:1px solid var(--edge)}
.why-lanes .why-event{width:4rem;text-align:right;padding:2px 4px}
.why-lane-accused b{color:var(--fail)}
.why-fold td,.why-tone-quiet td{color:var(--quiet)}
.why-kind-request,.why-kind-answer,.why-kind-leave,.why-kind-first-byte{font-weight:600}
.why-kind-fault,.why-kind-cut,.why-waits-words{color:var(--stop)}
.why-error{color:var(--fail)}.why-mark{display:inline-block;margin-left:.6rem;font-weight:700;color:var(--fail)}
.why-tone-read>.why-own,.why-tone-write>.why-own{background-color:color-mix(in srgb,var(--fail) 10%,transparent)}
.why-lane-name{display:none}.why-passes{color:var(--pass);font-weight:600}
.why-bar{background-image:linear-gradient(var(--stop),var(--stop));background-repeat:no-repeat;background-position:7px 0;background-size:4px 100%}
.why-bar-begins{background-position:7px 100%;background-size:4px 60%}.why-bar-ends{background-size:4px .8rem}
.why-reach{background-image:linear-gradient(90deg,var(--stop) 60%,transparent 60%);background-repeat:repeat-x;background-position:0 50%;background-size:8px 2px}
.why-reach-head::before{content:"◁";color:var(--stop);background:var(--panel);padding-right:.3rem;margin-left:-14px}
.why-reach-head.why-reach-left{text-align:right}.why-reach-head.why-reach-left::before{content:"▷"}
@media (max-width:700px){
.why-lanes,.why-lanes thead,.why-lanes tbody{display:block;min-width:0}
.why-lanes thead tr{display:grid}.why-lanes thead th:first-child{display:none}
.why-lanes tbody tr{display:grid;grid-template-columns:2.4rem minmax(0,1fr) auto}
.why-lanes tbody td{grid-column:2;border-left:0;width:auto}.why-lanes td.why-event{grid-column:3;width:auto}.why-lanes th.why-event,.why-lanes td:empty{display:none}
.why-lanes .why-bar{background-image:none}.why-wait .why-bar,.why-lanes .why-bar-ends.why-own{box-shadow:inset 4px 0 0 var(--stop)}
.why-lane-name{display:inline}}
`;
