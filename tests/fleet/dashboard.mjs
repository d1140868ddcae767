// SPDX-License-Identifier: GPL-2.0
// Looks a Grafana dashboard over. See usage().
import { readFileSync } from 'node:fs';
import process from 'node:process';

const usage = `usage: dashboard.mjs types FILE     print a program that fits Grafana's types if FILE does
       dashboard.mjs parse FILE     parse each query
       dashboard.mjs fixed FILE     what must not be tied to one installation
       dashboard.mjs ask FILE URL   each query must have an answer from this Prometheus;
                                    prints "PANEL: VALUE" for each panel that shows one number
`;

// What a user would have chosen in the dashboard.
const chosen = {
	instance: '.*', host: 'a', pid: '10', __rate_interval: '5m', __range: '2h',
};

const [what, file, url] = process.argv.slice(2);
const needs = { types: 3, parse: 3, fixed: 3, ask: 4 };
if (!needs[what] || process.argv.length !== needs[what] + 1) {
	process.stderr.write(usage);
	process.exit(2);
}
const dashboard = JSON.parse(readFileSync(file, 'utf8'));
const panels = dashboard.panels.flatMap(panel => [panel, ...(panel.panels ?? [])]);
let faults = 0;

function fault(text) {
	console.log(text);
	faults++;
}

// All queries, as { title, expr }; those of variables are in label_values().
function queries() {
	const found = [];
	for (const panel of panels)
		for (const target of panel.targets ?? [])
			found.push({ title: `${panel.title} ${target.refId}`, expr: target.expr,
				     panel });
	for (const variable of dashboard.templating.list) {
		const label = /^label_values\((.*), *(\w+)\)$/.exec(variable.query.query ?? '');
		if (label)
			found.push({ title: `variable ${variable.name}`, expr: label[1] });
		else if (variable.type !== 'datasource')
			fault(`variable ${variable.name}: no label_values()`);
	}
	return found.map(query => ({ ...query, expr: substitute(query) }));
}

function substitute({ title, expr }) {
	return expr.replace(/\$\{?(\w+)\}?/g, (text, name) => {
		if (!(name in chosen))
			fault(`${title}: the variable ${text} is unknown`);
		return chosen[name];
	});
}

// Enumerations of Grafana's types become their values, as they stand in JSON.
function types() {
	const kinds = { stat: 'Stat', table: 'Table', timeseries: 'TimeSeries' };
	const raw = '@grafana/schema/dist/esm/raw';
	const lines = [`import type { Dashboard } from '${raw}/dashboard/x/Dashboard_types.gen';`];
	for (const [kind, name] of Object.entries(kinds))
		lines.push(`import type * as ${kind} from '${raw}/composable/${kind}/panelcfg/x/${name}PanelCfg_types.gen';`);
	lines.push(`type Plain<T> = T extends string ? \`\${T}\` : T extends Array<infer U> ? Array<Plain<U>> :
	T extends object ? { [K in keyof T]: Plain<T[K]> } : T;`);
	lines.push(`export const all: Plain<Dashboard> = ${JSON.stringify(dashboard, null, 1)};`);
	for (const panel of panels) {
		if (panel.type === 'row')
			continue;
		if (!kinds[panel.type])
			fault(`${panel.title}: panels of type ${panel.type} are not checked`);
		lines.push(`export const options${panel.id}: Plain<Partial<${panel.type}.Options>> = ${JSON.stringify(panel.options)};`);
		if (panel.fieldConfig.defaults.custom)
			lines.push(`export const custom${panel.id}: Plain<Partial<${panel.type}.FieldConfig>> = ${JSON.stringify(panel.fieldConfig.defaults.custom)};`);
	}
	console.log(lines.join('\n'));
}

async function parse() {
	const { parser } = await import('@prometheus-io/lezer-promql');
	const strict = parser.configure({ strict: true });
	for (const { title, expr } of queries()) {
		try {
			strict.parse(expr);
		} catch (error) {
			fault(`${title}: ${error.message}: ${expr}`);
		}
	}
}

function fixed() {
	if (!dashboard.uid)
		fault('no uid: each import would make another dashboard');
	if (dashboard.id)
		fault('an id is of one Grafana');
	const ids = panels.map(panel => panel.id);
	if (new Set(ids).size !== ids.length)
		fault('two panels have the same id');
	JSON.stringify(dashboard, (key, value) => {
		if (key === 'datasource' && typeof value === 'object' && value.uid !== '${datasource}')
			fault(`a data source that is not chosen: ${JSON.stringify(value)}`);
		if (key === 'expr' && /(instance|job)\s*=~?\s*"[^$]/.test(value))
			fault(`names an installation: ${value}`);
		return value;
	});
}

async function ask() {
	for (const { title, expr, panel } of queries()) {
		const reply = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expr)}`);
		const { data, error } = await reply.json();
		if (error)
			fault(`${title}: ${error}: ${expr}`);
		else if (!data.result.length)
			fault(`${title}: no answer: ${expr}`);
		else if (panel?.type === 'stat')
			console.log(`${panel.title}: ${data.result[0].value[1]}`);
	}
}

await { types, parse, fixed, ask }[what]();
process.exit(faults ? 1 : 0);
