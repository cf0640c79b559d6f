import type { Verdict } from './run';

/** How many seeds in each form, what struck, and what failed. */
export function summaryOf(verdicts: Verdict[]): string {
	const lines = [...Map.groupBy(verdicts, ({ form }) => form)].flatMap(([form, all]) => {
		const struck = Object.entries(Object.groupBy(all.flatMap(({ faults }) => faults), (one) => one)).map(([kind, times]) => `${kind} ${times?.length}`).sort();
		const failed = all.filter(({ wrong }) => wrong.length > 0).map(({ seed }) => seed);
		const sum = (of: (one: Verdict) => number) => all.reduce((total, one) => total + of(one), 0);
		return [
			`${form}: ${all.length} seeds in ${sum(({ seconds }) => seconds)} s, ${failed.length} failed${failed.length > 0 ? ` (${failed.join(', ')})` : ''}`,
			`  ${sum(({ mails }) => mails)} mails, ${sum(({ unknown }) => unknown)} messages unknown; struck: ${struck.join(', ')}`,
		];
	});
	return ['', ...lines].join('\n');
}
